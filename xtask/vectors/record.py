"""Runs the scripts of the vectors on Python wsproto again, and writes what it does, step by step.

usage: python record.py FOLDER NEW_FOLDER

A step is ["<", bytes], ["$"] (end of stream), [">", event], ["!"] (tell the peer about its error) or ["#", target,
fields] (a request that another HTTP server has parsed). Its outcome, a list of strings, and the state, a letter, follow.
Parts that one read gives are merged: reads may be cut anywhere.

A new vector is a line of a file with any outcomes: this program writes the true ones.
"""

import json
import os
import sys
import zlib
from importlib.metadata import version
from pathlib import Path

from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection, ConnectionState
from wsproto.events import (
    AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, RejectConnection, RejectData, Request, TextMessage,
)
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

STATES = {
    ConnectionState.CONNECTING: "C",
    ConnectionState.REJECTING: "J",
    ConnectionState.OPEN: "O",
    ConnectionState.LOCAL_CLOSING: "L",
    ConnectionState.REMOTE_CLOSING: "R",
    ConnectionState.CLOSED: "X",
}

_step = 0


def entropy(count):
    """The same bytes for the same step, on both sides of the comparison."""
    return bytes((_step * 37 + at * 101 + 11) & 0xFF for at in range(count))


os.urandom = entropy


class Recorder:
    """One connection, and the script of what happened to it."""

    def __init__(self, side, whole, deflate=None, agreed=None):
        self.steps = 0
        self.deflate = deflate
        self.error = None
        self.inflater = None
        kind = ConnectionType.CLIENT if side == "client" else ConnectionType.SERVER
        if whole:
            self.connection = WSConnection(kind)
        else:
            extensions = []
            if agreed is not None:
                extensions = [PerMessageDeflate()]
                extensions[0].finalize(agreed)
                ours = f"{side}_no_context_takeover" in agreed
                self.inflater = Inflater(keeps=not ours)
            self.connection = Connection(kind, extensions)

    @property
    def state(self):
        return STATES[self.connection.state]

    def run(self, step, apart):
        """Does a step, and returns it with its outcome and the state."""
        match step:
            case ["<", text, *_]:
                data = read_bytes(text)
                outcome = self._receive_apart(data) if apart else self._receive(data)
            case ["#", target, fields, *_]:
                parsed = lambda _: self.connection.initiate_upgrade_connection(raw(fields), target)
                outcome = self._receive(None, parsed)
            case ["$", *_]:
                outcome = self._receive(None)
            case [">", event, *_]:
                outcome = self._send(lambda: self._event(event))
            case ["!", *_]:
                outcome = self._send(lambda: self.error)
                # On an open connection only the code is of interest.
                if isinstance(self.error, CloseConnection):
                    outcome = [f"close {self.error.code:d}"]
        self.steps += 1
        return [*step[:-2], outcome, self.state]

    def _receive_apart(self, data):
        """Has another connection receive the control frames.

        Python wsproto corrupts a compressed message that has them between its fragments.
        """
        kind = ConnectionType.CLIENT if self.connection.client else ConnectionType.SERVER
        outcome = []
        for frame in frames(data):
            whole, controls = self.connection, Connection(kind)
            self.connection = controls if frame[0] & 0x08 else whole
            outcome += self._receive(frame)
            self.connection = whole
        return outcome

    def _receive(self, data, receive=None):
        found, outcome = [], []
        self._start()
        try:
            (receive or self.connection.receive_data)(data)
        except Exception as error:
            outcome = [self._fault(error)]
        try:
            found.extend(self.connection.events())
        except Exception as error:
            outcome = [self._fault(error)]
        if found and isinstance(found[-1], CloseConnection) and self.state in "OL":
            self.error = CloseConnection(code=found[-1].code)
            last = found.pop()
            outcome = [f"!{last.code:d} {shortened(last.reason)}"]
        return merged(found, broken=bool(outcome)) + outcome

    def _send(self, event):
        self._start()
        try:
            return self._sent(bytes(self.connection.send(event())))
        except Exception as error:
            return [f"!local {type(error).__name__}"]

    def _start(self):
        global _step
        _step = self.steps

    def _fault(self, error):
        if isinstance(error, RemoteProtocolError):
            self.error = error.event_hint
            return f"!{shortened(str(error))}"
        if isinstance(error, LocalProtocolError):
            return f"!local {error}"
        return f"!crash {type(error).__name__}"

    def _sent(self, data):
        if data.startswith((b"GET ", b"HTTP/1.1 ")):
            return head_lines(data)
        if self.inflater is not None:
            return self.inflater.read(data)
        return [f"sent {digest(data)}"]

    def _event(self, event):
        many = event.get("n", 1)
        match event["t"]:
            case "text":
                return TextMessage(data=event["d"] * many, message_finished=event["last"])
            case "bytes":
                return BytesMessage(data=bytes.fromhex(event["d"]) * many, message_finished=event["last"])
            case "ping":
                return Ping(payload=bytes.fromhex(event["d"]) * many)
            case "pong":
                return Pong(payload=bytes.fromhex(event["d"]) * many)
            case "close":
                code = event["c"]
                code = CloseReason(code) if code in list(CloseReason) else code
                return CloseConnection(code=code, reason=event["r"] * many or None)
            case "request":
                return Request(
                    host=event["host"], target=event["target"], subprotocols=event["p"],
                    extensions=self._extensions(), extra_headers=raw(event["h"]),
                )
            case "accept":
                return AcceptConnection(
                    subprotocol=event["p"], extensions=self._extensions(), extra_headers=raw(event["h"]),
                )
            case "reject":
                return RejectConnection(status_code=event["c"], headers=raw(event["h"]), has_body=event["body"])
            case "data":
                return RejectData(data=bytes.fromhex(event["d"]), body_finished=event["last"])
        raise KeyError(event["t"])

    def _extensions(self):
        return [] if self.deflate is None else [PerMessageDeflate(**self.deflate)]


class Inflater:
    """Reads back what was sent compressed: how it was compressed is each library's own affair."""

    def __init__(self, keeps):
        self.keeps = keeps
        self.zlib = None
        self.message = None
        self.compressed = False

    def read(self, frame):
        first, second = frame[0], frame[1]
        length, at = second & 0x7F, 2
        if length > 125:
            size = 2 if length == 126 else 8
            at += size
        payload = frame[at:]
        if second & 0x80:
            key, payload = payload[:4], payload[4:]
            payload = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
        mask = " masked" if second & 0x80 else ""
        if first & 0x08:
            return [f"sent {first:02x}{mask}", digest(payload)]
        if self.message is None:
            self.message, self.compressed = b"", bool(first & 0x40)
            if self.compressed and (self.zlib is None or not self.keeps):
                self.zlib = zlib.decompressobj(-15)
        self.message += self.zlib.decompress(payload) if self.compressed else payload
        if not first & 0x80:
            return [f"sent {first:02x}{mask}"]
        if self.compressed:
            self.message += self.zlib.decompress(b"\0\0\xff\xff")
        message, self.message = self.message, None
        return [f"sent {first:02x}{mask}", digest(message)]


def raw(headers):
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def shortened(message):
    """An error's text without what differs from one case to the next."""
    for start in ("'utf-8' codec", "Error decoding CLOSE reason", "Invalid opcode", "expected CONTINUATION",
                  "unrecognized subprotocol", "unrecognized extension"):
        if message.startswith(start):
            return start
    return message


def merged(events, broken):
    """The lines of events; what came of a frame before it was found broken depends on the reads, and is left out."""
    lines, open_part = [], None
    for event in events:
        part = part_of(event)
        if open_part is not None and part is not None and open_part[0] == part[0]:
            part = (part[0], open_part[1] + part[1], *part[2:])
        elif open_part is not None:
            lines += part_lines(open_part)
        open_part = None
        if part is None:
            lines += event_lines(event)
        elif part[2]:
            lines += part_lines(part)
        else:
            open_part = part
    return lines + (part_lines(open_part) if open_part is not None and not broken else [])


def part_of(event):
    """Kind, data, whether the frame ends and whether the message does; None where it is no part of anything."""
    match event:
        case TextMessage():
            return "text", event.data.encode(), event.frame_finished, event.message_finished
        case BytesMessage():
            return "bytes", bytes(event.data), event.frame_finished, event.message_finished
        case RejectData():
            return "data", bytes(event.data), event.body_finished, event.body_finished
    return None


def part_lines(part):
    kind, data, ends, last = part
    if not data and not ends:
        return []
    shown = data.decode() if kind == "text" and len(data) <= 64 else digest(data)
    return [f"{kind} {'F' if ends else '-'}{'M' if last else '-'} {shown}"]


def event_lines(event):
    match event:
        case Request():
            lines = [f"request {event.host} {event.target}", f"subprotocols {', '.join(event.subprotocols)}"]
            return lines + [f"extensions {', '.join(event.extensions)}"] + field_lines(event.extra_headers)
        case AcceptConnection():
            names = ", ".join(extension.name for extension in event.extensions)
            lines = [f"accept {event.subprotocol or ''}", f"extensions {names}"]
            return lines + field_lines(event.extra_headers)
        case RejectConnection():
            body = "body" if event.has_body else "alone"
            return [f"reject {event.status_code} {body}"] + field_lines(event.headers)
        case CloseConnection():
            return [f"close {event.code:d} {event.reason or ''}".rstrip(" ")]
        case Ping():
            return [f"ping {digest(bytes(event.payload))}"]
        case Pong():
            return [f"pong {digest(bytes(event.payload))}"]
    raise TypeError(event)


def field_lines(headers):
    shown = [(name, value.decode("latin-1") if len(value) <= 400 else digest(value)) for name, value in headers]
    return [f"{name.decode('latin-1').lower()}: {value}" for name, value in shown]


def head_lines(data):
    """A head that was sent; the words after a status, the case of names and the order of parameters mean nothing."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    if first.startswith("HTTP/"):
        first = first[:12]
    lines = [first]
    for field in fields:
        name, _, value = field.partition(": ")
        if name.lower() == "sec-websocket-extensions":
            value = "; ".join(sorted(value.split("; ")))
        lines.append(f"{name.lower()}: {value}")
    return lines + ([f"sent {digest(body)}"] if body else [])


def digest(data):
    if len(data) <= 48:
        return data.hex()
    return f"{data[:16].hex()}~{len(data)}:{zlib.adler32(data):08x}"


def read_bytes(text):
    """A head after an apostrophe, or else hexadecimal, in which "aabbccdd*9" repeats a word."""
    if text.startswith("'"):
        return text[1:].encode("ascii")
    words = (word.partition("*") for word in text.split())
    return b"".join(bytes.fromhex(word) * int(count or 1) for word, _, count in words)


def frames(data):
    """The frames in some bytes, each shorter than 126 bytes with its mask."""
    while data:
        length = 2 + (data[1] & 0x7F) + (4 if data[1] & 0x80 else 0)
        yield data[:length]
        data = data[length:]


def rerun(group):
    """Vectors that begin alike, and what each does alone, run again; returned as text, a line for each."""
    common, then = group.get("steps", []), []
    for name, *steps in group["then"]:
        settings = {key: group[key] for key in ("side", "whole", "deflate", "agreed") if key in group}
        recorder = Recorder(**settings)
        done = [recorder.run(step, name.startswith("controls between fragments")) for step in common + steps]
        if common:
            group["steps"] = done[:len(common)]
        then.append(compact([name, *done[len(common):]]))
    return compact({**group, "then": []}).removesuffix("]}") + "\n" + ",\n".join(then) + "\n]}"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main():
    old, new = map(Path, sys.argv[1:])
    new.mkdir(parents=True, exist_ok=True)
    for path in sorted(old.glob("*.json")):
        text = path.read_text(encoding="utf-8")
        header = json.loads(text)
        mark, short = header["mark"], header["short"]
        # Strings that come often are written as a mark and a letter.
        for letter, word in short.items():
            text = text.replace(mark + letter, word)
        text = ",\n".join(map(rerun, json.loads(text)["vectors"]))
        for letter, word in short.items():
            text = text.replace(word, mark + letter)
        text = f'{{"mark":{compact(mark)},"short":{compact(short)},"vectors":[\n{text}\n]}}\n'
        (new / path.name).write_text(text, encoding="utf-8")
    (new / "made-with.txt").write_text(f"wsproto {version('wsproto')}, h11 {version('h11')}, zlib {zlib.ZLIB_RUNTIME_VERSION}\n")


if __name__ == "__main__":
    main()

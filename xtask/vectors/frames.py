"""Frames in both directions on an open connection: good ones, and each kind of fault in the middle of good ones."""

import struct

from record import Recorder

TEXTS = ["", "hello", "gr\u00fcezi", "\u6c34", "\U0001f600 ok", "\x00", "a" * 125, "b" * 126, "\u00e9" * 70, "x" * 300]
NOT_UTF8 = [
    b"\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xff", b"\xfe", b"a\xc3", b"a\xe2\x82", b"a\xf0\x9f\x98", b"\xc3(", b"\xe2\x82(", b"\xf0\x9f\x98(",
    b"caf\xe9", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
]
CLOSE_CODES = [
    0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1100, 2000, 2999, 3000, 3999, 4000,
    4999, 5000, 65535,
]
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(chance, masked, opcode, payload=b"", fin=True, rsv=0, size=None, length=None):
    """A frame; `size` forces the bytes of the length (1, 2 or 8), `length` what it says."""
    length = len(payload) if length is None else length
    if size is None:
        size = 1 if length < 126 else 2 if length < 65536 else 8
    first = (0x80 if fin else 0) | rsv | opcode
    mask = 0x80 if masked else 0
    match size:
        case 1:
            head = bytes([first, mask | length])
        case 2:
            head = bytes([first, mask | 126]) + struct.pack("!H", length)
        case _:
            head = bytes([first, mask | 127]) + struct.pack("!Q", length)
    if not masked:
        return head + payload
    key = chance.bytes(4) if chance.below(4) and len(payload) < 100 else b"\0" * 4
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def payload(chance):
    match chance.below(8):
        case 0:
            return b""
        case 1:
            return b"z" * chance.pick([124, 125, 126, 127, 200])
        case _:
            return chance.bytes(chance.below(12))


def message(chance, masked):
    """A message in one to four frames, perhaps with control frames between them."""
    text = chance.once_in(2)
    whole = chance.pick(TEXTS).encode() if text else payload(chance)
    count = 1 if chance.once_in(2) else 1 + chance.below(4)
    places = sorted(chance.below(len(whole) + 1) for _ in range(count - 1))
    parts = [whole[start:end] for start, end in zip([0, *places], [*places, len(whole)])]
    frames = []
    for at, part in enumerate(parts):
        if at and chance.once_in(3):
            frames.append(control(chance, masked))
        opcode = CONTINUATION if at else TEXT if text else BINARY
        frames.append(frame(chance, masked, opcode, part, fin=at == len(parts) - 1))
    return frames


def control(chance, masked):
    return frame(chance, masked, chance.pick([PING, PONG]), payload(chance)[:125])


def close(chance, masked):
    match chance.below(4):
        case 0:
            body = b""
        case 1:
            body = struct.pack("!H", chance.pick([1000, 1001, 1011, 3000, 4999]))
        case _:
            reason = chance.pick(["", "bye", "gr\u00fcezi", "r" * 123])
            body = struct.pack("!H", chance.pick([1000, 1001, 1003, 1012, 4000])) + reason.encode()
    return frame(chance, masked, CLOSE, body)


def faults(chance, masked):
    """Every fault that a frame can have by itself, by name."""
    def make(*args, **named):
        return frame(chance, masked, *args, **named)
    yield from ((f"opcode {opcode}", make(opcode, b"abc")) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15))
    yield from ((f"rsv {rsv:02x} on {opcode}", make(opcode, b"abc", rsv=rsv)) for rsv in (0x10, 0x20, 0x40, 0x70) for opcode in (TEXT, BINARY, PING, CLOSE))
    yield from ((f"control without fin {opcode}", make(opcode, b"abc", fin=False)) for opcode in (CLOSE, PING, PONG))
    yield from ((f"long control {opcode} {length}", make(opcode, b"a" * length)) for opcode in (CLOSE, PING, PONG) for length in (126, 127, 300))
    yield from ((f"long control {opcode} size 8", make(opcode, b"", size=8, length=70000)) for opcode in (CLOSE, PING, PONG))
    yield from ((f"length {length} in {size}", make(opcode, b"a" * length, size=size)) for opcode in (TEXT, BINARY) for length, size in ((0, 2), (125, 2), (0, 8), (125, 8), (126, 8), (300, 8)))
    yield from ((f"short control length in {size} {opcode}", make(opcode, b"a", size=size)) for opcode in (PING, CLOSE) for size in (2, 8))
    yield "length 65535 in 8", make(BINARY, b"a" * 12, size=8, length=65535)
    yield from ((f"top bit {length:x}", make(BINARY, b"a", size=8, length=length)) for length in (1 << 63, (1 << 64) - 1, (1 << 63) + 5))
    yield from ((f"wrong mask {opcode}", frame(chance, not masked, opcode, b"abc")) for opcode in (TEXT, BINARY, CLOSE, PING, PONG))
    yield "continuation alone", make(CONTINUATION, b"a")
    yield "continuation alone, more to come", make(CONTINUATION, b"", fin=False)
    yield from ((f"interrupted by {second}", make(first, b"a", fin=False) + make(second, b"b")) for first in (TEXT, BINARY) for second in (TEXT, BINARY))
    yield from ((f"text {bad.hex()}", make(TEXT, bad)) for bad in NOT_UTF8)
    yield from ((f"fragment {bad.hex()}", make(TEXT, bad[:1], fin=False) + make(CONTINUATION, bad[1:])) for bad in NOT_UTF8)
    yield from ((f"open fragment {bad.hex()}", make(TEXT, b"ok" + bad, fin=False)) for bad in NOT_UTF8)
    yield "close of one byte", make(CLOSE, b"\x03")
    yield from ((f"close code {code}", make(CLOSE, struct.pack("!H", code))) for code in CLOSE_CODES)
    yield from ((f"close code {code} and reason", make(CLOSE, struct.pack("!H", code) + b"why")) for code in CLOSE_CODES)
    yield from ((f"close reason {bad.hex()}", make(CLOSE, struct.pack("!H", 1000) + bad)) for bad in NOT_UTF8)
    yield "bad code, bad reason", make(CLOSE, struct.pack("!H", 1006) + b"\xff")


SENDS = [
    {"t": "text", "d": "hello", "last": True}, {"t": "text", "d": "", "last": True}, {"t": "text", "d": "gr\u00fcezi", "last": False},
    {"t": "text", "d": "", "last": False}, {"t": "bytes", "d": "0001ff", "last": True}, {"t": "bytes", "d": "", "last": True},
    {"t": "bytes", "d": "aa", "last": False}, {"t": "ping", "d": ""}, {"t": "ping", "d": "616263"}, {"t": "pong", "d": ""}, {"t": "pong", "d": "00"},
    {"t": "close", "c": 1000, "r": ""}, {"t": "close", "c": 1000, "r": "bye"}, {"t": "close", "c": 1005, "r": ""},
]
EDGES = [
    *({"t": kind, "d": data, "n": count, "last": True} for kind, data in (("text", "a"), ("bytes", "61")) for count in (125, 126, 127, 65535, 65536)),
    *({"t": kind, "d": "61", "n": count} for kind in ("ping", "pong") for count in (124, 125, 126, 127, 65536)),
    *({"t": "close", "c": 1000, "r": "r", "n": count} for count in (122, 123, 124, 300)),
    *({"t": "close", "c": 1000, "r": "\u00e9", "n": count} for count in (61, 62, 63)),
    {"t": "close", "c": 1000, "r": "\U0001f600", "n": 31}, {"t": "close", "c": 1000, "r": "a" + "\U0001f600" * 31},
    {"t": "close", "c": 1005, "r": "why"},
]
SIDES = ("server", "client")


def conversation(number, side, chance, vectors):
    recorder = Recorder(f"conversation {number}", side, whole=False)
    masked = side == "server"
    for _ in range(1 + chance.below(4)):
        match chance.below(10):
            case 0:
                incoming = control(chance, masked)
            case 1 if chance.once_in(2):
                incoming = close(chance, masked)
            case _:
                incoming = b"".join(message(chance, masked))
        for piece in chance.cuts(incoming):
            recorder.receive(piece)
        if chance.once_in(2):
            recorder.send(chance.pick(SENDS))
    if chance.once_in(3):
        recorder.receive(close(chance, masked))
        recorder.send({"t": "close", "c": 1000, "r": ""})
    if chance.once_in(4):
        recorder.eof()
    vectors.append(recorder.vector)


def broken(name, side, chance, vectors, fault):
    """A fault behind good messages; then the answer to it, and what comes too late."""
    recorder = Recorder(name, side, whole=False)
    masked = side == "server"
    before = b"".join(message(chance, masked)) if chance.once_in(2) else b""
    if chance.once_in(5):
        recorder.send({"t": "close", "c": 1000, "r": ""})
    for piece in chance.cuts(before + fault):
        recorder.receive(piece)
    if recorder.error is not None:
        if chance.once_in(3):
            recorder.receive(frame(chance, masked, PING, b"late"))
        if recorder.state == "O" and chance.once_in(2):
            recorder.answer_error()
    vectors.append(recorder.vector)


def generate(chance):
    vectors = []
    for side in SIDES:
        for number, event in enumerate(EDGES):
            recorder = Recorder(f"edge {number}", side, whole=False)
            recorder.send(event)
            recorder.send({"t": "ping", "d": "01"})
            vectors.append(recorder.vector)
        for code in [*CLOSE_CODES, 65536, 70000, -1]:
            recorder = Recorder(f"send close {code}", side, whole=False)
            recorder.send({"t": "close", "c": code, "r": ""})
            vectors.append(recorder.vector)
        for length in (125, 126, 127, 1000, 65535, 65536):
            recorder = Recorder(f"receive {length}", side, whole=False)
            recorder.receive(frame(chance, side == "server", BINARY, b"abcd" * (length // 4) + b"e" * (length % 4)))
            vectors.append(recorder.vector)
        for name, fault in list(faults(chance, side == "server")):
            broken(name, side, chance, vectors, fault)
        for number in range(150):
            conversation(number, side, chance, vectors)
    return vectors

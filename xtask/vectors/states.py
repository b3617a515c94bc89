"""Every event sent, and everything received, in every state."""

from frames import EDGES, SENDS
from record import Recorder
from responses import FRAME as TO_CLIENT, GOOD as ACCEPTED, head, token_for
from requests import FRAME as TO_SERVER, GOOD as ASKED, write

REQUEST = {"t": "request", "host": "example.com", "target": "/", "p": ["chat"], "h": []}
OPENING = [
    REQUEST, {"t": "accept", "p": None, "h": []}, {"t": "accept", "p": "chat", "h": [["Server", "x"]]}, {"t": "accept", "p": "other", "h": []},
    {"t": "accept", "p": "a b", "h": []}, {"t": "accept", "p": None, "h": [["X", "a\r\nY: z"]]}, {"t": "accept", "p": None, "h": [["Upgrade", "x"]]},
    {"t": "reject", "c": 403, "h": [], "body": False}, {"t": "reject", "c": 403, "h": [["Content-Length", "3"]], "body": True},
    {"t": "reject", "c": 200, "h": [["X", "y"]], "body": False}, {"t": "reject", "c": 101, "h": [], "body": False}, {"t": "reject", "c": 99, "h": [], "body": False},
    {"t": "reject", "c": 600, "h": [], "body": False}, {"t": "reject", "c": 1000, "h": [], "body": False}, {"t": "reject", "c": 204, "h": [], "body": False},
    {"t": "reject", "c": 403, "h": [], "body": True}, {"t": "reject", "c": 403, "h": [["Content-Length", "x"]], "body": True},
    {"t": "reject", "c": 403, "h": [["X", "a\nb"]], "body": False}, {"t": "reject", "c": 403, "h": [["Transfer-Encoding", "chunked"]], "body": True},
    {"t": "data", "d": "616263", "last": True}, {"t": "data", "d": "61", "last": False}, {"t": "data", "d": "", "last": False}, {"t": "data", "d": "61626364", "last": True},
]
EVENTS = OPENING + SENDS + EDGES[:2]
CLOSES = {"server": bytes.fromhex("88820000000003e8"), "client": bytes.fromhex("880203e8")}
REQUEST_BYTES = write({**ASKED, "fields": [*ASKED["fields"], ("Sec-WebSocket-Protocol", "chat, superchat")]})


def opened(recorder):
    if recorder.vector["side"] == "server":
        recorder.receive(REQUEST_BYTES)
        recorder.send({"t": "accept", "p": None, "h": []})
    else:
        token = token_for(recorder.send(REQUEST))
        recorder.receive(head("HTTP/1.1 101 Switching Protocols", ACCEPTED, token))


def asked(recorder):
    if recorder.vector["side"] == "server":
        recorder.receive(REQUEST_BYTES)
    else:
        recorder.send(REQUEST)


def rejecting(recorder):
    asked(recorder)
    if recorder.vector["side"] == "server":
        recorder.send({"t": "reject", "c": 403, "h": [["Content-Length", "5"]], "body": True})
    else:
        recorder.receive(b"HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\nab")


def rejecting_chunked(recorder):
    asked(recorder)
    if recorder.vector["side"] == "server":
        recorder.send({"t": "reject", "c": 403, "h": [["Transfer-Encoding", "chunked"]], "body": True})
    else:
        recorder.receive(b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")


def rejected(recorder):
    asked(recorder)
    if recorder.vector["side"] == "server":
        recorder.send({"t": "reject", "c": 403, "h": [], "body": False})
    else:
        recorder.receive(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")


def local_closing(recorder):
    opened(recorder)
    recorder.send({"t": "close", "c": 1000, "r": ""})


def remote_closing(recorder):
    opened(recorder)
    recorder.receive(CLOSES[recorder.vector["side"]])


def closed(recorder):
    remote_closing(recorder)
    recorder.send({"t": "close", "c": 1000, "r": ""})


def closed_by_us(recorder):
    local_closing(recorder)
    recorder.receive(CLOSES[recorder.vector["side"]])


def ended(recorder):
    opened(recorder)
    recorder.eof()


def amid_text(recorder):
    opened(recorder)
    recorder.send({"t": "text", "d": "a", "last": False})


def amid_bytes(recorder):
    opened(recorder)
    recorder.send({"t": "bytes", "d": "61", "last": False})


WAYS = {
    "new": lambda recorder: None, "asked": asked, "rejecting": rejecting, "rejecting chunked": rejecting_chunked, "rejected": rejected, "open": opened,
    "local closing": local_closing, "remote closing": remote_closing, "closed": closed, "closed by us": closed_by_us, "ended": ended,
    "amid text": amid_text, "amid bytes": amid_bytes,
}


def generate(chance):
    vectors = []
    for side in ("server", "client"):
        data = TO_SERVER if side == "server" else TO_CLIENT
        for name, way in WAYS.items():
            for number, event in enumerate(EVENTS):
                recorder = Recorder(f"{name}: event {number}", side, whole=True)
                way(recorder)
                recorder.vector["common"] = len(recorder.vector["steps"])
                recorder.send(event)
                vectors.append(recorder.vector)
            for what, step in (
                ("frame", lambda recorder: recorder.receive(data)), ("close", lambda recorder: recorder.receive(CLOSES[side])),
                ("nothing", lambda recorder: recorder.receive(b"")), ("end", lambda recorder: recorder.eof()),
                ("end twice", lambda recorder: [recorder.eof(), recorder.eof()]),
                ("end, frame", lambda recorder: [recorder.eof(), recorder.receive(data)]),
                ("end, close", lambda recorder: [recorder.eof(), recorder.send({"t": "close", "c": 1000, "r": ""})]),
            ):
                recorder = Recorder(f"{name}: {what}", side, whole=True)
                way(recorder)
                recorder.vector["common"] = len(recorder.vector["steps"])
                step(recorder)
                vectors.append(recorder.vector)
    return vectors

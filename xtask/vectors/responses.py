"""Opening handshakes as a client sees them: what it sends, and every kind of answer."""

import base64
import hashlib

from record import Recorder

REQUESTS = [
    {"t": "request", "host": "example.com", "target": "/", "p": [], "h": []},
    {"t": "request", "host": "example.com:8080", "target": "/chat?a=b", "p": ["chat", "superchat"], "h": [["Origin", "https://a.org"]]},
    {"t": "request", "host": "[::1]:80", "target": "/x", "p": ["chat"], "h": [["Cookie", "a=1"], ["User-Agent", "x y"]]},
]
BAD_REQUESTS = [
    {"host": ""}, {"host": "a b"}, {"host": "a\r\nX: y"}, {"host": "a/b"}, {"host": "user@a"}, {"host": "B\u00fccher.de"}, {"host": "EXAMPLE.com"},
    {"host": "a..b"}, {"host": "a" * 70 + ".com"},
    {"target": ""}, {"target": "chat"}, {"target": "/a b"}, {"target": "/#f"}, {"target": "/\u00e9"}, {"target": "*"}, {"target": "/\r\nX: y"},
    {"target": "http://example.com/"}, {"target": "/%20"}, {"target": "/?"},
    {"p": [""]}, {"p": ["a b"]}, {"p": ["a,b"]}, {"p": ["chat", "chat"]}, {"p": ["b\u00fcro"]}, {"p": ["a\r\nX: y"]}, {"p": ["a;b"]},
    {"h": [["X Y", "z"]]}, {"h": [["", "z"]]}, {"h": [["X", "a\r\nY: z"]]}, {"h": [["X", "a\nb"]]}, {"h": [["X", "\0"]]}, {"h": [["X", "\u00e9"]]}, {"h": [["X", ""]]},
    {"h": [["X", " a"]]}, {"h": [["X", "a "]]}, {"h": [["X", "\u0001"]]}, {"h": [["X:", "a"]]},
    {"h": [["Host", "b"]]}, {"h": [["Upgrade", "h2c"]]}, {"h": [["Connection", "close"]]}, {"h": [["Sec-WebSocket-Key", "x"]]},
    {"h": [["Sec-WebSocket-Version", "8"]]}, {"h": [["Sec-WebSocket-Protocol", "a"]]}, {"h": [["Sec-WebSocket-Extensions", "a"]]},
    {"h": [["Content-Length", "5"]]}, {"h": [["Transfer-Encoding", "chunked"]]}, {"h": [["Authorization", "Basic eA=="]]},
]
TOKEN = "TOKEN"
GOOD = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", TOKEN)]
FIELDS = {
    "Upgrade": [None, [""], ["WebSocket"], ["h2c"], ["websocket, h2c"], ["h2c", "websocket"], ["websockets"], ["websocket/13"]],
    "Connection": [
        None, [""], ["upgrade"], ["keep-alive, Upgrade"], ["keep-alive", "Upgrade"], ["Upgrade", "keep-alive"], ["close"], ["Upgrades"],
        ["Upgrade\u00e9"], [" ,Upgrade"],
    ],
    "Sec-WebSocket-Accept": [
        None, [""], ["x"], [TOKEN, TOKEN], [TOKEN, "x"], ["x", TOKEN], [f"  {TOKEN}\t"], [TOKEN + "x"], ["token"],
        ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
    ],
    "Sec-WebSocket-Protocol": [[""], ["chat"], ["superchat"], ["other"], ["chat", "superchat"], ["chat, superchat"], ["CHAT"], ["b\u00fcro"], [" chat "]],
    "Sec-WebSocket-Extensions": [[""], ["foo"], ["permessage-deflate"], ["f\u00e9"], [","], ["foo; a=\"b"], ["foo", "bar"]],
    "Content-Length": [["0"], ["5"], ["x"], ["5", "6"]],
    "Transfer-Encoding": [["chunked"], ["gzip"]],
    "Server": [["x"], [""], ["a", "b"], ["\u00e9"], ["\u0001"], ["a" * 300]],
    "Set-Cookie": [["a=1", "b=2"]],
    "Sec-WebSocket-Version": [["13"], ["8"]],
    "Sec-WebSocket-Key": [["x"]],
    "Host": [["example.com"]],
}
LINES = [
    "HTTP/1.1 101 ", "HTTP/1.1 101", "HTTP/1.0 101 Switching Protocols", "HTTP/1.2 101 x", "HTTP/2.0 101 x", "http/1.1 101 x", "HTTP/1.1 0101 x", "HTTP/1.1 10 x",
    "HTTP/1.1  101 x", "HTTP/1.1 101 Y\u00e9s", "HTTP/1.1 101\tx", "101 Switching Protocols", "", "HTTP/1.1", "HTTP/1.1 abc x", "HTTP/1.1 099 x", "HTTP/1.1 999 x", "HTTP/1.1 600 x",
]
SPOILS = {
    "bare line feeds": lambda head: head.replace(b"\r\n", b"\n"),
    "folded": lambda head: head.replace(b"Connection: Upgrade", b"Connection: keep-alive,\r\n Upgrade"),
    "space before colon": lambda head: head.replace(b"Upgrade:", b"Upgrade :", 1),
    "no colon": lambda head: head.replace(b"Upgrade: ", b"Upgrade ", 1),
    "bad name": lambda head: head.replace(b"Upgrade: websocket", b"X(Y): x\r\nUpgrade: websocket", 1),
    "no spaces": lambda head: head.replace(b": ", b":"),
    "upper case": lambda head: head.replace(b"Sec-WebSocket", b"SEC-WEBSOCKET"),
    "empty line first": lambda head: b"\r\n" + head,
    "120 fields": lambda head: head[:-2] + b"X: y\r\n" * 120 + b"\r\n",
    "long field": lambda head: head[:-2] + b"X: " + b"y" * 20000 + b"\r\n\r\n",
    "not HTTP": lambda head: b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
}
STATUSES = [200, 204, 205, 301, 302, 304, 400, 401, 403, 404, 407, 426, 429, 500, 503, 599]
BODIES = [
    ([("Content-Length", "0")], b""), ([("Content-Length", "5")], b"hello"), ([("Content-Length", "5")], b"hel"), ([("Content-Length", "3")], b"hello"),
    ([], b""), ([], b"until the end"),
    ([("Transfer-Encoding", "chunked")], b"5\r\nhello\r\n0\r\n\r\n"), ([("Transfer-Encoding", "chunked")], b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"),
    ([("Transfer-Encoding", "chunked")], b"5\r\nhel"), ([("Transfer-Encoding", "chunked")], b"x\r\n"), ([("Transfer-Encoding", "chunked")], b"5\r\nhelloXX0\r\n\r\n"),
    ([("Transfer-Encoding", "CHUNKED")], b"A\r\n0123456789\r\n0\r\n\r\n"), ([("Transfer-Encoding", "gzip")], b"x"), ([("Transfer-Encoding", "gzip, chunked")], b"0\r\n\r\n"),
    ([("Content-Length", "5"), ("Transfer-Encoding", "chunked")], b"5\r\nhello\r\n0\r\n\r\n"), ([("Content-Length", "5"), ("Content-Length", "5")], b"hello"),
    ([("Content-Length", "5"), ("Content-Length", "6")], b"hello!"), ([("Content-Length", "+5")], b"hello"), ([("Content-Length", "5, 5")], b"hello"),
    ([("Transfer-Encoding", "chunked")], b"0000000000000000000005\r\nhello\r\n0\r\n\r\n"), ([("Transfer-Encoding", "chunked")], b"ffffffffffffffffff\r\n"),
]
FRAME = bytes.fromhex("810548656c6c6f")


def token_for(request):
    """What the server would say to the key in our request."""
    key = next(line.partition(": ")[2] for line in request if line.startswith("sec-websocket-key"))
    return base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


def head(line, fields, token):
    lines = [line, *(f"{name}: {value.replace(TOKEN, token)}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def run(name, chance, vectors, response, request=REQUESTS[0]):
    """`response` makes the bytes of the answer from the token."""
    recorder = Recorder(name, "client", whole=True)
    sent = recorder.send(request)
    recorder.vector["common"] = 1
    for piece in chance.cuts(response(token_for(sent))):
        outcome = recorder.receive(piece)
        if any(line.startswith("!") for line in outcome) or recorder.state == "X":
            break
    if recorder.state == "O":
        recorder.receive(FRAME)
        recorder.send({"t": "text", "d": "hello", "last": True})
    elif recorder.error is None and recorder.state in "CJ":
        recorder.eof()
    vectors.append(recorder.vector)


def generate(chance):
    vectors = []
    for number, change in enumerate(BAD_REQUESTS):
        recorder = Recorder(f"request {number} {list(change)[0]}", "client", whole=True)
        recorder.send({**REQUESTS[0], **change})
        vectors.append(recorder.vector)
    switching = "HTTP/1.1 101 Switching Protocols"
    for request in REQUESTS:
        for name, choices in FIELDS.items():
            for values in choices:
                fields = [field for field in GOOD if field[0] != name] + [(name, value) for value in values or []]
                run(f"{name} {values}", chance, vectors, lambda token: head(switching, fields, token), request)
    for line in LINES:
        run(f"line {line}", chance, vectors, lambda token: head(line, GOOD, token))
    for spoil, change in SPOILS.items():
        run(spoil, chance, vectors, lambda token: change(head(switching, GOOD, token)))
    for status in STATUSES:
        for number, (fields, body) in enumerate(BODIES):
            if status in (204, 304) and body or number > 8 and status not in (200, 400, 503):
                continue
            run(f"status {status} body {number}", chance, vectors, lambda token: head(f"HTTP/1.1 {status} Words", fields, token) + body)
    for status in (100, 102, 103, 199):
        run(f"status {status} first", chance, vectors, lambda token: head(f"HTTP/1.1 {status} x", [], token) + head(switching, GOOD, token))
    for number in range(60):
        frames = FRAME * chance.below(3)
        run(f"frames behind {number}", chance, vectors, lambda token: head(switching, GOOD, token) + frames)
    for end in range(0, 120, 4):
        run(f"cut at {end}", chance, vectors, lambda token: head(switching, GOOD, token)[:end])
    return vectors

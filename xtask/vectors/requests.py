"""Opening handshakes as a server sees them: each fault by itself, then some together."""

from record import Recorder

GOOD = {
    "method": "GET", "target": "/chat", "version": "HTTP/1.1",
    "fields": [
        ("Host", "example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
    ],
}

# What a request may have instead of a field's good values; None takes the field away.
FIELDS = {
    "Host": [
        None, [""], ["a", "b"], ["example.com:8080"], ["EXAMPLE.com"], ["[::1]:80"], ["xn--7ks3rz39bh7u.com"],
        ["a b"], ["exam,ple"], ["127.0.0.1"], ["user@example.com"], ["example.com:"], ["a/b"], ["xn--!a"], ["b\u00fccher"],
        ["example.com:99999"], ["a" * 70 + ".com"],
    ],
    "Upgrade": [
        None, [""], ["WebSocket"], ["WEBSOCKET"], ["websockets"], ["h2c, websocket"], ["h2c", "websocket"], ["websocket/13"],
        ["websocket, h2c"], ["web socket"],
    ],
    "Connection": [
        None, [""], ["upgrade"], ["UPGRADE"], ["keep-alive, Upgrade"], ["Upgrade,keep-alive"], ["keep-alive"], ["close"],
        ["keep-alive", "Upgrade"], ["Upgrade", "keep-alive"], ["  Upgrade\t"], [" , Upgrade,,"], ["Upgraded"], ["Upgrade\u00e9"],
        ["close, Upgrade"], ["Upgrade;x"],
    ],
    "Sec-WebSocket-Key": [
        None, [""], ["x"], ["dGhlIHNhbXBsZSBub25jZQ="], ["dGhlIHNhbXBsZSBub25jZQ"], ["dGhlIHNhbXBsZSBub25jZR=="], ["AAAAAAAAAAAAAAAAAAAAAA=="],
        ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="], ["dGhlIHNhbXBsZSBub25jZSE="], ["!GhlIHNhbXBsZSBub25jZQ=="],
        ["  dGhlIHNhbXBsZSBub25jZQ==  "], ["dGhlIHNhbXBs ZSBub25jZQ=="], ["/+/+/+/+/+/+/+/+/+/+/w=="],
    ],
    "Sec-WebSocket-Version": [None, [""], ["8"], ["13, 8"], ["013"], ["12"], ["14"], ["13", "13"], ["13", "8"], [" 13 "], ["x"]],
    "Sec-WebSocket-Protocol": [
        [""], ["chat"], ["chat, superchat"], ["superchat", "chat"], ["chat,,superchat"], ["a b"], ["chat, chat"], ["a;b"],
        ["b\u00fcro"], ["\"chat\""], [" chat ,\tsuperchat "],
    ],
    "Sec-WebSocket-Extensions": [
        [""], ["foo"], ["foo; bar=1, baz"], ["permessage-deflate"], ["permessage-deflate; client_max_window_bits"],
        ["foo", "bar; x"], ["foo; a=\"b\""], ["foo; a=\"b,c\""], ["foo; a=\"b"], ["foo;"], ["f oo"], ["f\u00e9"], ["foo, , bar"],
    ],
    "Content-Length": [["0"], ["1"], ["0", "0"], ["5", "6"], ["x"], ["-1"], ["0, 0"]],
    "Transfer-Encoding": [["chunked"], ["gzip"], ["chunked", "chunked"], ["identity"]],
    "Origin": [["https://example.com"], ["null"], ["a", "b"]],
    "X-Other": [["plain"], [""], ["a", "b"], ["tab\tinside"], ["\u00e9\u00ff"], ["ctl\u0001"], ["nul\0"], ["a" * 300], ["\x7f"], ["bare\rcr"]],
    "Cookie": [["a=1; b=2"], ["a=1", "b=2"]],
    "Sec-WebSocket-Accept": [["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]],
}
METHODS = ["get", "POST", "HEAD", "OPTIONS", "G ET", "", "GE(T", "PUT"]
TARGETS = [
    "/", "/chat?a=b&c", "/a%20b", "//", "*", "chat", "", "/a b", "/#f", "/chat#", "http://example.com/chat", "HTTP://example.com", "https://example.com/x?y",
    "http://other.com/", "example.com:80", "ws://example.com/", "/\u00e9", "/\x01", "/" + "a" * 200, "/{}|^\"<>", "http://", "?a",
]
VERSIONS = ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", "", "HTTP/11", "HTTX/1.1"]
# What is done to the bytes of a whole head.
SPOILS = {
    "bare line feeds": lambda head: head.replace(b"\r\n", b"\n"),
    "one bare line feed": lambda head: head.replace(b"Upgrade\r\n", b"Upgrade\n", 1),
    "folded": lambda head: head.replace(b"Connection: Upgrade", b"Connection: keep-alive,\r\n Upgrade"),
    "folded first": lambda head: head.replace(b"\r\n", b"\r\n Folded: x\r\n", 1),
    "space before colon": lambda head: head.replace(b"Upgrade:", b"Upgrade :", 1),
    "no colon": lambda head: head.replace(b"Upgrade: ", b"Upgrade ", 1),
    "empty name": lambda head: head.replace(b"Upgrade: websocket", b": x\r\nUpgrade: websocket", 1),
    "bad name": lambda head: head.replace(b"Upgrade: websocket", b"X(Y): x\r\nUpgrade: websocket", 1),
    "no spaces": lambda head: head.replace(b": ", b":"),
    "many spaces": lambda head: head.replace(b": ", b": \t  "),
    "lower case": lambda head: head.replace(b"Sec-WebSocket", b"sec-websocket").replace(b"Host", b"host"),
    "upper case": lambda head: head.replace(b"Sec-WebSocket", b"SEC-WEBSOCKET").replace(b"Host", b"HOST"),
    "two spaces": lambda head: head.replace(b" HTTP", b"  HTTP", 1),
    "empty line first": lambda head: b"\r\n" + head,
    "two empty lines first": lambda head: b"\r\n\r\n" + head,
    "space first": lambda head: b" " + head,
    "not HTTP": lambda head: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40 + b"\r\n\r\n",
    "a frame": lambda head: bytes.fromhex("818537fa213d7f9f4d5158") + b"\r\n\r\n",
    "nothing more": lambda head: b"\r\n\r\n\r\n\r\n",
    "120 fields": lambda head: head[:-2] + b"X: y\r\n" * 120 + b"\r\n",
    "long field": lambda head: head[:-2] + b"X: " + b"y" * 20000 + b"\r\n\r\n",
}
FRAME = bytes.fromhex("818537fa213d7f9f4d5158")


def write(request):
    lines = [" ".join(word for word in (request["method"], request["target"], request["version"]))]
    lines += [f"{name}: {value}" for name, value in request["fields"]]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def changed(name, values):
    fields = [(other, value) for other, value in GOOD["fields"] if other != name]
    return {**GOOD, "fields": fields + [(name, value) for value in values or []]}


def answer(recorder, chance):
    """What a server says next, good or bad."""
    if recorder.error is not None:
        recorder.answer_error()
        return
    fields = chance.pick([[], [["Server", "x"]], [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]]])
    protocol = chance.pick([None, None, "chat", "superchat"])
    match chance.below(6):
        case 0:
            recorder.send({"t": "reject", "c": chance.pick([400, 403, 404, 500, 302]), "h": fields, "body": False})
        case 1:
            length = [["Content-Length", "5"]] if chance.once_in(2) else [["Transfer-Encoding", "chunked"]]
            recorder.send({"t": "reject", "c": chance.pick([400, 401, 503]), "h": fields + length, "body": True})
            recorder.send({"t": "data", "d": "6162", "last": False})
            recorder.send({"t": "data", "d": "636465", "last": True})
        case _:
            recorder.send({"t": "accept", "p": protocol, "h": fields})
            if recorder.state == "O":
                recorder.receive(FRAME)
                recorder.send({"t": "text", "d": "hello", "last": True})


def run(name, data, chance, vectors):
    recorder = Recorder(name, "server", whole=True)
    for piece in chance.cuts(data):
        outcome = recorder.receive(piece)
        if recorder.error is not None or any(line.startswith("!") for line in outcome):
            break
    if any(line.startswith("request ") for line in outcome) or recorder.error is not None:
        answer(recorder, chance)
    elif not any(line.startswith("!") for line in outcome):
        recorder.eof()
    vectors.append(recorder.vector)


def variants():
    for name, choices in FIELDS.items():
        for values in choices:
            yield f"{name} {values}", write(changed(name, values))
    for method in METHODS:
        yield f"method {method}", write({**GOOD, "method": method})
    for target in TARGETS:
        yield f"target {target}", write({**GOOD, "target": target})
    for version in VERSIONS:
        yield f"version {version}", write({**GOOD, "version": version})
    for spoil, change in SPOILS.items():
        yield spoil, change(write(GOOD))


def together(chance):
    """Two to three changes at once, mostly such as are allowed."""
    request = {**GOOD, "fields": list(GOOD["fields"])}
    for _ in range(2 + chance.below(2)):
        name = chance.pick(list(FIELDS))
        values = chance.pick(FIELDS[name])
        if chance.once_in(3):
            request["target"] = chance.pick(TARGETS[:3])
        request["fields"] = [field for field in request["fields"] if field[0] != name]
        at = chance.below(len(request["fields"]) + 1)
        request["fields"][at:at] = [(name, value) for value in values or []]
    return write(request)


def parsed(chance, vectors):
    """Requests that somebody else's HTTP server has parsed."""
    requests = [(f"{name} {values}", changed(name, values)) for name, choices in FIELDS.items() for values in choices]
    requests += [(f"target {target}", {**GOOD, "target": target}) for target in TARGETS]
    for name, request in requests:
        recorder = Recorder(f"parsed {name}", "server", whole=True)
        recorder.receive_parsed(request["target"], [list(field) for field in request["fields"]])
        if recorder.error is not None:
            recorder.answer_error()
        elif chance.once_in(3):
            recorder.send({"t": "accept", "p": None, "h": []})
            recorder.receive(FRAME)
        vectors.append(recorder.vector)


def generate(chance):
    vectors = []
    parsed(chance, vectors)
    for _ in range(2):
        for name, data in variants():
            run(name, data, chance, vectors)
    for number in range(180):
        run(f"together {number}", together(chance), chance, vectors)
    good = write(GOOD)
    for end in range(0, len(good), 3):
        recorder = Recorder(f"cut at {end}", "server", whole=True)
        if end:
            recorder.receive(good[:end])
        recorder.eof()
        vectors.append(recorder.vector)
    for number in range(20):
        recorder = Recorder(f"early frames {number}", "server", whole=True)
        recorder.receive(good + FRAME * chance.below(3))
        recorder.receive(FRAME * (1 + chance.below(2)))
        recorder.send({"t": "accept", "p": None, "h": []})
        recorder.receive(FRAME)
        vectors.append(recorder.vector)
    return vectors

"""What every Python peer says and answers: the client's checks and the server's targets.

A peer brings a connection class (see `Connection`); this file drives it. The same script exists
in script.mjs for JavaScript and in ../src/script.rs for ours, and the three speak to each other.
Results go to standard output, one a line, separated by tabs: `result CHECK ok|FAIL|n/a DETAIL`.
"""

import argparse
import asyncio
import ssl
import urllib.parse

PATIENCE = 10.0  # seconds that any one check may take
LIMIT = 2 << 20  # bytes that a message may have; TOO_BIG announces more
TOO_BIG = 3 << 20
SIZES = (0, 1, 125, 126, 65535, 65536, 1 << 20)
OFFERED = ("superchat", "chat")  # what a client offers; a server takes the second
CHOSEN = "chat"
FRAGMENTED = "zażółć gęślą jaźń, 芝士 🧀, done"
CLOSE_BY_CLIENT = (4002, "client says żegnaj")
CLOSE_BY_SERVER = (4001, "server says 再见")
ABNORMAL = 1006  # RFC 6455 §7.4.1: the stream ended without a Close
PING = b"are you there?"
VIOLATIONS = {"reserved-opcode": 1002, "invalid-utf8": 1007, "too-big": 1009}


class Closed(Exception):
    """The connection is over; `code` and `reason` are those that the other side gave."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed with {code} {reason!r}")
        self.code, self.reason = code or ABNORMAL, reason or ""


class NotPossible(Exception):
    """The library's API cannot do what the check asks for."""


class Connection:
    """What a peer's adapter implements; a method that its API cannot offer stays as it is here."""

    subprotocol = None
    deflate = False

    async def send(self, message):
        """Sends a `str` or `bytes` message."""
        raise NotImplementedError

    async def receive(self):
        """Returns the next whole message; raises `Closed` at the end of the connection."""
        raise NotImplementedError

    async def fragments(self, text):
        """Sends one text message in several frames."""
        raise NotPossible("no API to send fragments")

    async def ping(self, payload):
        """Sends a Ping and waits for its Pong."""
        raise NotPossible("no API to send a Ping")

    async def close(self, code, reason):
        """Sends a Close and waits for the end; returns the peer's code and reason."""
        raise NotImplementedError

    def abort(self):
        """Drops the TCP connection without a Close frame."""
        raise NotImplementedError

    def raw(self, data):
        """Writes bytes to the socket as they are."""
        raise NotImplementedError


def arguments():
    """Reads `server [OPTIONS]` or `client URL [OPTIONS]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("server", "client"))
    parser.add_argument("url", nargs="?")
    parser.add_argument("--deflate", action="store_true")
    parser.add_argument("--client-window", type=int)
    parser.add_argument("--server-window", type=int)
    parser.add_argument("--client-no-context", action="store_true")
    parser.add_argument("--server-no-context", action="store_true")
    parser.add_argument("--tls", help="the folder of the certificates; without it, no TLS")
    parser.add_argument("--violator", choices=("client", "server"), default="client")
    return parser.parse_args()


def tls(options):
    """Returns what a side needs for TLS, or `None` without it."""
    if not options.tls:
        return None
    if options.role == "client":
        return ssl.create_default_context(cafile=f"{options.tls}/ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{options.tls}/server.pem")
    return context


def deflate_settings(options, default=None):
    """Returns the four parameters of RFC 7692 as `wsproto` and `websockets` both name them."""
    return {
        "client_no_context_takeover": options.client_no_context,
        "server_no_context_takeover": options.server_no_context,
        "client_max_window_bits": options.client_window or default,
        "server_max_window_bits": options.server_window,
    }


def emit(*fields):
    print(*fields, sep="\t", flush=True)


def text_of(size):
    """Returns a text of `size` bytes of UTF-8, with characters of one to four bytes."""
    whole = "".join(f"{i} żółw 芝 🧀 " for i in range(size // 18 + 1)).encode()[:size]
    kept = whole.decode(errors="ignore")
    return kept + "x" * (size - len(kept.encode()))


def bytes_of(size):
    """Returns `size` bytes that repeat at distances below, inside and beyond the usual windows."""
    state, block = 1, bytearray()
    for _ in range(40_000):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        block.append(state >> 16 & 0xFF)
    third = size // 3 + 1
    parts = (bytes(block[:period]) * (third // period + 1) for period in (700, 5_000, 40_000))
    return b"".join(part[:third] for part in parts)[:size]


def frame(first_byte, payload, masked, announced=None):
    """Returns a frame made by hand; a client's masking key is zero, so its payload stays as it is."""
    size = len(payload) if announced is None else announced
    if size < 126:
        length = bytes([size])
    elif size < 65536:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    mask = bytes(4) if masked else b""
    return bytes([first_byte, length[0] | (0x80 if masked else 0)]) + length[1:] + mask + payload


def hand_made_fragments(text, masked):
    """Returns the frames of a fragmented text, every 5 bytes cut, inside characters too."""
    data = text.encode()
    parts = [data[i : i + 5] for i in range(0, len(data), 5)]
    first_bytes = [0x01] + [0x00] * (len(parts) - 2) + [0x80]
    return b"".join(frame(first, part, masked) for first, part in zip(first_bytes, parts))


def violation(name, masked):
    """Returns the bytes of a violation of RFC 6455 or of the other side's limit."""
    return {
        "reserved-opcode": frame(0x83, b"", masked),
        "invalid-utf8": frame(0x81, b"fine until \xff", masked),
        "too-big": frame(0x82, b"", masked, announced=TOO_BIG),
    }[name]


async def until_closed(connection):
    """Reads until the end; returns the code and reason that the other side gave."""
    try:
        while True:
            await connection.receive()
    except Closed as closed:
        return closed.code, closed.reason


# The server's side


class Server:
    """The targets that a server answers; remembers how each connection ended for `/saw/TARGET`."""

    def __init__(self):
        self.saw = {}

    async def serve(self, connection, target, masked=False):
        task, _, rest = target.lstrip("/").partition("/")
        ended = await self.answer(connection, task, rest, masked)
        self.saw["/" + target.lstrip("/")] = ended

    async def answer(self, connection, task, rest, masked):
        try:
            match task:
                case "echo":
                    while True:
                        await connection.send(await connection.receive())
                case "fragments":
                    await connection.fragments(FRAGMENTED)
                case "ping":
                    await connection.ping(PING)
                    await connection.send("pong")
                case "close":
                    return await connection.close(*CLOSE_BY_SERVER)
                case "abort":
                    connection.abort()
                    return ABNORMAL, ""
                case "violate":
                    connection.raw(violation(rest, masked))
                case "saw":
                    code, reason = self.saw.get("/" + rest, ("", ""))
                    await connection.send(f"{code} {reason}")
        except Closed as closed:
            return closed.code, closed.reason
        except NotPossible as why:
            await connection.send(f"n/a {why}")
        return await until_closed(connection)


def announce(port, version):
    emit("port", port)
    emit("version", version)


# The client's side


class Client:
    """The checks; `connect(target)` opens a connection that offers the subprotocols `OFFERED`."""

    def __init__(self, connect, options):
        self.connect, self.options = connect, options

    async def run(self):
        checks = [
            ("handshake", self.handshake),
            ("text", lambda: self.echo(text_of)),
            ("binary", lambda: self.echo(bytes_of)),
            ("fragments sent", self.fragments_sent),
            ("fragments received", self.fragments_received),
            ("ping sent", self.ping_sent),
            ("ping received", self.ping_received),
            ("close by client", self.close_by_client),
            ("close by server", self.close_by_server),
            ("end by client", self.end_by_client),
            ("end by server", self.end_by_server),
        ]
        judge = self.violate if self.options.violator == "client" else self.violated
        for name, code in VIOLATIONS.items():
            checks.append((f"{name} {code}", lambda name=name, code=code: judge(name, code)))
        for name, check in checks:
            emit("result", name, *await self.verdict(check))

    @staticmethod
    async def verdict(check):
        try:
            await asyncio.wait_for(check(), PATIENCE)
        except NotPossible as why:
            return "n/a", str(why)
        except asyncio.TimeoutError:
            return "FAIL", f"nothing came for {PATIENCE:.0f} s"
        except Exception as error:  # whatever the library raises is the check's result
            return "FAIL", f"{type(error).__name__}: {error}".replace("\n", " ").replace("\t", " ")
        return "ok", ""

    async def handshake(self):
        connection = await self.connect("/echo/handshake")
        expect("subprotocol", connection.subprotocol, CHOSEN)
        expect("permessage-deflate", bool(connection.deflate), self.options.deflate)
        await connection.close(1000, "")

    async def echo(self, payload_of):
        connection = await self.connect("/echo/messages")
        for size in SIZES:
            sent = payload_of(size)
            await connection.send(sent)
            received = await connection.receive()
            if received != sent:
                raise AssertionError(f"{size} bytes came back changed")
        await connection.close(1000, "")

    async def fragments_sent(self):
        connection = await self.connect("/echo/fragments")
        await connection.fragments(FRAGMENTED)
        expect("echo", await connection.receive(), FRAGMENTED)
        await connection.close(1000, "")

    async def fragments_received(self):
        connection = await self.connect("/fragments")
        expect("message", possible(await connection.receive()), FRAGMENTED)
        await connection.close(1000, "")

    async def ping_sent(self):
        connection = await self.connect("/echo/ping")
        await connection.ping(PING)
        await connection.close(1000, "")

    async def ping_received(self):
        connection = await self.connect("/ping")
        expect("answer", possible(await connection.receive()), "pong")
        await connection.close(1000, "")

    async def close_by_client(self):
        target = "/echo/close-by-client"
        connection = await self.connect(target)
        code, _ = await connection.close(*CLOSE_BY_CLIENT)
        expect("a Close came back", code != ABNORMAL, True)
        await self.expect_seen(target, *CLOSE_BY_CLIENT)

    async def close_by_server(self):
        connection = await self.connect("/close")
        expect("close", await until_closed(connection), CLOSE_BY_SERVER)

    async def end_by_client(self):
        target = "/echo/end-by-client"
        connection = await self.connect(target)
        connection.abort()
        await self.expect_seen(target, ABNORMAL, "")

    async def end_by_server(self):
        connection = await self.connect("/abort")
        expect("code", (await until_closed(connection))[0], ABNORMAL)

    async def violate(self, name, code):
        connection = await self.connect(f"/echo/violate-{name}")
        connection.raw(violation(name, masked=True))
        expect("code", (await until_closed(connection))[0], code)

    async def violated(self, name, code):
        target = f"/violate/{name}"
        connection = await self.connect(target)
        await until_closed(connection)
        await self.expect_seen(target, code, None)

    async def expect_seen(self, target, code, reason):
        """Asks the server how it saw the connection end, until it knows or patience runs out."""
        answer = " "
        while answer == " ":
            connection = await self.connect("/saw" + target)
            answer = await connection.receive()
            await connection.close(1000, "")
            await asyncio.sleep(0.02)
        seen_code, _, seen_reason = answer.partition(" ")
        expect("code that the server saw", seen_code, str(code))
        if reason is not None:
            expect("reason that the server saw", seen_reason, reason)


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r} instead of {wanted!r}")


def possible(answer):
    """Returns the answer unless it says that the server's API cannot do what was asked."""
    if isinstance(answer, str) and answer.startswith("n/a "):
        raise NotPossible("server: " + answer[4:])
    return answer


def address(url):
    """Returns the host and port of a URL."""
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port

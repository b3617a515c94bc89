"""permessage-deflate: its negotiation, what each side sends, and broken streams."""

import zlib

from frames import BINARY, CONTINUATION, PING, SIDES, TEXT, control, frame
from record import Recorder
from requests import GOOD as ASKED, write
from responses import GOOD as ACCEPTED, head, token_for

NAME = "permessage-deflate"
OFFERS = [
    "", "; client_max_window_bits", "; client_max_window_bits=15", "; client_max_window_bits=10", "; server_max_window_bits=15", "; server_max_window_bits=9",
    "; server_no_context_takeover", "; client_no_context_takeover", "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12",
    ";client_max_window_bits ;server_max_window_bits=10", "; client_max_window_bits=8", "; server_max_window_bits=8", "; server_max_window_bits=7", "; server_max_window_bits=16",
    "; server_max_window_bits=010", "; server_max_window_bits=+9", "; server_max_window_bits=abc", "; server_max_window_bits=\"10\"", "; server_max_window_bits",
    "; server_max_window_bits=", "; client_max_window_bits=0", "; client_max_window_bits=abc", "; client_max_window_bits=1_0", "; server_no_context_takeover=1",
    "; client_no_context_takeover=\"\"", "; server_no_context_takeover; server_no_context_takeover", "; server_max_window_bits=10; server_max_window_bits=11", "; unknown", "; unknown=1",
    "; server_max_window_bits=9, permessage-deflate", "; unknown, permessage-deflate; client_max_window_bits=9", ", foo", "; x=\"a, b\"", "; SERVER_NO_CONTEXT_TAKEOVER", ";",
    "; server_max_window_bits=99999999999",
]
CONFIGS = [
    {}, {"server_no_context_takeover": True}, {"client_no_context_takeover": True}, {"server_max_window_bits": 10}, {"client_max_window_bits": 10},
    {"server_no_context_takeover": True, "client_no_context_takeover": True, "server_max_window_bits": 9, "client_max_window_bits": 9},
]
AGREED = ["", "; server_no_context_takeover", "; client_no_context_takeover", "; server_no_context_takeover; client_no_context_takeover",
          "; server_max_window_bits=9; client_max_window_bits=9", "; server_max_window_bits=12; client_max_window_bits=10"]
WORDS = ["frame ", "mask ", "gr\u00fcezi ", "window ", "message ", "\u6c34", "0123456789", "aaaaaaaaaaaaaaaa"]


class Deflater:
    """The peer's compressor."""

    def __init__(self, side, agreed):
        peer = "client" if side == "server" else "server"
        self.keeps = f"{peer}_no_context_takeover" not in agreed
        words = [word for word in agreed.split("; ") if word.startswith(f"{peer}_max_window_bits=")]
        self.bits = int(words[0].split("=")[1]) if words else 15
        self.zlib = None

    def compress(self, data):
        if self.zlib is None or not self.keeps:
            self.zlib = zlib.compressobj(6, zlib.DEFLATED, -self.bits)
        data = self.zlib.compress(data) + self.zlib.flush(zlib.Z_SYNC_FLUSH)
        return data[:-4]


def text(chance):
    return "".join(chance.pick(WORDS) for _ in range(chance.below(12)))


def stream(chance, side, deflater, with_controls):
    """A message in one to three frames, compressed or not."""
    masked = side == "server"
    opcode = chance.pick([TEXT, BINARY])
    plain = text(chance).encode() if opcode == TEXT or chance.once_in(2) else chance.bytes(chance.below(40))
    rsv = 0 if chance.once_in(6) else 0x40
    data = deflater.compress(plain) if rsv else plain
    places = sorted(chance.below(len(data) + 1) for _ in range(chance.below(3)))
    parts = [data[start:end] for start, end in zip([0, *places], [*places, len(data)])]
    frames = []
    for at, part in enumerate(parts):
        if at and with_controls:
            frames.append(control(chance, masked))
        frames.append(frame(chance, masked, CONTINUATION if at else opcode, part, fin=at == len(parts) - 1, rsv=0 if at else rsv))
    return frames


def conversation(number, side, chance, vectors):
    parameters = chance.pick(AGREED)
    deflater = Deflater(side, parameters)
    with_controls = chance.once_in(4)
    kind = "controls between fragments" if with_controls else "conversation"
    recorder = Recorder(f"{kind} {number}", side, whole=False, agreed=NAME + parameters)
    for _ in range(1 + chance.below(4)):
        if chance.once_in(2):
            frames = stream(chance, side, deflater, with_controls)
            if with_controls:
                recorder.receive_apart(frames)
            else:
                recorder.receive(b"".join(frames))
        else:
            kind = chance.pick(["text", "bytes"])
            for last in chance.pick([[True], [True], [False, True], [False, False, True]]):
                data = text(chance) if kind == "text" else text(chance).encode().hex()
                recorder.send({"t": kind, "d": data, "n": chance.pick([1, 1, 20]), "last": last})
                if chance.once_in(8):
                    recorder.send({"t": "ping", "d": "6869"})
    vectors.append(recorder.vector)


def streams():
    """Compressed messages as they are on the wire, by name."""
    good = Deflater("client", "").compress(b"hello hello hello")
    final = zlib.compressobj(6, zlib.DEFLATED, -15)
    final = final.compress(b"hello") + final.flush()
    yield "nothing", b""
    yield "one zero", b"\0"
    yield "the sample", bytes.fromhex("f248cdc9c90700")
    yield "no compression", bytes.fromhex("000500faff48656c6c6f00")
    yield "final block", final
    yield "final block as sampled", bytes.fromhex("f348cdc9c9070000")
    yield "two blocks", bytes.fromhex("f248050000 00ffffcac9c90700".replace(" ", ""))
    yield "reserved block", b"\x07"
    yield "reserved block amid", good + b"\x06"
    yield "garbage behind final block", bytes.fromhex("4b0400110000")
    # A fixed block: the letter a, three bytes from five back, the block's end.
    yield "distance too far", packed("0 10 10010001 0000001 00100 0 0000000")
    yield "stored length wrong", bytes.fromhex("000500faf048656c6c6f00")
    yield "stored cut", bytes.fromhex("00ffff00006162")
    yield "garbage", b"\xff\xfe\xfd\xfc" * 3
    for cut in range(1, len(good)):
        yield f"cut at {cut}", good[:cut]
    yield "not UTF-8", Deflater("client", "").compress(b"\xff\xfe")
    yield "text cut amid", Deflater("client", "").compress("gr\u00fc".encode()[:-1])


def packed(bits):
    """Bytes of bits in the order in which DEFLATE has them, then an empty stored block."""
    bits = bits.replace(" ", "") + "000"
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at:at + 8][::-1], 2) for at in range(0, len(bits), 8))


def negotiation(chance, vectors):
    for config in CONFIGS:
        for parameters in OFFERS:
            if config and chance.below(2):
                continue
            recorder = Recorder(f"offer{parameters}", "server", whole=True, deflate=config)
            fields = [*ASKED["fields"], ("Sec-WebSocket-Extensions", NAME + parameters)]
            recorder.receive(write({**ASKED, "fields": fields}))
            if recorder.error is None:
                recorder.send({"t": "accept", "p": None, "h": []})
            vectors.append(recorder.vector)
            recorder = Recorder(f"answer{parameters}", "client", whole=True, deflate=config)
            token = token_for(recorder.send({"t": "request", "host": "example.com", "target": "/", "p": [], "h": []}))
            fields = [*ACCEPTED, ("Sec-WebSocket-Extensions", NAME + parameters)]
            recorder.receive(head("HTTP/1.1 101 Switching Protocols", fields, token))
            vectors.append(recorder.vector)


def generate(chance):
    vectors = []
    negotiation(chance, vectors)
    for side in SIDES:
        masked = side == "server"
        for opcode in (TEXT, BINARY):
            for name, data in streams():
                recorder = Recorder(f"stream {name}", side, whole=False, agreed=NAME)
                recorder.receive(frame(chance, masked, opcode, data, rsv=0x40))
                recorder.receive(frame(chance, masked, opcode, bytes.fromhex("f248cdc9c90700"), rsv=0x40))
                vectors.append(recorder.vector)
        for rsv in (0x10, 0x20, 0x30, 0x40, 0x50, 0x70):
            for opcode in (TEXT, PING, CONTINUATION):
                recorder = Recorder(f"rsv {rsv:02x} on {opcode}", side, whole=False, agreed=NAME)
                if opcode == CONTINUATION:
                    recorder.receive(frame(chance, masked, BINARY, bytes.fromhex("f248"), fin=False, rsv=0x40))
                recorder.receive(frame(chance, masked, opcode, bytes.fromhex("f248cdc9c90700"), rsv=rsv))
                vectors.append(recorder.vector)
        for number in range(70):
            conversation(number, side, chance, vectors)
    return vectors

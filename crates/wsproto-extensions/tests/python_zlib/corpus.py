"""Writes the corpus of compressed messages: python3 corpus.py > corpus.txt. All by zlib, with each level, strategy and flush.

Each line is a message: how it was made, and its payload in hexadecimal; or "text NUMBER" where a new text begins.
"""
import zlib

TEXTS = [
    b'{"id":1,"name":"user 1","ok":true},{"id":2,"name":"user 2","ok":false}',
    bytes(n * n % 251 for n in range(48)),
    b"a" * 40,
]
# In the order of their numbers.
STRATEGIES = ["default", "filtered", "huffman only", "rle", "fixed"]
FLUSHES = ["no", "partial", "sync", "full", "finish", "block"]
TAIL = b"\x00\x00\xff\xff"


def message(text, level, strategy, flush, step):
    """Compresses a text with a flush after every `step` bytes; a stream that is finished is begun anew."""
    def start():
        return zlib.compressobj(level, zlib.DEFLATED, -15, 8, STRATEGIES.index(strategy))
    stream, out = start(), b""
    for at in range(0, len(text), step):
        out += stream.compress(text[at:at + step])
        if flush != "no":
            out += stream.flush(FLUSHES.index(flush))
        if flush == "finish":
            stream = start()
    if flush != "finish":
        out += stream.flush(zlib.Z_SYNC_FLUSH)
    # Python's zlib writes no second marker at the same place.
    return out[:-4] if out.endswith(TAIL) else out + b"\x00"


for number, text in enumerate(TEXTS):
    print("text", text.hex())
    seen = {}
    for strategy in STRATEGIES:
        for level in range(10):
            for flush in FLUSHES:
                for step in (1, 16):
                    payload = message(text, level, strategy, flush, step)
                    seen.setdefault(payload, []).append(f"{strategy},{level},{flush},{step}".replace(" ", "-"))
    for payload, names in seen.items():
        print(names[0], payload.hex())

"""Reads what the test compressed with zlib's own inflater and exactly the agreed window, and compresses it anew.

Input and output: one byte for the window, one for context takeover; then for each message the length of its payload
(four bytes, big-endian), the payload, the length of the message, the message.
"""
import struct
import sys
import zlib

data = sys.stdin.buffer.read()
bits, takeover = data[0], data[1]
position = 2


def field():
    global position
    (length,) = struct.unpack_from(">I", data, position)
    position += 4 + length
    return data[position - length : position]


def inflate(stream, payload):
    """Takes little output at a time, so that the window alone decides what can be referred to."""
    out, rest = [], payload + b"\0\0\xff\xff"
    while True:
        out.append(stream.decompress(rest, 1 << bits - 2))
        rest = stream.unconsumed_tail
        if not rest and len(out[-1]) < 1 << bits - 2:
            return b"".join(out)


reader = zlib.decompressobj(-bits)
# zlib compresses with no window smaller than 9 bits.
writer = zlib.compressobj(6, zlib.DEFLATED, -max(bits, 9))
answer = bytes([bits, takeover])
while position < len(data):
    payload, message = field(), field()
    if not takeover:
        reader = zlib.decompressobj(-bits)
        writer = zlib.compressobj(6, zlib.DEFLATED, -max(bits, 9))
    if inflate(reader, payload) != message:
        sys.exit(f"window {bits}, takeover {takeover}: a message of {len(message)} bytes came out differently")
    payload = writer.compress(message) + writer.flush(zlib.Z_SYNC_FLUSH)
    payload = payload.removesuffix(b"\0\0\xff\xff") if message else b"\0"
    answer += struct.pack(">I", len(payload)) + payload + struct.pack(">I", len(message)) + message
sys.stdout.buffer.write(answer)

"""Writes vectors: scripts, and what Python wsproto does with them.

usage: python generate.py FOLDER
"""

import json
import sys
import zlib
from pathlib import Path

import chance
import compressed
import frames
import requests
import responses
import states

# What stands for strings that come often, behind a letter that stands nowhere else.
MARK = "\u00a4"
SHORT = {
    "k": "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "K": "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "v": "Sec-WebSocket-Version: 13",
    "V": "sec-websocket-version: 13", "h": "Host: example.com", "u": "Upgrade: websocket", "U": "upgrade: websocket", "c": "Connection: Upgrade",
    "C": "connection: Upgrade", "s": "HTTP/1.1 101 Switching Protocols", "e": "Sec-WebSocket-Extensions: permessage-deflate",
    "E": "extensions permessage-deflate", "t": "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "T": "Sec-WebSocket-Accept: s5sRjWPQeFQDp6+bRhkvSk1EsXI=",
    "y": "sec-websocket-key: C3DVOp8Eac4zmP1ixyyR9g==", "r": "request example.com /", "p": "Sec-WebSocket-Protocol: ", "l": "LocalProtocolError",
    "n": "content-length: ", "g": "GET /chat HTTP/1.1", "G": "GET / HTTP/1.1", "H": "host: example.com",
}
SUITES = {"requests": requests, "responses": responses, "frames": frames, "states": states, "compressed": compressed}


def grouped(vectors):
    """Vectors that begin alike written as one: what is common, then what each does alone; none twice."""
    groups, seen = [], set()
    for vector in vectors:
        steps = vector.pop("steps")
        name, common = vector.pop("name"), vector.pop("common", 0)
        head = {**vector, "steps": steps[:common]} if common else vector
        if json.dumps([head, steps]) in seen:
            continue
        seen.add(json.dumps([head, steps]))
        if not groups or {**groups[-1], "then": None} != {**head, "then": None}:
            groups.append({**head, "then": []})
        groups[-1]["then"].append([name, *steps[common:]])
    return groups


def written(group):
    """A group with a line for each of its vectors."""
    then = ",\n".join(map(compact, group["then"]))
    return compact({**group, "then": []}).removesuffix("]}") + f"\n{then}\n]}}"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, suite) in enumerate(SUITES.items()):
        vectors = suite.generate(chance.Chance(seed))
        text = ",\n".join(map(written, grouped(vectors)))
        assert MARK not in text
        for letter, word in SHORT.items():
            text = text.replace(word, MARK + letter)
        text = f'{{"mark":"{MARK}","short":{compact(SHORT)},"vectors":[\n{text}\n]}}\n'
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
        print(f"{name}: {len(vectors)} vectors, {len(text.encode())} bytes")
    (folder / "made-with.txt").write_text(f"wsproto 1.3.2, h11 0.16.0, zlib {zlib.ZLIB_RUNTIME_VERSION}\n")


if __name__ == "__main__":
    main()

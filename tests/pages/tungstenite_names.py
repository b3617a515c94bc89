"""Prints the public names of tungstenite and tokio-tungstenite, from the sources that cargo has fetched:
`python3 tests/pages/tungstenite_names.py > tests/pages/tungstenite.txt`. benches/peers fetches them.
"""

import glob
import os
import re

VERSION = "0.30.0"
# Private modules, and private items of a file with public ones.
PRIVATE_FILES = {"protocol/frame/mask.rs", "compat.rs", "tokio/handshake.rs"}
PRIVATE = {"StringCollector", "IncompleteMessage", "MessageType", "extend", "into_string", "complete"}

ITEM = re.compile(r"^ *pub (?:const |async |unsafe )*(fn|struct|enum|trait|mod|type|const) (\w+)", re.M)


def body(text, at):
    """Returns what stands between the braces of the item that ends at `at`."""
    begin = re.search(r"[{;]", text[at:])
    if not begin or begin[0] == ";":
        return ""
    depth, start = 0, at + begin.start()
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1 : place]
    return ""


def outermost(text):
    """Returns the text without attributes, and without anything in brackets."""
    kept, depth = "", 0
    for char in re.sub(r"#\[[^\]]*\]", "", text):
        depth += char in "({<["
        kept += char if depth == 0 else ""
        depth -= char in ")}>]"
    return kept


def names(text):
    text = re.sub(r"#\[cfg\(test\)\]\s*mod \w+ \{.*", "", text, flags=re.S)
    text = re.sub(r"//.*", "", text)
    for item in ITEM.finditer(text):
        kind, name = item.groups()
        yield name
        if kind == "enum":
            yield from re.findall(r"\b[A-Z]\w*\b", outermost(body(text, item.end())))
        elif kind == "trait":
            yield from re.findall(r"(?:fn|type) (\w+)", body(text, item.end()))
        elif kind == "struct":
            yield from re.findall(r"^\s*pub (\w+)\s*:", body(text, item.end()), re.M)


def main():
    home = os.environ.get("CARGO_HOME", os.path.expanduser("~/.cargo"))
    print(f"# Public names of tungstenite {VERSION} and tokio-tungstenite {VERSION}, by tungstenite_names.py")
    found = set()
    for crate, prefix in [("tungstenite", ""), ("tokio-tungstenite", "tokio/")]:
        [root] = glob.glob(f"{home}/registry/src/*/{crate}-{VERSION}/src/")
        for path in glob.glob(f"{root}**/*.rs", recursive=True):
            file = path[len(root) :]
            if not {file, prefix + file} & PRIVATE_FILES:
                found |= set(names(open(path, encoding="utf-8").read()))
    print("\n".join(sorted(found - PRIVATE)))


if __name__ == "__main__":
    main()

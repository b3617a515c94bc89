"""Makes links of the book lead somewhere: a preprocessor of mdBook, named in book.toml.

Pages link to files of the repository, which a book hasn't. A file of a crate is shown by docs.rs; other files are named
without a link. CONTRIBUTING.md and SECURITY.md are included as pages, and their links begin at another folder.
"""

import json
import re
import sys

LINKS = [
    (r"\]\((?:\.\./)?(?:docs/)?(contributing|security)\.md", lambda found: f"]({found[1].lower()}.md"),
    # The packages leave the transcripts out.
    (r"\[([^]\[]*)\]\((?:\.\./)?crates/wsproto/tests/transcripts[^)]*\)", r"\1"),
    (r"\]\((?:\.\./)?crates/([^/)]+)/([^)]*)\)", r"](https://docs.rs/crate/\1/latest/source/\2)"),
    (r"\]\((?:\./)?docs/", "]("),
    (r"\[([^]\[]*)\]\((?:\.\./|tests/|fuzz/|xtask/|deny|CHANGELOG|README\.md#|RELEASING|Cargo|LICENSE)[^)]*\)", r"\1"),
]


def main():
    if sys.argv[1:2] == ["supports"]:
        return
    _, book = json.load(sys.stdin)
    text = json.dumps(book, ensure_ascii=False)
    for link, other in LINKS:
        text = re.sub(link, other, text, flags=re.IGNORECASE if callable(other) else 0)
    print(text)


main()

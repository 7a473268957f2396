"""Fails if a page of the site would load anything from elsewhere: it must work without a network.

usage: closed.py SITE
"""

from __future__ import annotations

import html.parser
import pathlib
import re
import sys

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "use": "href"}
ELSEWHERE = re.compile(r"(https?:)?//")
#: Links that a browser does not load.
NAMED_ONLY = {"canonical", "alternate", "prev", "next"}


class Page(html.parser.HTMLParser):
    """Collects what a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        value = given.get(LOADED.get(tag, "")) or ""
        if ELSEWHERE.match(value) and given.get("rel") not in NAMED_ONLY:
            self.found.append(f"<{tag}> {value}")


def loaded_by(path: pathlib.Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return re.findall(r"(?:url\(|@import )[\"']?((?:https?:)?//[^\"')]+)", text)
    page = Page()
    page.feed(text)
    return page.found


def main() -> None:
    site = pathlib.Path(sys.argv[1])
    pages = sorted([*site.rglob("*.html"), *site.rglob("*.css")])
    if not pages:
        sys.exit(f"closed: no page in {site}")
    breaches = [f"{path}: loads {each}" for path in pages for each in loaded_by(path)]
    print(*breaches, sep="\n", end="\n" if breaches else "")
    if breaches:
        sys.exit("closed: a page loads something from elsewhere; put a copy into the site")
    print(f"closed: {len(pages)} pages and styles load nothing from elsewhere")


if __name__ == "__main__":
    main()

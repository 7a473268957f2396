"""Lays out the pages of the site below build/pages, as they lie in the repository, so that a link works in
both places. What a page links to and is no page gets one: a source file is shown, a folder is listed.

usage: stage.py ROOT OUTPUT
"""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys

ROOT_PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
#: Files that a browser shows by itself.
AS_THEY_ARE = {".svg", ".png", ".json"}
LANGUAGES = {".cpp": "cpp", ".hpp": "cpp", ".py": "py", ".sh": "sh", ".cmake": "cmake", ".toml": "toml"}
SIGNATURES = """# Python: signatures

Made from the source. The [reference](reference.md) has the same docstrings, and the options.

::: asio_redlock
"""
LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")


def outside_fences(text: str, change) -> str:
    """The text with `change` applied to each part that is not a fenced piece of code."""
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    return "".join(part if at % 2 else change(part) for at, part in enumerate(parts))


class Stage:
    """What was laid out so far, and what still has to be."""

    def __init__(self, root: pathlib.Path, output: pathlib.Path) -> None:
        self.root, self.output = root.resolve(), output
        self.done: set[pathlib.Path] = set()
        self.waiting: list[pathlib.Path] = []
        self.broken: list[str] = []

    def name_of(self, target: pathlib.Path) -> str:
        """What is put behind a link, so that it leads to the page of its target."""
        if target.is_dir():
            return "README.md" if (target / "README.md").is_file() else "index.md"
        return "" if target.suffix in {".md", *AS_THEY_ARE} else ".md"

    def link(self, page: pathlib.Path, match: re.Match[str]) -> str:
        opened, where, anchor, closed = match.groups()
        if re.match(r"[a-z]+:", where):
            return match.group(0)
        target = (page.parent / where).resolve()
        if not target.exists() or self.root not in (target, *target.parents):
            self.broken.append(f"{page.relative_to(self.root)}: no such file: {where}")
            return match.group(0)
        self.waiting.append(target)
        more = self.name_of(target)
        slash = "/" if target.is_dir() and not where.endswith("/") else ""
        return f"{opened}{where}{slash}{more}{anchor or ''}{closed}"

    def page(self, source: pathlib.Path) -> str:
        return outside_fences(source.read_text(encoding="utf-8"),
                              lambda part: LINK.sub(lambda found: self.link(source, found), part))

    def listing(self, folder: pathlib.Path) -> str:
        """A folder as a page of links to what git knows of it."""
        shown = subprocess.run(["git", "-C", str(folder), "ls-files"], capture_output=True, text=True,
                               check=True).stdout.split()
        lines = [f"# {folder.relative_to(self.root)}", ""]
        for name in sorted(shown):
            path = folder / name
            title = name
            if path.suffix == ".md":
                title = path.read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ") or name
            lines.append(f"- [{title}]({name}{self.name_of(path)})")
            self.waiting.append(path)
        return "\n".join(lines) + "\n"

    def write(self, relative: pathlib.Path | str, text: str) -> None:
        target = self.output / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def lay(self, source: pathlib.Path) -> None:
        relative = source.relative_to(self.root)
        if source.is_dir():
            if not (source / "README.md").is_file():
                self.write(relative / "index.md", self.listing(source))
            else:
                self.waiting.append(source / "README.md")
        elif source.suffix == ".md":
            self.write(relative, self.page(source))
        elif source.suffix in AS_THEY_ARE:
            (self.output / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, self.output / relative)
        else:
            code = source.read_text(encoding="utf-8").rstrip("\n")
            language = LANGUAGES.get(source.suffix, "text")
            self.write(f"{relative}.md", f"# {relative}\n\n````{language}\n{code}\n````\n")

    def lay_all(self, first: list[pathlib.Path]) -> None:
        self.waiting += first
        while self.waiting:
            source = self.waiting.pop()
            if source not in self.done:
                self.done.add(source)
                self.lay(source)


def man_page(source: pathlib.Path) -> str:
    """The manual page as HTML by mandoc, its headings as Markdown, so that search and contents have them."""
    done = subprocess.run(["mandoc", "-T", "html", "-O", "fragment", str(source)], capture_output=True,
                          text=True, check=True)
    html = done.stdout.split('<div class="manual-text">', 1)[1].rsplit("</div>", 1)[0]
    html = re.sub(r"</?section[^>]*>|<a class=\"permalink\"[^>]*>(?=.*</h\d>)", "", html)
    pieces = re.split(r"<h([12])[^>]*>(.*?)(?:</a>)?</h\1>", html, flags=re.S)
    lines = [f"# {source.stem}({source.suffix[1:]})", "", pieces[0]]
    for level, title, body in zip(pieces[1::3], pieces[2::3], pieces[3::3]):
        title = re.sub(r"\s+", " ", title).strip()
        body = re.sub(r"\n\s*\n", "\n", body.strip())
        lines += [f"{'#' * (int(level) + 1)} {title}", "", f"<div>\n{body}\n</div>", ""]
    return "\n".join(lines)


def main() -> None:
    root, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    stage = Stage(root, output)
    first = [stage.root / name for name in ROOT_PAGES]
    first += sorted((stage.root / "docs").rglob("*.md")) + [stage.root / "docs/decisions"]
    stage.lay_all(first)
    stage.write("docs/man/redlock.1.md", man_page(root / "docs/man/redlock.1"))
    stage.write("docs/python/signatures.md", SIGNATURES)
    if stage.broken:
        sys.exit("\n".join(f"stage: {each}" for each in stage.broken))


if __name__ == "__main__":
    main()

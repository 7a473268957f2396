"""What the pages say: their blocks run, in their order, as one program a page."""

from __future__ import annotations

import ast
import asyncio
import inspect
import pathlib
import re
import runpy

import pytest

import asio_redlock as redlock

PAGES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "python"


def blocks_of(page: pathlib.Path) -> list[tuple[int, str]]:
    """Each block of Python, with the line that it begins in."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, found.start(1)), found.group(1))
        for found in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


PAGES_THAT_RUN = ["tutorial", "migration-from-aioredlock", "migration-from-other-python-locks"]


async def run_blocks(page: pathlib.Path, nodes: list[str]) -> None:
    names: dict[str, object] = {"nodes": nodes}
    for line, block in blocks_of(page):
        tree = ast.increment_lineno(ast.parse(block), line)
        code = compile(tree, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if inspect.isawaitable(result):
            await result


@pytest.mark.parametrize("name", PAGES_THAT_RUN)
def test_page_runs(name: str) -> None:
    page = PAGES / f"{name}.md"
    assert blocks_of(page)
    with redlock.local(nodes=3) as nodes:
        asyncio.run(run_blocks(page, nodes))


def test_reference_says_what_the_docstrings_say() -> None:
    place = pathlib.Path(__file__).resolve().parents[1] / "reference.py"
    page = runpy.run_path(str(place))["page"]
    assert (PAGES / "reference.md").read_text(encoding="utf-8") == page()


def test_recipes_are_shown_as_they_are() -> None:
    text = (PAGES / "recipes.md").read_text(encoding="utf-8")
    shown = re.findall(r"<!-- file: (\S+) -->\n```py\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    root = PAGES.parents[1]
    assert shown
    for path, block in shown:
        assert (root / path).read_text(encoding="utf-8") == block, path

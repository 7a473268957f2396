"""The blocks of code that the pages about fencing show. The tests run these texts, and no copies.

A page names a block in the line before its fence: <!-- stores: NAME -->.
"""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ["fencing.md", "fencing-sql.md", "fencing-stores.md"]

_BLOCK = re.compile(
    r"^<!-- stores: (?P<name>\S+) -->\n```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL)


def pages():
    """Each page's path and text."""
    for name in PAGES:
        path = ROOT / "docs" / name
        yield path, path.read_text(encoding="utf-8")


def _read():
    found = {}
    for path, text in pages():
        for match in _BLOCK.finditer(text):
            name = match["name"]
            assert name not in found, f"{path}: the block {name} is there twice"
            found[name] = match
    return found


BLOCKS = _read()


def text(name):
    """A block as the page shows it."""
    return BLOCKS[name]["text"]


def statements(name):
    """The statements of a block of SQL, without comments. Those of a trigger's body are not taken apart."""
    lines = [line for line in text(name).splitlines() if not line.lstrip().startswith("--")]
    found = re.split(r";\s*$", "\n".join(lines), flags=re.MULTILINE)
    return [each.strip() for each in found if each.strip()]


def statement(name):
    """The only statement of a block."""
    found = statements(name)
    assert len(found) == 1, f"{name} has {len(found)} statements"
    return found[0]


def python(name, **names):
    """The names that a block of Python defines, for which some are there already."""
    block = BLOCKS[name]
    line = block.string.count("\n", 0, block.start("text"))
    # So that a traceback names the line of the page.
    code = compile("\n" * line + block["text"], f"the block {name}", "exec")
    exec(code, names)
    return names

"""Writes docs/python/reference.md, from the docstrings of the installed package, to its output."""

from __future__ import annotations

import inspect
import pathlib
import re
import types

import asio_redlock
from asio_redlock import _options

HEAD = """# Python: reference

Generated from the docstrings: `python python/reference.py > docs/python/reference.md`. Times are
seconds. `Name` is a `str` or `bytes`, `Duration` a number of seconds or a `timedelta`.
"""

#: What the managers have in common is written once, for the asynchronous one.
ORDER = (
    "LockManager Acquisition Lock Term SyncLockManager SyncAcquisition SyncLock SyncTerm local"
    " EventStream SyncEventStream"
).split()

OPTIONS = ("ManagerOptions", "AcquireOptions", "AttachOptions")


def doc_of(thing: object) -> str:
    """Its docstring as Markdown: what is indented after two colons is code."""
    lines, in_code = [], False
    for line in (inspect.getdoc(thing) or "").replace("``", "`").splitlines():
        if in_code and line and not line.startswith(" "):
            lines[-1:] = ["```", ""]
            in_code = False
        if line.endswith("::"):
            lines += [line[:-1], "", "```py"]
            in_code = True
        elif not (in_code and not line and lines[-1] == "```py"):
            lines.append(line[4:] if in_code else line)
    return "\n".join([*lines, "```"] if in_code else lines)


class Raw:
    """An annotation as it was written."""

    def __init__(self, text: object) -> None:
        self.text = str(text)

    def __repr__(self) -> str:
        return self.text


def signature_of(name: str, function: types.FunctionType) -> str:
    signature = inspect.signature(function)
    kept = [
        each.replace(annotation=Raw(each.annotation))
        for each in signature.parameters.values()
        if each.name not in ("self", "cls")
    ]
    text = str(
        signature.replace(parameters=kept, return_annotation=Raw(signature.return_annotation))
    )
    return ("async " if inspect.iscoroutinefunction(function) else "") + name + text


def options_of(cls: str) -> str:
    """A table of what a class of options has: its comments and fields."""
    source = pathlib.Path(inspect.getfile(_options)).read_text(encoding="utf-8")
    body = source.split(f"class {cls}(")[1].split("\nclass ")[0]
    rows, said = ["| option | type | meaning |", "| --- | --- | --- |"], ""
    for line in body.splitlines():
        comment = line.strip().removeprefix("#:").strip()
        if line.strip().startswith("#:"):
            said = f"{said} {comment}".strip()
        elif re.match(r"    \w+: ", line):
            name, _, kind = line.strip().partition(": ")
            rows.append(
                f"| `{name}` | `{kind}` | {said} |".replace(kind, kind.replace(" | ", " or "))
            )
            said = ""
    return "\n".join(rows)


def members_of(cls: type) -> list[str]:
    parts = []
    for owner in reversed(cls.__mro__):
        if owner is object or not owner.__module__.startswith("asio_redlock"):
            continue
        for name, member in vars(owner).items():
            if name.startswith("_"):
                continue
            function = member.__func__ if isinstance(member, classmethod) else member
            if isinstance(function, types.FunctionType):
                parts.append(f"`{signature_of(name, function)}`\n\n{doc_of(function)}")
            elif doc_of(member) and not isinstance(member, types.MemberDescriptorType):
                parts.append(f"`{name}`: {doc_of(member)}")
    return parts


def chapter_of(name: str) -> str:
    cls = getattr(asio_redlock, name)
    parts = [f"## {name}", doc_of(cls)]
    if issubclass(cls, BaseException):
        return "\n\n".join(parts)
    if "__init__" in vars(cls) and name in ("local",):
        parts.insert(1, f"`{signature_of(name, cls.__init__)}`")
    return "\n\n".join([*parts, *members_of(cls)])


def page() -> str:
    rest = sorted(set(asio_redlock.__all__) - set(ORDER))
    errors = [name for name in rest if issubclass(getattr(asio_redlock, name), BaseException)]
    values = [name for name in rest if name not in errors]
    options = [f"## {name}\n\n{options_of(name)}" for name in OPTIONS]
    chapters = [chapter_of(name) for name in [*ORDER, *errors, *values]]
    return "\n\n".join([HEAD.strip(), *options, *chapters]) + "\n"


if __name__ == "__main__":
    print(page(), end="")

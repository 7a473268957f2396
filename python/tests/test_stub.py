"""The stub of the compiled half names what is there, and no more."""

from __future__ import annotations

import ast
import pathlib

import asio_redlock
from asio_redlock import _native


def _stub() -> ast.Module:
    place = pathlib.Path(asio_redlock.__file__).with_name("_native.pyi")
    return ast.parse(place.read_text(encoding="utf-8"))


def _names(body: list[ast.stmt]) -> set[str]:
    functions = {each.name for each in body if isinstance(each, (ast.FunctionDef, ast.ClassDef))}
    values = {
        each.target.id
        for each in body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and not each.value
    }
    return functions | values


def _public(names: list[str]) -> set[str]:
    return {name for name in names if not name.startswith("__")}


def test_module_has_what_the_stub_says() -> None:
    assert _names(_stub().body) == _public(dir(_native))


def test_classes_have_what_the_stub_says() -> None:
    classes = [each for each in _stub().body if isinstance(each, ast.ClassDef)]
    assert len(classes) > 15
    for each in classes:
        said = {name for name in _names(each.body) if not name.startswith("__")}
        assert said == _public(dir(getattr(_native, each.name))), each.name

"""What importing the package costs, and where it refuses."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import SimpleNamespace

import pytest

import asio_redlock as redlock

#: Each takes milliseconds to import.
EXPENSIVE = [
    "asyncio",
    "typing",
    "dataclasses",
    "inspect",
    "logging",
    "subprocess",
    "ssl",
    "socket",
    "tempfile",
    "datetime",
    "re",
    "concurrent.futures",
]


def _modules_after(statement: str) -> set[str]:
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-E",
            "-c",
            f"import sys; sys.path[:0] = {sys.path!r}; {statement}; print(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return set(done.stdout.split())


def test_import_brings_nothing_expensive() -> None:
    added = _modules_after("import asio_redlock") - _modules_after("pass")
    assert added.isdisjoint(EXPENSIVE)
    assert len(added) < 40, sorted(added)


def test_use_in_threads_needs_no_asyncio() -> None:
    loaded = _modules_after(
        "import asio_redlock; asio_redlock.SyncLockManager(['redis://127.0.0.1:1']).close()"
    )
    assert loaded.isdisjoint({"asyncio", "typing", "inspect"})


def test_all_names_are_there() -> None:
    for name in redlock.__all__:
        assert hasattr(redlock, name), name
    assert sorted(redlock.__all__, key=str.casefold) == sorted(
        set(redlock.__all__), key=str.casefold
    )
    public = {name for name in vars(redlock) if not name.startswith("_")}
    assert public - set(redlock.__all__) <= {"annotations", "aioredlock"}


def test_everything_has_a_docstring() -> None:
    for name in redlock.__all__:
        one = getattr(redlock, name)
        assert one.__doc__, name
        if isinstance(one, type):
            for attribute, value in vars(one).items():
                if not attribute.startswith("_") and callable(value):
                    assert value.__doc__, f"{name}.{attribute}"


def test_version() -> None:
    major, minor, patch = redlock.__version__.split(".")
    assert all(part.isdigit() for part in (major, minor, patch))


def test_import_again_is_the_same() -> None:
    assert importlib.import_module("asio_redlock") is redlock


@pytest.mark.parametrize(
    ("interpreter", "refused"),
    [
        (SimpleNamespace(), False),
        (SimpleNamespace(_is_gil_enabled=lambda: True), False),
        (SimpleNamespace(_is_gil_enabled=lambda: False), True),
    ],
    ids=["before 3.13", "with a GIL", "without"],
)
def test_interpreter_without_a_gil_is_refused(interpreter: SimpleNamespace, refused: bool) -> None:
    from asio_redlock._interpreter import require_gil

    if refused:
        with pytest.raises(ImportError, match="PYTHON_GIL=1"):
            require_gil(interpreter)
    else:
        require_gil(interpreter)


def test_interpreter_is_looked_at_before_the_compiled_module() -> None:
    out = subprocess.run(
        [sys.executable, "-c", _WITHOUT_A_LOCK],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    ).stdout
    assert out.startswith("asio_redlock needs the global interpreter lock")
    assert out.endswith("False\n")


_WITHOUT_A_LOCK = """
import sys
sys._is_gil_enabled = lambda: False
try:
    import asio_redlock
except ImportError as error:
    print(error, "asio_redlock._native" in sys.modules)
"""

"""The end of a process: locks are released, and do not stay for the rest of their leases."""

from __future__ import annotations

import atexit
import os
import sys

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_before: list[Callable[[], None]] = []
_arranged_in: int | None = None


def before_the_end(function: Callable[[], None]) -> None:
    """Has it called before the managers are closed at the interpreter's end."""
    _before.append(function)


def _end_by(end: Callable[[], None]) -> None:
    for function in _before:
        function()
    end()


atexit.register(_end_by, _native.shut_down)


def close_with_this_process() -> None:
    """A process that `multiprocessing` forked runs no functions of `atexit` that its parent has
    registered, but finalizers of its own.
    """
    global _arranged_in
    process = os.getpid()
    if _arranged_in == process:
        return
    _arranged_in = process
    multiprocessing = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        from multiprocessing.util import Finalize

        # With those that run last.
        Finalize(None, _end_by, args=(_native.close_all,), exitpriority=0)

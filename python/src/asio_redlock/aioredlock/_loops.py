"""Locks that are renewed end with the event loop that acquired them: aioredlock renews them in a
task of that loop, so a program may rely on both, that they live as long as it and not longer.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import os
import weakref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lock import Lock

_renewed: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, set[Lock]] = (
    weakref.WeakKeyDictionary()
)


def renewed_here() -> set[Lock]:
    """Those of the running loop; it keeps them, even if the program has no reference."""
    loop = asyncio.get_running_loop()
    locks = _renewed.get(loop)
    if locks is None:
        _end_those_of_closed_loops()
        locks = _renewed[loop] = set()
        weakref.finalize(loop, _abandon_all, locks).atexit = False
    return locks


def _end_those_of_closed_loops() -> None:
    """A closed loop may live on until it is collected."""
    for loop in list(_renewed):
        if loop.is_closed():
            _abandon_all(_renewed.pop(loop))


def _abandon_all(locks: set[Lock]) -> None:
    while locks:
        locks.pop()._abandon()


os.register_at_fork(after_in_child=_renewed.clear)

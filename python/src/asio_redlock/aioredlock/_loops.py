"""Locks that are renewed end with the event loop that acquired them: aioredlock renews them in a
task of that loop, so a program may rely on both, that they live as long as it and not longer.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import os
import weakref

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio

    from .lock import Lock

_renewed: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, set[Lock]] = (
    weakref.WeakKeyDictionary()
)


def keep(lock: Lock) -> None:
    """Keeps it for as long as the running loop, even if the program keeps no reference."""
    from asyncio import get_running_loop

    loop = get_running_loop()
    locks = _renewed.get(loop)
    if locks is None:
        locks = _renewed[loop] = set()
        weakref.finalize(loop, _abandon_all, locks).atexit = False
    locks.add(lock)


def forget(lock: Lock) -> None:
    for locks in list(_renewed.values()):
        locks.discard(lock)


def end_those_of_closed_loops() -> None:
    """A closed loop may live on until it is collected."""
    for loop in list(_renewed):
        if loop.is_closed():
            _abandon_all(_renewed.pop(loop))


def _abandon_all(locks: set[Lock]) -> None:
    while locks:
        locks.pop()._abandon()


os.register_at_fork(after_in_child=_renewed.clear)

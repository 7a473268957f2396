"""Distributed locks over independent Redis servers, for asyncio and for threads.

A lock is held when a majority of the nodes has granted it, so that no single server is trusted::

    import asio_redlock as redlock

    async with redlock.LockManager(["redis://a", "redis://b", "redis://c"]) as locks:
        async with locks.lock("orders:42", wait=5) as lock:
            await write(lock.fencing_token)

`LockManager` is for asyncio, `SyncLockManager` for threads. Times are seconds, or `timedelta`.
"""

from __future__ import annotations

# The first of them refuses an interpreter that will not do.
from . import _interpreter, _native  # noqa: F401  # pyright: ignore[reportUnusedImport]
from ._errors import (
    Closed,
    Contended,
    DifferentNodes,
    Forked,
    Indeterminate,
    LockError,
    LockLost,
    NoQuorum,
    PermitsMismatch,
    SameServerTwice,
    TimedOut,
)
from ._events import EventStream, SyncEventStream
from ._local import local
from ._lock import (
    Acquisition,
    Lock,
    Resigned,
    SyncAcquisition,
    SyncLock,
    SyncTerm,
    Term,
)
from ._manager import LockManager, SyncLockManager
from ._native import (
    ActiveLock,
    ClockReading,
    Event,
    Finding,
    Holder,
    LeaderView,
    MissingRight,
    NodeFailure,
    NodeHealth,
    NodeStatus,
    RoundTrip,
    SemaphoreStatus,
    Statistics,
    Status,
)

__version__ = _native.version

__all__ = [
    "Acquisition",
    "ActiveLock",
    "ClockReading",
    "Closed",
    "Contended",
    "DifferentNodes",
    "Event",
    "EventStream",
    "Finding",
    "Forked",
    "Holder",
    "Indeterminate",
    "LeaderView",
    "Lock",
    "LockError",
    "LockLost",
    "LockManager",
    "MissingRight",
    "NoQuorum",
    "NodeFailure",
    "NodeHealth",
    "NodeStatus",
    "PermitsMismatch",
    "Resigned",
    "RoundTrip",
    "SameServerTwice",
    "SemaphoreStatus",
    "Statistics",
    "Status",
    "SyncAcquisition",
    "SyncEventStream",
    "SyncLock",
    "SyncLockManager",
    "SyncTerm",
    "Term",
    "TimedOut",
    "local",
]

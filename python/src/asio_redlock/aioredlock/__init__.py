"""The interface of aioredlock 0.7.3 over this package: a program changes one import line::

    from asio_redlock.aioredlock import Aioredlock, LockError

    lock_manager = Aioredlock([("localhost", 6379)])
    async with await lock_manager.lock("resource_name") as lock:
        assert lock.valid
    await lock_manager.destroy()

What differs, and why: docs/python/migration-from-aioredlock.md. Times are seconds.
"""

from __future__ import annotations

from .algorithm import Aioredlock
from .errors import AioredlockError, LockAcquiringError, LockError, LockRuntimeError
from .lock import Lock
from .sentinel import Sentinel, SentinelConfigError

__all__ = [
    "Aioredlock",
    "AioredlockError",
    "Lock",
    "LockAcquiringError",
    "LockError",
    "LockRuntimeError",
    "Sentinel",
    "SentinelConfigError",
]

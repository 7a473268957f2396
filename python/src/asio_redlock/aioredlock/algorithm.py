"""The lock manager, as aioredlock's programs see it."""

# The modules of this package know each other.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import weakref
from contextlib import suppress

from .._ending import before_the_end
from .._errors import LockError as EngineError
from .._manager import LockManager
from . import _loops
from ._nodes import urls_of
from .errors import answer_of
from .lock import Lock, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable
    from typing import Any, Unpack

    from .._lock import Lock as Held
    from .._options import AcquireOptions, ManagerOptions
    from ._nodes import Connection

_managers: weakref.WeakSet[Aioredlock] = weakref.WeakSet()


class Aioredlock:
    """Locks over independent Redis servers. May be made where no event loop runs; it connects on
    first use, and in a forked child anew.

    `redis_connections`: one element a server; each a tuple (host, port), a dict, a URL or a
    `Sentinel`. `retry_count`: attempts of a `lock`, in all, with a random delay of
    `retry_delay_min` to `retry_delay_max` seconds between two. `internal_lock_timeout`: the lease
    time, in seconds, of locks without one of their own. `options` are those of `LockManager`, which
    aioredlock does not have; `log` too.

    Raises ValueError or TypeError for what cannot be used. Close it with `destroy`.
    """

    def __init__(
        self,
        redis_connections: Iterable[Connection] = ({"host": "localhost", "port": 6379},),
        retry_count: int = 3,
        retry_delay_min: float = 0.1,
        retry_delay_max: float = 0.3,
        internal_lock_timeout: float = 10.0,
        *,
        log: logging.Logger | bool = False,
        **options: Unpack[ManagerOptions],
    ) -> None:
        self.redis_connections = redis_connections
        self.retry_count = int(retry_count)
        self.retry_delay_min = float(retry_delay_min)
        self.retry_delay_max = float(retry_delay_max)
        self.internal_lock_timeout = float(internal_lock_timeout)
        if self.retry_count < 1:
            raise ValueError("retry_count must be at least 1")
        if self.retry_delay_min <= 0 or self.retry_delay_max <= 0:
            raise ValueError("retry_delay_min and retry_delay_max must be greater than 0 seconds")
        if self.internal_lock_timeout <= 0:
            raise ValueError("internal_lock_timeout must be greater than 0 seconds")
        self._urls = urls_of(redis_connections)
        self._log = log
        self._options = self._with_lease_times(options)
        #: Acquired here, and not unlocked; by the name, since a later one is the one that counts.
        self._locks: dict[str | bytes, Lock] = {}
        self._sweep_at = 64
        #: Those of others, which `destroy` must not release.
        self._looked_up: weakref.WeakSet[Lock] = weakref.WeakSet()
        self._manager = LockManager(self._urls, log=log, **self._options)
        _managers.add(self)

    def _with_lease_times(self, options: ManagerOptions) -> ManagerOptions:
        if "lease_time" in options:
            raise TypeError("lease_time is internal_lock_timeout here")
        adapted: ManagerOptions = {**options, "lease_time": self.internal_lock_timeout}
        # Nobody could set these with aioredlock, and they follow from what was set.
        if self.internal_lock_timeout > 60:
            adapted.setdefault("max_lease_time", self.internal_lock_timeout)
        longest = adapted.get("max_lease_time")
        if longest is not None and "fence_lifetime" not in adapted:
            seconds = longest if isinstance(longest, (int, float)) else longest.total_seconds()
            adapted["fence_lifetime"] = max(120.0, 2 * seconds)
        return adapted

    async def lock(
        self,
        resource: str | bytes,
        lock_timeout: float | None = None,
        lock_identifier: str | bytes | None = None,
    ) -> Lock:
        """Acquires the lock on `resource`, in up to `retry_count` attempts.

        `lock_timeout`: its lease time in seconds, at the end of which it is free; without it, the
        lock is renewed for as long as it is held. `lock_identifier`: the value of the key, for one
        acquisition only; default: random.

        Raises LockAcquiringError if somebody else holds it, LockRuntimeError if too few nodes
        answered, ValueError or TypeError. Cancelled, it leaves nothing on the nodes.
        """
        renewed = _loops.renewed_here()
        name = _text_of(resource)
        delays = sorted((self.retry_delay_min, self.retry_delay_max))
        options: AcquireOptions = {"attempts": self.retry_count, "delay": delays}
        if lock_timeout is None:
            options["lease_time"], options["renew"] = self.internal_lock_timeout, True
        else:
            # Its body may run to the end of the validity.
            options["lease_time"], options["stop_margin"] = lock_timeout, 0
        if lock_identifier:
            options["identifier"] = _text_of(lock_identifier)
        held = await answer_of(self._here().lock(name, **options)._acquire())
        lock = Lock(self, resource, lock_identifier or held.token, lock_timeout)
        if lock_timeout is None:
            lock._acquired(held, State.RENEWED)._keep_among(renewed)
        else:
            lock._acquired(held, State.TIMED)
        self._keep(name, lock)
        return lock

    async def extend(self, lock: Lock, lock_timeout: float | None = None) -> None:
        """Resets the lease to `lock_timeout` seconds, or to the lock's own; never shortens it.

        Raises LockAcquiringError if it was lost, LockRuntimeError if too few nodes answered: it
        stays valid for as long as it was. RuntimeError if it was unlocked.
        """
        _require_lock(lock)
        if lock_timeout is None:
            lock_timeout = lock.lock_timeout
        await lock._extend(self.internal_lock_timeout if lock_timeout is None else lock_timeout)

    async def unlock(self, lock: Lock) -> None:
        """Releases it. Does nothing if it was unlocked before.

        Raises LockAcquiringError if it was lost before, so that the work may have overlapped with
        another's; LockRuntimeError if too few nodes answered: its lease ends by itself. It is not
        valid afterwards in any case.
        """
        _require_lock(lock)
        await lock._unlock()

    async def is_locked(self, resource_or_lock: str | bytes | Lock) -> bool:
        """Whether any client holds the resource, or that of the lock. Raises LockRuntimeError if
        too few nodes answered.
        """
        name: Any = resource_or_lock
        if isinstance(name, Lock):
            name = name.resource
        elif not isinstance(name, (str, bytes)):
            raise TypeError(f"give a Lock or the name of a resource, not {type(name).__name__}")
        return await answer_of(self._here().is_locked(_text_of(name)))

    async def get_active_locks(self) -> list[Lock]:
        """Those that were acquired by this manager and are valid. Asks no node."""
        return [lock for lock in list(self._locks.values()) if lock.valid]

    async def get_lock(self, resource: str | bytes, lock_identifier: str | bytes) -> Lock:
        """The lock that somebody holds on `resource` under this identifier; `destroy` does not
        release it. Raises LockAcquiringError if nobody does, LockRuntimeError if too few nodes
        answered.
        """
        own = self._locks.get(_text_of(resource))
        if own is not None and own.id == lock_identifier and own.valid:
            return own
        held = await answer_of(self._attached(resource, lock_identifier))
        lock = Lock(self, resource, lock_identifier, self.internal_lock_timeout)
        self._look_after(lock._acquired(held, State.LOOKED_UP))
        return lock

    async def destroy(self) -> None:
        """Releases all locks that were acquired by this manager, and closes its connections. Takes
        half a second at most, even if no node answers; then the leases end by themselves. May be
        called again.
        """
        for lock in list(self._looked_up):
            lock._leave()
        if self._manager._native.is_here:
            with suppress(EngineError):
                await self._manager.aclose()
        for lock in list(self._locks.values()):
            lock._end()

    def __repr__(self) -> str:
        return (
            f"<Aioredlock of {len(self._urls)} nodes, retry_count={self.retry_count}, "
            f"retry_delay_min={self.retry_delay_min}, retry_delay_max={self.retry_delay_max}, "
            f"internal_lock_timeout={self.internal_lock_timeout}>"
        )

    def _here(self) -> LockManager:
        """That of this process: a forked child makes one of its own."""
        if not self._manager._native.is_here and not self._manager._closed:
            self._manager = LockManager(self._urls, log=self._log, **self._options)
        return self._manager

    async def _attached(self, resource: str | bytes, identifier: str | bytes) -> Held:
        lease = self.internal_lock_timeout
        attached = asyncio.ensure_future(
            self._here().attach(_text_of(resource), _text_of(identifier), lease_time=lease)
        )
        try:
            return await asyncio.shield(attached)
        except asyncio.CancelledError:
            # It is somebody else's: nobody may release it just because nobody wants to know.
            attached.add_done_callback(_detach)
            raise

    def _look_after(self, lock: Lock) -> None:
        self._looked_up.add(lock)

    def _keep(self, name: str | bytes, lock: Lock) -> None:
        self._locks[name] = lock
        if len(self._locks) > self._sweep_at:
            # Locks that were left to their leases.
            self._locks = {name: one for name, one in self._locks.items() if one.valid}
            self._sweep_at = 2 * len(self._locks) + 64

    def _forget(self, lock: Lock) -> None:
        name = _text_of(lock.resource)
        if self._locks.get(name) is lock:
            del self._locks[name]

    def _leave(self) -> None:
        """Leaves to their leases all locks that no end of this manager may end."""
        if self._manager._native.is_here:
            for lock in [*self._locks.values(), *self._looked_up]:
                if lock._state.is_left_to_its_lease:
                    lock._leave()


def _text_of(name: Any) -> str | bytes:
    # aioredlock takes numbers as well, and writes them in decimal.
    text: str | bytes = str(name) if type(name) is int else name
    return text


def _detach(attached: asyncio.Future[Held]) -> None:
    if not attached.cancelled() and attached.exception() is None:
        attached.result().detach()


def _require_lock(lock: Any) -> None:
    if not isinstance(lock, Lock):
        raise TypeError(f"give a Lock, not {type(lock).__name__}")


def _leave_all() -> None:
    """A program may end without a word and rely on a lock's lock_timeout, once an hour say."""
    for manager in list(_managers):
        manager._leave()


before_the_end(_leave_all)

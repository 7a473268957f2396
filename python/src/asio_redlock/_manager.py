"""The managers: for asyncio, and for threads."""

from __future__ import annotations

from . import _native
from ._decorating import names_from
from ._ending import close_with_this_process
from ._errors import Contended, LockError
from ._events import EventStream, SyncEventStream, log_events
from ._lock import (
    Acquisition,
    Lock,
    SyncAcquisition,
    SyncLock,
    SyncTerm,
    Term,
    TermAcquisition,
)
from ._waiting import end_of, result_of, wait_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    import os
    from builtins import list as List  # the classes have a method of that name
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Any, ParamSpec, TypeVar, Unpack

    from ._native import (
        ActiveLock,
        Finding,
        LeaderView,
        NodeHealth,
        SemaphoreStatus,
        Statistics,
        Status,
    )
    from ._options import AcquireOptions, AttachOptions, ManagerOptions, Name

    P = ParamSpec("P")
    R = TypeVar("R")


def _as_list(names: Iterable[Name]) -> Iterable[Name]:
    """So that they can be read again."""
    if isinstance(names, (str, bytes)) or not hasattr(names, "__iter__"):
        raise TypeError("the names of several resources must be in a list or tuple")
    return [*names]


def _once(function: str, options: AcquireOptions) -> AcquireOptions:
    for option in ("wait", "attempts", "delay"):
        if option in options:
            raise TypeError(f"{function} makes one attempt: it has no option {option}")
    return {**options, "wait": 0}


class _Manager:
    """What both kinds have in common."""

    def __init__(
        self,
        nodes: Iterable[str],
        *,
        log: logging.Logger | bool = False,
        **options: Unpack[ManagerOptions],
    ) -> None:
        if isinstance(nodes, (str, bytes)) or not hasattr(nodes, "__iter__"):
            raise TypeError("nodes must be a list of URLs, even if there is only one")
        urls = list(nodes)
        for url in urls:
            if not isinstance(url, str):
                raise TypeError(f"a node must be a URL, a str, not {type(url).__name__}")
            url.encode()
        self._set_up(_native.Manager(urls, options), log)

    def _set_up(self, native: _native.Manager, log: logging.Logger | bool) -> None:
        if not (isinstance(log, bool) or hasattr(log, "isEnabledFor")):
            raise TypeError(f"log must be a logger, True or False, not {type(log).__name__}")
        self._native = native
        self._closed = False
        close_with_this_process()
        if log is not False:
            log_events(native.listen(), None if log is True else log)

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        *,
        log: logging.Logger | bool = False,
        **options: Unpack[ManagerOptions],
    ) -> Any:
        """A manager with the nodes and settings of a TOML file, as `redlock --config` reads it
        (docs/configuration.md); `options` go before those of the file. Its table `acquire` is for
        the command and does not count here. OSError if it cannot be opened, ValueError for what
        it says.
        """
        self = cls.__new__(cls)
        import os

        # What the system says of a file that cannot be opened is an OSError.
        os.close(os.open(path, os.O_RDONLY))
        self._set_up(_native.Manager.from_file(os.fsencode(path), options), log)
        return self

    def __del__(self) -> None:
        # Not in a forked child, whose copy is nobody's, nor after a constructor that failed.
        if not getattr(self, "_closed", True) and self._native.is_here:
            import warnings

            warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self, stacklevel=2)

    def active_locks(self) -> List[ActiveLock]:
        """All locks that this manager holds now and that are valid. Asks no node."""
        return self._native.active_locks()

    def statistics(self) -> Statistics:
        """Counters of this manager, which only grow. Asks no node."""
        return self._native.statistics()


class LockManager(_Manager):
    """Locks over independent Redis servers, for asyncio: a lock is held when a majority of the
    nodes has granted it.

    `nodes` are URLs (docs/endpoints.md); the manager connects on first use. Close it with
    `aclose`, or use ``async with``. `log`: a logger, or True for the logger ``asio_redlock``, that
    gets what happens to nodes and locks.

    One manager may be used by the event loops of several threads at once. In a forked child it is
    a copy that raises `Forked`. Raises ValueError or TypeError for nodes or options that cannot be
    used.
    """

    async def __aenter__(self) -> LockManager:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.aclose()
        except LockError:
            # Leases end by themselves; the block's own outcome counts.
            pass

    async def aclose(self) -> None:
        """Releases every lock, ends every acquisition with `Closed` and every connection, within
        `close_timeout`. Raises `Indeterminate` if a lock was not confirmed as released. May be
        called again. Cancellation ends only the waiting.
        """
        self._closed = True
        await end_of(self._native.close)

    def lock(self, name: Name, **options: Unpack[AcquireOptions]) -> Acquisition:
        """Acquires the lock on `name`::

            async with locks.lock("orders:42", wait=5) as lock:
                await write(lock.fencing_token)

        or ``lock = await locks.lock("orders:42")``, with ``await lock.release()`` at the end.

        Raises `Contended` (with ``wait=0`` or `attempts`), `TimedOut`, `NoQuorum`, `Closed`,
        `SameServerTwice`, `DifferentNodes`; ValueError or TypeError for arguments that cannot be
        used. Cancelling the task ends the acquisition, and leaves nothing on the nodes.
        """
        return Acquisition(self, Lock, ("exclusive", name, 0, options))

    def shared_lock(self, name: Name, **options: Unpack[AcquireOptions]) -> Acquisition:
        """As `lock`, for one of any number of holders, who together exclude those of `lock`."""
        return Acquisition(self, Lock, ("shared", name, 0, options))

    def lock_all(self, names: Iterable[Name], **options: Unpack[AcquireOptions]) -> Acquisition:
        """As `lock`, for several resources as one lock: all of them or none, so that two that want
        the same ones in different orders cannot block each other. At most 64.
        """
        return Acquisition(self, Lock, ("all", _as_list(names), 0, options))

    def permit(self, name: Name, permits: int, **options: Unpack[AcquireOptions]) -> Acquisition:
        """As `lock`, for one of the `permits` permits of a semaphore; ``lock.slot`` tells which.
        All clients must give the same number, else it raises `PermitsMismatch`.
        """
        return Acquisition(self, Lock, ("permit", name, permits, options))

    def leadership(self, name: Name, **options: Unpack[AcquireOptions]) -> TermAcquisition:
        """As `lock`, for a term of the leader of `name`: always renewed, and with a number, its
        fencing token. The block is cancelled at the end of the term, and the statement raises
        `LockLost`; see `campaign` for the whole life of a leader.
        """
        return TermAcquisition(self, Term, ("term", name, 0, options))

    async def try_lock(self, name: Name, **options: Unpack[AcquireOptions]) -> Lock | None:
        """The lock, or None if somebody else holds it: one attempt. Raises as `lock` otherwise."""
        return await self._tried("exclusive", name, 0, _once("try_lock", options))

    async def try_shared_lock(self, name: Name, **options: Unpack[AcquireOptions]) -> Lock | None:
        """`try_lock` for a `shared_lock`."""
        return await self._tried("shared", name, 0, _once("try_shared_lock", options))

    async def try_lock_all(
        self, names: Iterable[Name], **options: Unpack[AcquireOptions]
    ) -> Lock | None:
        """`try_lock` for several, as `lock_all`."""
        return await self._tried("all", _as_list(names), 0, _once("try_lock_all", options))

    async def try_permit(
        self, name: Name, permits: int, **options: Unpack[AcquireOptions]
    ) -> Lock | None:
        """`try_lock` for a `permit`."""
        return await self._tried("permit", name, permits, _once("try_permit", options))

    async def _tried(
        self, shape: str, names: Any, permits: int, options: AcquireOptions
    ) -> Lock | None:
        try:
            held = await result_of(self._native.acquire, shape, names, permits, options)
            return Lock(held, self)
        except Contended:
            return None

    async def attach(self, name: Name, token: Name, **options: Unpack[AttachOptions]) -> Lock:
        """Takes over a lock that is held already, exclusive or shared, by its token: after
        ``lock.detach()``, or in another process. Not renewed unless ``renew=True``.

        Raises `LockLost` if no quorum holds this token, `NoQuorum` if too few nodes answered.
        """
        return await self._attached("exclusive", name, 0, token, options)

    async def attach_all(
        self, names: Iterable[Name], token: Name, **options: Unpack[AttachOptions]
    ) -> Lock:
        """`attach` for a lock of several: give all its names."""
        return await self._attached("all", _as_list(names), 0, token, options)

    async def attach_permit(
        self, name: Name, permits: int, token: Name, **options: Unpack[AttachOptions]
    ) -> Lock:
        """`attach` for a permit."""
        return await self._attached("permit", name, permits, token, options)

    async def _attached(
        self, shape: str, names: Any, permits: int, token: Name, options: AttachOptions
    ) -> Lock:
        held = await result_of(self._native.attach, shape, names, permits, token, options)
        return Lock(held, self)

    async def status(self, name: Name) -> Status:
        """Who holds it, node by node and all together. Too few answers are no error, but the
        verdict 'unknown'. Reads only.
        """
        status: Status = await result_of(self._native.status, name)
        return status

    async def semaphore_status(self, name: Name, permits: int) -> SemaphoreStatus:
        """The same of each permit of a semaphore."""
        status: SemaphoreStatus = await result_of(self._native.status_of_semaphore, name, permits)
        return status

    async def is_locked(self, name: Name) -> bool:
        """Whether any client holds it on a quorum. Raises `NoQuorum` if too few nodes answered."""
        locked: bool = await result_of(self._native.is_locked, name)
        return locked

    async def list(self, pattern: Name = "", limit: int = 10_000) -> List[str]:
        """Names of resources that are or recently were locked, sorted. `pattern`: a glob of Redis
        over lock keys; empty: all within `fence_lifetime`. Raises `NoQuorum`.
        """
        names: List[str] = await result_of(self._native.list, pattern, limit)
        return names

    async def list_semaphores(
        self, pattern: Name = "", limit: int = 10_000
    ) -> List[tuple[str, int]]:
        """Names of semaphores with a permit that is or recently was held, sorted, each with the
        least number of permits that it can have. Raises `NoQuorum`.
        """
        found: List[tuple[str, int]] = await result_of(self._native.list_semaphores, pattern, limit)
        return found

    async def vouch(self, node: int | None = None) -> None:
        """Confirms, for an operator, that no lock can have been forgotten on this node, or on all:
        they vote without waiting for the end of their quarantine. If that is not true, two clients
        may hold one lock. Raises `Indeterminate` if only some accepted it, `NoQuorum` if none did.
        """
        await result_of(self._native.vouch, node)

    async def examine(
        self, *, samples: int = 100, resource: Name | None = None
    ) -> List[NodeHealth]:
        """What can be observed of each node; `diagnose` judges it. Changes nothing."""
        health: List[NodeHealth] = await result_of(self._native.examine, samples, resource)
        return health

    async def diagnose(self, *, samples: int = 100, resource: Name | None = None) -> List[Finding]:
        """The doctor: examines each node, and judges it under this manager's settings. One
        finding of level 'ok' a node without a problem; then what is wrong, and what to do.
        """
        return self._native.diagnose(await self.examine(samples=samples, resource=resource))

    async def observe(self, name: Name) -> AsyncIterator[LeaderView]:
        """Who leads, now and after each change: ``async for view in locks.observe("x"): ...``.
        False in a condition while nobody does. Raises `NoQuorum`, `DifferentNodes`, `Closed`.
        """
        seen: LeaderView | None = None
        while True:
            seen = await result_of(self._native.observe, name, seen)
            assert seen is not None
            yield seen

    async def campaign(
        self,
        name: Name,
        body: Callable[[Term], Awaitable[R]],
        **options: Unpack[AcquireOptions],
    ) -> R:
        """Campaigns for the leadership of `name` until `body` ends by itself; returns its result.

        Each time that this process leads, ``body(term)`` runs; it is cancelled when the term ends,
        by a loss or by ``term.resign()``, and the campaign begins again. What the body raises ends
        the campaign, and so do the errors of `lock`. The leadership is released each time.
        """
        while True:
            term = await self.leadership(name, **options)
            try:
                async with term:
                    return await body(term)
            except LockError as error:
                if not term._ended_by(error):
                    raise
                failure = error.__cause__
            try:
                if isinstance(failure, Exception):
                    raise failure
            finally:
                # Raised, it holds this frame.
                del failure

    def locked(
        self, name: str | Callable[..., Name], **options: Unpack[AcquireOptions]
    ) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
        """Decorates a coroutine function that runs under a lock. In `name`, braces stand for the
        function's arguments: ``@locks.locked("nightly:{tenant}", wait=0)``; or it is a function of
        the same arguments. Raises what `lock` does, before the body begins.
        """

        def decorate(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
            import functools
            import inspect

            if not inspect.iscoroutinefunction(function):
                raise TypeError("an asynchronous manager can lock only coroutine functions")
            name_of = names_from(name, function)

            @functools.wraps(function)
            async def under_lock(*args: P.args, **kwargs: P.kwargs) -> R:
                async with self.lock(name_of(*args, **kwargs), **options):
                    return await function(*args, **kwargs)

            return under_lock

        return decorate

    def events(self) -> EventStream:
        """What happens to nodes and locks from now on: ``async for event in locks.events()``."""
        return EventStream(self._native.listen())


class SyncLockManager(_Manager):
    """As `LockManager`, for threads: its functions block. Any thread may use it; a signal whose
    handler raises, such as Ctrl-C, ends what the main thread waits for.
    """

    def __enter__(self) -> SyncLockManager:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except LockError:
            pass

    def close(self) -> None:
        """As `LockManager.aclose`."""
        self._closed = True
        wait_for(self._native.close)

    def lock(self, name: Name, **options: Unpack[AcquireOptions]) -> SyncAcquisition:
        """As `LockManager.lock`: ``with locks.lock("orders:42", wait=5) as lock: ...``, or
        ``lock = locks.lock("orders:42").acquire()``.
        """
        return SyncAcquisition(self, SyncLock, ("exclusive", name, 0, options))

    def shared_lock(self, name: Name, **options: Unpack[AcquireOptions]) -> SyncAcquisition:
        """As `LockManager.shared_lock`."""
        return SyncAcquisition(self, SyncLock, ("shared", name, 0, options))

    def lock_all(self, names: Iterable[Name], **options: Unpack[AcquireOptions]) -> SyncAcquisition:
        """As `LockManager.lock_all`."""
        return SyncAcquisition(self, SyncLock, ("all", _as_list(names), 0, options))

    def permit(
        self, name: Name, permits: int, **options: Unpack[AcquireOptions]
    ) -> SyncAcquisition:
        """As `LockManager.permit`."""
        return SyncAcquisition(self, SyncLock, ("permit", name, permits, options))

    def leadership(self, name: Name, **options: Unpack[AcquireOptions]) -> SyncAcquisition:
        """As `LockManager.leadership`; nothing stops the block at the end of the term."""
        return SyncAcquisition(self, SyncTerm, ("term", name, 0, options))

    def try_lock(self, name: Name, **options: Unpack[AcquireOptions]) -> SyncLock | None:
        """As `LockManager.try_lock`."""
        return self._tried("exclusive", name, 0, _once("try_lock", options))

    def try_shared_lock(self, name: Name, **options: Unpack[AcquireOptions]) -> SyncLock | None:
        """As `LockManager.try_shared_lock`."""
        return self._tried("shared", name, 0, _once("try_shared_lock", options))

    def try_lock_all(
        self, names: Iterable[Name], **options: Unpack[AcquireOptions]
    ) -> SyncLock | None:
        """As `LockManager.try_lock_all`."""
        return self._tried("all", _as_list(names), 0, _once("try_lock_all", options))

    def try_permit(
        self, name: Name, permits: int, **options: Unpack[AcquireOptions]
    ) -> SyncLock | None:
        """As `LockManager.try_permit`."""
        return self._tried("permit", name, permits, _once("try_permit", options))

    def _tried(
        self, shape: str, names: Any, permits: int, options: AcquireOptions
    ) -> SyncLock | None:
        try:
            held = wait_for(self._native.acquire, shape, names, permits, options)
            return SyncLock(held, self)
        except Contended:
            return None

    def attach(self, name: Name, token: Name, **options: Unpack[AttachOptions]) -> SyncLock:
        """As `LockManager.attach`."""
        return self._attached("exclusive", name, 0, token, options)

    def attach_all(
        self, names: Iterable[Name], token: Name, **options: Unpack[AttachOptions]
    ) -> SyncLock:
        """As `LockManager.attach_all`."""
        return self._attached("all", _as_list(names), 0, token, options)

    def attach_permit(
        self, name: Name, permits: int, token: Name, **options: Unpack[AttachOptions]
    ) -> SyncLock:
        """As `LockManager.attach_permit`."""
        return self._attached("permit", name, permits, token, options)

    def _attached(
        self, shape: str, names: Any, permits: int, token: Name, options: AttachOptions
    ) -> SyncLock:
        held = wait_for(self._native.attach, shape, names, permits, token, options)
        return SyncLock(held, self)

    def status(self, name: Name) -> Status:
        """As `LockManager.status`."""
        status: Status = wait_for(self._native.status, name)
        return status

    def semaphore_status(self, name: Name, permits: int) -> SemaphoreStatus:
        """As `LockManager.semaphore_status`."""
        status: SemaphoreStatus = wait_for(self._native.status_of_semaphore, name, permits)
        return status

    def is_locked(self, name: Name) -> bool:
        """As `LockManager.is_locked`."""
        locked: bool = wait_for(self._native.is_locked, name)
        return locked

    def list(self, pattern: Name = "", limit: int = 10_000) -> List[str]:
        """As `LockManager.list`."""
        names: List[str] = wait_for(self._native.list, pattern, limit)
        return names

    def list_semaphores(self, pattern: Name = "", limit: int = 10_000) -> List[tuple[str, int]]:
        """As `LockManager.list_semaphores`."""
        found: List[tuple[str, int]] = wait_for(self._native.list_semaphores, pattern, limit)
        return found

    def vouch(self, node: int | None = None) -> None:
        """As `LockManager.vouch`."""
        wait_for(self._native.vouch, node)

    def examine(self, *, samples: int = 100, resource: Name | None = None) -> List[NodeHealth]:
        """As `LockManager.examine`."""
        health: List[NodeHealth] = wait_for(self._native.examine, samples, resource)
        return health

    def diagnose(self, *, samples: int = 100, resource: Name | None = None) -> List[Finding]:
        """As `LockManager.diagnose`."""
        return self._native.diagnose(self.examine(samples=samples, resource=resource))

    def observe(self, name: Name) -> Iterator[LeaderView]:
        """As `LockManager.observe`; blocks between two changes."""
        seen: LeaderView | None = None
        while True:
            seen = wait_for(self._native.observe, name, seen)
            assert seen is not None
            yield seen

    def locked(
        self, name: str | Callable[..., Name], **options: Unpack[AcquireOptions]
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """As `LockManager.locked`, for ordinary functions."""

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            import functools
            import inspect

            if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
                raise TypeError("an asynchronous function needs an asynchronous manager")
            if inspect.isgeneratorfunction(function):
                raise TypeError("a generator's body runs after its function: lock in its body")
            name_of = names_from(name, function)

            @functools.wraps(function)
            def under_lock(*args: P.args, **kwargs: P.kwargs) -> R:
                with self.lock(name_of(*args, **kwargs), **options):
                    return function(*args, **kwargs)

            return under_lock

        return decorate

    def events(self) -> SyncEventStream:
        """As `LockManager.events`: ``for event in locks.events()``."""
        return SyncEventStream(self._native.listen())

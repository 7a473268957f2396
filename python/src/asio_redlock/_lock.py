"""A lock that is held: in a task, and in a thread."""

from __future__ import annotations

import weakref

from ._errors import Closed, Forked, LockError, LockLost
from ._waiting import end_of, inbox_of, result_of, wait_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Generator
    from types import TracebackType
    from typing import Any

    from ._manager import LockManager, SyncLockManager
    from ._native import Held
    from ._options import Duration, Name


class _HeldLock:
    """What both kinds tell about themselves, without asking any node."""

    __slots__ = ("__weakref__", "_given_up", "_held", "_locks")

    def __init__(self, held: Held, locks: LockManager | SyncLockManager) -> None:
        self._held = held
        # Its end would release the lock.
        self._locks = locks
        #: Whether its holder has released or detached it: the end of a block has nothing to do.
        self._given_up = False

    @property
    def resource(self) -> str:
        """Its name; of a permit the semaphore's."""
        return self._held.resource

    @property
    def resources(self) -> tuple[str, ...]:
        """All names, sorted, of a lock of several."""
        return self._held.resources

    @property
    def token(self) -> str:
        """Identifies this holder: the lock key's value."""
        return self._held.token

    @property
    def fencing_token(self) -> int:
        """Larger than that of every holder before. Pass it to the store that the lock guards."""
        return self._held.fencing_token

    @property
    def slot(self) -> int | None:
        """Which permit of its semaphore it is, from 0; None of any other lock."""
        return self._held.slot

    @property
    def mode(self) -> str:
        """'exclusive' or 'shared'."""
        return self._held.mode

    @property
    def valid(self) -> bool:
        """Whether it is certainly held now. Becomes False by time alone."""
        return self._held.valid

    @property
    def remaining(self) -> float:
        """Seconds for which it is certainly held unless it is renewed or extended."""
        return self._held.remaining

    def __bool__(self) -> bool:
        return self._held.valid

    def __repr__(self) -> str:
        state = "held" if self._held.valid else "not held"
        return f"<{type(self).__name__} {self.resource!r}, {state}>"

    def detach(self) -> str:
        """Gives it up without a release, and returns its token: the nodes keep it until its lease
        ends. Pass the token to another process, which takes it over by ``attach``.
        """
        self._given_up = True
        return self._held.detach()

    def _require_held(self) -> None:
        """Before a block: raises unless it can be guarded."""
        if self._given_up:
            raise RuntimeError("this lock was released or detached: acquire it anew")
        if not self._held.valid:
            self._held.require_here()
            raise self._lost()

    def _lost(self) -> LockLost:
        """Why it is not held any more."""
        why = self._held.last_error()
        return LockLost(f"the lock on {self.resource!r} is lost" + (f": {why}" if why else ""))


class _LossWatch:
    """Tells a lock of its loss, as the target of a call; does not keep it alive."""

    __slots__ = ("_lock",)

    def __init__(self, lock: Lock) -> None:
        self._lock = weakref.ref(lock)

    def done(self) -> bool:
        return self._lock() is None

    def set_result(self, _: None) -> None:
        lock = self._lock()
        if lock is not None and not lock._given_up:
            lock._interrupt(Closed(f"the manager of the lock on {lock.resource!r} was closed"))

    def set_exception(self, error: LockError) -> None:
        lock = self._lock()
        if lock is not None and isinstance(error, LockLost):
            lock._interrupt(lock._lost())


class Lock(_HeldLock):
    """A lock that a task holds. Released when it is collected, if not before.

    ``async with lock:`` runs the body while it is held, and releases it at the end. If it is lost
    meanwhile, the body is cancelled before another client can have the lock, and the statement
    raises `LockLost`.
    """

    __slots__ = ("_ending", "_interruption", "_requests", "_task")

    def __init__(self, held: Held, locks: LockManager) -> None:
        super().__init__(held, locks)
        self._task: asyncio.Task[Any] | None = None
        self._requests = 0
        self._interruption: LockError | None = None
        #: What the block was left with since the lock was over. Weak: the error holds the block.
        self._ending: weakref.ref[LockError] | None = None

    async def extend(self, lease_time: Duration | None = None) -> None:
        """Resets the lease to `lease_time`, or to the lock's own; never shortens it.

        Raises `LockLost` when it is gone; `NoQuorum` or `Indeterminate` when too few nodes
        answered: it stays valid for as long as it was. Cancelled, nodes may have extended it.
        """
        await result_of(self._held.extend, lease_time)

    async def downgrade(self) -> None:
        """Makes an exclusive lock a shared one, without a moment in which others could come
        between. There is no way back. Raises as `extend`.
        """
        await result_of(self._held.downgrade)

    async def proclaim(self, text: Name) -> None:
        """Stores a text of at most 256 bytes beside the lock, for those who ask for its status or
        observe it. Raises as `extend`.
        """
        await result_of(self._held.proclaim, text)

    async def release(self) -> None:
        """Releases it, and waits until a quorum has confirmed that.

        Raises `LockLost` if it was gone before; `Indeterminate` or `NoQuorum` if too few nodes
        answered, and then its lease ends by itself. Cancellation ends the waiting, not the release.
        """
        self._given_up = True
        await end_of(self._held.release)

    async def wait_lost(self) -> None:
        """Returns when it is released or detached; raises `LockLost` when it is lost."""
        await result_of(self._held.wait_lost)

    def _interrupt(self, why: LockError) -> None:
        """Ends the body, if there is one."""
        if self._task is not None and self._interruption is None:
            self._interruption = why
            self._task.cancel()

    async def __aenter__(self) -> Lock:
        self._enter()
        return self

    def _enter(self) -> None:
        from asyncio import current_task, get_running_loop

        if self._task is not None:
            raise RuntimeError("this lock guards another block already")
        self._require_held()
        task = current_task()
        if task is None:
            raise RuntimeError("a lock can guard a block only in a task")
        self._held.wait_lost(inbox_of(get_running_loop()), _LossWatch(self))
        self._requests = task.cancelling()
        self._interruption = None
        self._task = task

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        from asyncio import CancelledError

        task, self._task = self._task, None
        if kind is GeneratorExit:
            # The task's loop is gone, or a generator is closed: nothing can be awaited.
            if self._interruption is not None and task is not None and task is _running_task():
                task.uncancel()
            self._held.abandon()
            return
        interruption, self._interruption = self._interruption, None
        request = None
        if interruption is not None and not isinstance(error, CancelledError):
            request = await _pending_request()
        # Whether nobody else wants the task to end.
        alone = interruption is None or (task is not None and task.uncancel() <= self._requests)
        loss: LockError | None = None
        try:
            loss = await self._release_after_block()
            if interruption is not None:
                loss = interruption
            if not alone and request is not None:
                raise request
            if loss is not None and (
                error is None
                or isinstance(error, Exception)
                or (interruption is not None and alone and isinstance(error, CancelledError))
            ):
                self._ending = weakref.ref(loss)
                raise loss from error
        finally:
            # Raised, they hold this frame.
            del interruption, request, loss

    async def _release_after_block(self) -> LockLost | None:
        """Returns the loss, if it was lost before."""
        if self._given_up:
            return None
        # A node that has it still confirms the release, even if that comes too late.
        loss = None if self.valid else self._lost()
        try:
            await self.release()
        except LockLost as lost:
            return loss or lost
        except Forked:
            return None
        except LockError:
            # Its lease ends by itself, and the work was done while it was held.
            pass
        return loss


def _running_task() -> asyncio.Task[Any] | None:
    from asyncio import current_task

    try:
        return current_task()
    except RuntimeError:
        return None


async def _pending_request() -> BaseException | None:
    """The task's cancellation that was requested and has not come yet, or None: before Python 3.13
    nothing takes it back.
    """
    from asyncio import CancelledError, sleep

    try:
        await sleep(0)
    except CancelledError as request:
        return request
    return None


class Term(Lock):
    """One term of a leader. ``fencing_token`` is its number."""

    __slots__ = ()

    def resign(self) -> None:
        """Ends the term: the body is cancelled, and the campaign, if there is one, begins again
        behind all that wait already. Returns at once. RuntimeError outside of a block, where
        `release` ends the term.
        """
        if self._task is None:
            raise RuntimeError("no block is under way that could be ended: release the term")
        self._interrupt(Resigned(f"the leadership of {self.resource!r} was resigned"))

    def _ended_by(self, error: LockError) -> bool:
        """Whether the block was left with this error since the term was over."""
        return self._ending is not None and self._ending() is error


class Resigned(LockError):
    """The term was resigned; raised by ``async with locks.leadership(...)``."""


ENTERED_TWICE = (
    "this acquisition guards a block already: call the manager's function for each block"
)


class Acquisition:
    """What `LockManager.lock` and the like return: ``await`` it for the lock, or use it in
    ``async with``, as one or the other begins the acquisition.
    """

    __slots__ = ("_arguments", "_is_entered", "_lock", "_locks", "_make")

    def __init__(self, locks: LockManager, make: type[Lock], arguments: tuple[Any, ...]) -> None:
        self._locks = locks
        self._make = make
        self._arguments = arguments
        self._lock: Lock | None = None
        self._is_entered = False

    async def _acquire(self) -> Lock:
        held = await result_of(self._locks._native.acquire, *self._arguments)
        return self._make(held, self._locks)

    def __await__(self) -> Generator[Any, None, Lock]:
        return self._acquire().__await__()

    async def __aenter__(self) -> Lock:
        if self._is_entered:
            raise RuntimeError(ENTERED_TWICE)
        self._is_entered = True
        try:
            lock = await self._acquire()
            lock._enter()
        except BaseException:
            self._is_entered = False
            raise
        self._lock = lock
        return lock

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        lock, self._lock, self._is_entered = self._lock, None, False
        assert lock is not None
        await lock.__aexit__(kind, error, trace)


class TermAcquisition(Acquisition):
    """What `LockManager.leadership` returns."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __await__(self) -> Generator[Any, None, Term]: ...
        async def __aenter__(self) -> Term: ...


class SyncLock(_HeldLock):
    """A lock that a thread holds. Released when it is collected, if not before.

    ``with lock:`` releases it at the end, and raises `LockLost` if it was lost meanwhile. Nothing
    stops the body then: look at `valid` between two steps, or call `check`, and pass
    `fencing_token` to the store. Any thread may use it.
    """

    __slots__ = ()

    def check(self) -> None:
        """Raises `LockLost` unless it is certainly held now."""
        if not self._held.valid:
            raise self._lost()

    def extend(self, lease_time: Duration | None = None) -> None:
        """As `Lock.extend`; blocks."""
        wait_for(self._held.extend, lease_time)

    def downgrade(self) -> None:
        """As `Lock.downgrade`; blocks."""
        wait_for(self._held.downgrade)

    def proclaim(self, text: Name) -> None:
        """As `Lock.proclaim`; blocks."""
        wait_for(self._held.proclaim, text)

    def release(self) -> None:
        """As `Lock.release`; blocks."""
        self._given_up = True
        wait_for(self._held.release)

    def wait_lost(self, timeout: Duration | None = None) -> bool:
        """Blocks until it is released or detached; raises `LockLost` when it is lost. With a
        timeout in seconds: returns False when that has passed and it is still held.
        """
        try:
            wait_for(self._held.wait_lost, timeout=timeout)
        except LockError:
            raise
        except TimeoutError:
            return False
        return True

    def __enter__(self) -> SyncLock:
        self._require_held()
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._given_up:
            return
        # A node that has it still confirms the release, even if that comes too late.
        loss = None if self.valid else self._lost()
        try:
            self.release()
        except LockLost as lost:
            loss = loss or lost
        except Forked:
            return
        except LockError:
            # Its lease ends by itself, and the work was done while it was held.
            pass
        try:
            if loss is not None and (error is None or isinstance(error, Exception)):
                raise loss from error
        finally:
            # Raised, it holds this frame.
            del loss


class SyncTerm(SyncLock):
    """One term of a leader. ``fencing_token`` is its number."""

    __slots__ = ()


class SyncAcquisition:
    """What `SyncLockManager.lock` returns: ``with`` begins the acquisition."""

    __slots__ = ("_arguments", "_is_entered", "_lock", "_locks", "_make")

    def __init__(
        self, locks: SyncLockManager, make: type[SyncLock], arguments: tuple[Any, ...]
    ) -> None:
        self._locks = locks
        self._make = make
        self._arguments = arguments
        self._lock: SyncLock | None = None
        self._is_entered = False

    def acquire(self) -> SyncLock:
        """Blocks until it is acquired, as long as its options say."""
        held = wait_for(self._locks._native.acquire, *self._arguments)
        return self._make(held, self._locks)

    def __enter__(self) -> SyncLock:
        if self._is_entered:
            raise RuntimeError(ENTERED_TWICE)
        self._is_entered = True
        try:
            self._lock = self.acquire()
        except BaseException:
            self._is_entered = False
            raise
        return self._lock

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        lock, self._lock, self._is_entered = self._lock, None, False
        assert lock is not None
        lock.__exit__(kind, error, trace)

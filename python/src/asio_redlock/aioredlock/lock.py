"""A lock, as aioredlock's programs see it."""

# The modules of this package know each other.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import enum

from .._errors import LockError as EngineError
from .._errors import LockLost
from .errors import answer_of, failure_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from types import TracebackType

    from .._lock import Lock as Held
    from .algorithm import Aioredlock


class State(enum.Enum):
    """What is known of a lock. `valid` says whether it is held now."""

    #: Made by its constructor with valid=False: of no use but for its name.
    NAMED = enum.auto()
    #: Made by its constructor with valid=True: the nodes are asked when it is used.
    CLAIMED = enum.auto()
    #: Held by somebody else; extended and released here by its identifier.
    LOOKED_UP = enum.auto()
    #: Acquired here with a lock_timeout.
    TIMED = enum.auto()
    #: Acquired here without one.
    RENEWED = enum.auto()
    #: Unlocked by the program.
    UNLOCKED = enum.auto()

    @property
    def is_left_to_its_lease(self) -> bool:
        """Whether a lock that is collected stays on the nodes until its lease ends."""
        return self is State.TIMED or self is State.LOOKED_UP


class Lock:
    """What `Aioredlock.lock` and `get_lock` return, or what a program makes of a resource and an
    identifier that it knows: with valid=True it can be extended and unlocked.

    ``async with lock:`` unlocks it at the end. If it is lost meanwhile, the body is cancelled
    before another client can have the lock, and the statement raises LockAcquiringError.
    """

    __slots__ = (
        "__weakref__",
        "_among",
        "_held",
        "_state",
        "id",
        "lock_manager",
        "lock_timeout",
        "resource",
    )

    def __init__(
        self,
        lock_manager: Aioredlock,
        resource: str | bytes,
        id: str | bytes,
        lock_timeout: float | None = 10.0,
        valid: bool = False,
    ) -> None:
        self._held: Held | None = None
        self._among: set[Lock] | None = None
        self._state = State.CLAIMED if valid else State.NAMED
        self.lock_manager = lock_manager
        self.resource = resource
        #: Its identifier: the value of the key.
        self.id = id
        #: The lease time in seconds; None: `internal_lock_timeout`, renewed while it is held.
        self.lock_timeout = lock_timeout

    @property
    def valid(self) -> bool:
        """Whether it is certainly held now. Becomes False by time alone."""
        if self._state is State.CLAIMED:
            return True
        return self._held is not None and self._state is not State.UNLOCKED and self._held.valid

    async def extend(self) -> None:
        """As ``lock_manager.extend(lock)``."""
        await self.lock_manager.extend(self)

    async def release(self) -> None:
        """As ``lock_manager.unlock(lock)``."""
        await self.lock_manager.unlock(self)

    async def is_locked(self) -> bool:
        """As ``lock_manager.is_locked(lock)``."""
        return await self.lock_manager.is_locked(self)

    async def __aenter__(self) -> Lock:
        await (await self._usable()).__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._held is not None
        unlocked_before = self._state is State.UNLOCKED
        try:
            await self._held.__aexit__(kind, error, trace)
        except LockLost as lost:
            # A lock that the program has unlocked in the body is not there to be released.
            if not unlocked_before:
                raise failure_of(lost) from lost
        finally:
            self._end()

    def __repr__(self) -> str:
        return (
            f"Lock(resource={self.resource!r}, id={self.id!r}, "
            f"lock_timeout={self.lock_timeout!r}, valid={self.valid!r})"
        )

    def __del__(self) -> None:
        if self._state.is_left_to_its_lease:
            self._leave()

    def _acquired(self, held: Held, state: State) -> Lock:
        assert self._held is None
        self._held = held
        self._state = state
        return self

    def _keep_among(self, locks: set[Lock]) -> None:
        """Until its end; they keep it alive."""
        locks.add(self)
        self._among = locks

    async def _usable(self) -> Held:
        """What it is made of, from the nodes if need be."""
        if self._state in (State.NAMED, State.UNLOCKED):
            raise RuntimeError("the lock is not valid: it was unlocked, or never acquired")
        if self._held is None:
            held = await answer_of(self.lock_manager._attached(self.resource, self.id))
            if self._held is not None:
                # Another task was sooner.
                held.detach()
            else:
                self.lock_manager._look_after(self._acquired(held, State.LOOKED_UP))
        assert self._held is not None
        return self._held

    async def _extend(self, lease_time: float) -> None:
        held = await self._usable()
        await _carried_out(held, held.extend(lease_time))

    async def _unlock(self) -> None:
        if self._state in (State.NAMED, State.UNLOCKED):
            return
        held = await self._usable()
        try:
            await _carried_out(held, held.release())
        finally:
            self._end()

    def _end(self) -> None:
        """It was unlocked, or is to count as that."""
        self._state = State.UNLOCKED
        if self._among is not None:
            self._among.discard(self)
            self._among = None
        self.lock_manager._forget(self)

    def _leave(self) -> None:
        """Leaves it to its lease."""
        if self._held is not None:
            self._held.detach()

    def _abandon(self) -> None:
        """Releases it without waiting."""
        if self._held is not None:
            self._held._held.abandon()
        self._end()


async def _carried_out(held: Held, operation: Awaitable[None]) -> None:
    """As `answer_of`, for an operation of a lock, which knows best what went wrong."""
    try:
        await operation
    except ValueError as error:
        raise ValueError(held._held.last_error() or str(error)) from None
    except EngineError as error:
        raise failure_of(error, held._held.last_error()) from error

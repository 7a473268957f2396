"""aioredlock's exceptions. The package's own exception is the ``__cause__`` of each."""

from __future__ import annotations

from .._errors import Contended, LockLost, TimedOut
from .._errors import LockError as EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeVar

    Answer = TypeVar("Answer")


class AioredlockError(Exception):
    """Base of all but `SentinelConfigError`."""


class LockError(AioredlockError):
    """The lock was not acquired, extended or released."""


class LockAcquiringError(LockError):
    """Another client holds the lock, or may hold it by now."""


class LockRuntimeError(LockError):
    """Too few nodes answered, or the manager cannot be used. ``__cause__.nodes`` tells why."""


def failure_of(cause: EngineError, why: str = "") -> LockError:
    """aioredlock's exception for one of the package; raise it ``from cause``. `why`: a better
    sentence than that of the cause, if there is one.
    """
    if isinstance(cause, (Contended, LockLost, TimedOut)):
        return LockAcquiringError(why or str(cause))
    return LockRuntimeError(why or str(cause))


async def answer_of(operation: Awaitable[Answer]) -> Answer:
    """The operation's result, with its errors as aioredlock's."""
    try:
        return await operation
    except EngineError as error:
        raise failure_of(error) from error

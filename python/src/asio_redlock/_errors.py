"""The exceptions of the package. One for each condition that a caller handles differently."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._native import Holder, NodeFailure


class LockError(Exception):
    """Base of all. ``str(error)`` is one sentence, with each failed node's own cause.

    Arguments that cannot be used raise ``ValueError`` or ``TypeError`` instead.
    """

    #: Why single nodes did not help.
    nodes: tuple[NodeFailure, ...]
    #: Who has the lock, if a quorum reported it; with `Contended` and `TimedOut`.
    holder: Holder | None

    def __init__(
        self,
        message: str = "",
        nodes: tuple[NodeFailure, ...] = (),
        holder: Holder | None = None,
    ) -> None:
        super().__init__(message)
        self.nodes = nodes
        self.holder = holder

    def __reduce__(self) -> tuple[object, ...]:
        # To another process only the sentence goes.
        return type(self), (str(self),)


class Contended(LockError):
    """Another client holds the lock, and the caller did not want to wait."""


class TimedOut(LockError, TimeoutError):
    """The wait ran out while another client held the lock."""


class NoQuorum(LockError):
    """Too few nodes answered for any majority. Nothing is known to be held."""


class LockLost(LockError):
    """The lock does not, or no longer, belong to this holder."""


class Indeterminate(LockError):
    """Too few nodes answered, and a write may have been executed on some of the others."""


class Closed(LockError):
    """The manager was closed."""


class Forked(LockError):
    """Manager or lock belong to the parent process: make a manager in the child."""


class SameServerTwice(LockError):
    """Two of the nodes are one and the same server, so that its vote would count twice."""


class DifferentNodes(LockError):
    """Other clients of a node use another number of nodes, so that no lock is safe."""


class PermitsMismatch(LockError):
    """Other clients use the semaphore with another number of permits."""


_CLASSES: dict[str, type[LockError]] = {
    "contended": Contended,
    "timed_out": TimedOut,
    "no_quorum": NoQuorum,
    "lost": LockLost,
    "indeterminate": Indeterminate,
    "closed": Closed,
    "forked": Forked,
    "same_server_twice": SameServerTwice,
    "different_nodes": DifferentNodes,
    "permits_mismatch": PermitsMismatch,
}


def _make(
    code: str, message: str, nodes: tuple[NodeFailure, ...], holder: Holder | None
) -> Exception:
    if code == "invalid_argument":
        return ValueError(message)
    return _CLASSES.get(code, LockError)(message, nodes, holder)


_native._make_errors_with(_make)

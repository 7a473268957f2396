"""The compiled half of the package, as type checkers see it."""

from builtins import list as _List  # where a class has a method of that name
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, final

from ._options import Duration, Name

Mode: TypeAlias = Literal["exclusive", "shared"]
Verdict: TypeAlias = Literal["held", "free", "split", "unknown"]
EventKind: TypeAlias = Literal[
    "woken",
    "acquired",
    "attempt_failed",
    "acquire_failed",
    "extended",
    "extend_failed",
    "lost",
    "released",
    "handed_over",
    "release_failed",
    "late_grant_released",
    "node_ready",
    "node_down",
    "node_refused",
    "node_without_vote",
    "tracking_refused",
    "node_unverified",
]

version: str

@final
class NodeFailure:
    """Why one node did not help."""

    __match_args__ = ("node", "cause", "message")
    @property
    def node(self) -> int:
        """Its position in the list of nodes, from 0."""
    @property
    def cause(self) -> str:
        """The general reason."""
    @property
    def message(self) -> str:
        """For people: the node without its secrets, and the server's own words."""

@final
class Holder:
    """Who holds a lock, as a quorum of the nodes reports it."""

    __match_args__ = (
        "token",
        "fencing_token",
        "label",
        "remaining",
        "mode",
        "readers",
        "resource",
    )
    @property
    def token(self) -> str:
        """Identifies the holder; of several readers 'redlock:shared'."""
    @property
    def fencing_token(self) -> int:
        """0 if another library holds it, or several readers do."""
    @property
    def label(self) -> str:
        """Empty if it gave none."""
    @property
    def remaining(self) -> float | None:
        """Seconds until its leases have ended, unless extended; None if they never end."""
    @property
    def mode(self) -> Mode:
        """'exclusive' or 'shared'."""
    @property
    def readers(self) -> int:
        """How many share it; 0 of an exclusive lock."""
    @property
    def resource(self) -> str:
        """Of an acquisition of several: the resource that is held. Else empty."""

@final
class ActiveLock:
    """A lock that a manager holds."""

    __match_args__ = ("resource", "token", "mode")
    @property
    def resource(self) -> str:
        """Its name."""
    @property
    def token(self) -> str:
        """Identifies this holder."""
    @property
    def mode(self) -> Mode:
        """'exclusive' or 'shared'."""

@final
class NodeStatus:
    """One node's view of a resource."""

    __match_args__ = (
        "node",
        "name",
        "error",
        "message",
        "token",
        "mode",
        "remaining",
        "fence",
        "fence_message",
        "key_message",
        "fencing_token",
        "label",
        "proclaimed",
        "edition",
        "readers",
        "reader_count",
        "vote_error",
        "vote_message",
        "quarantine",
    )
    @property
    def node(self) -> int:
        """Its position in the list of nodes, from 0."""
    @property
    def name(self) -> str:
        """Its address, without secrets."""
    @property
    def error(self) -> str:
        """Why it did not answer; empty if it did. If set, nothing below counts."""
    @property
    def message(self) -> str:
        """The same for people."""
    @property
    def token(self) -> str:
        """Of the holder; empty: free on this node."""
    @property
    def mode(self) -> Mode | None:
        """'exclusive', 'shared'; None: free on this node."""
    @property
    def remaining(self) -> float | None:
        """Seconds of the lease that are left; None without a lease."""
    @property
    def fence(self) -> int:
        """The largest fencing token that it has seen."""
    @property
    def fence_message(self) -> str:
        """Set if that is too far ahead for the node to vote; with the remedy."""
    @property
    def key_message(self) -> str:
        """Set if a key of the resource has a value that no lock has; with the remedy."""
    @property
    def fencing_token(self) -> int:
        """The holder's own."""
    @property
    def label(self) -> str:
        """The holder's."""
    @property
    def proclaimed(self) -> str:
        """What the holder has proclaimed last."""
    @property
    def edition(self) -> int:
        """How often it has proclaimed something."""
    @property
    def readers(self) -> tuple[Holder, ...]:
        """Those who share it: at most 100."""
    @property
    def reader_count(self) -> int:
        """How many there are."""
    @property
    def vote_error(self) -> str:
        """Set while it has no vote in acquisitions, whatever it answers."""
    @property
    def vote_message(self) -> str:
        """Why, and for how long."""
    @property
    def quarantine(self) -> float | None:
        """Seconds that are left of it, or None."""

@final
class Status:
    """All nodes' views of a resource, and the verdict."""

    __match_args__ = (
        "resource",
        "verdict",
        "mode",
        "token",
        "fencing_token",
        "label",
        "proclaimed",
        "edition",
        "remaining",
        "readers",
        "reader_count",
        "nodes",
        "slot",
    )
    @property
    def resource(self) -> str:
        """Its name."""
    @property
    def verdict(self) -> Verdict:
        """'held', 'free', 'split' (a change is in progress) or 'unknown' (too few answered)."""
    @property
    def mode(self) -> Mode | None:
        """'exclusive' or 'shared' when held, else None."""
    @property
    def token(self) -> str:
        """Of the holder, when held."""
    @property
    def fencing_token(self) -> int:
        """The holder's; 0 of readers."""
    @property
    def label(self) -> str:
        """The holder's; empty of readers."""
    @property
    def proclaimed(self) -> str:
        """What the holder has proclaimed last."""
    @property
    def edition(self) -> int:
        """How often it has proclaimed something."""
    @property
    def remaining(self) -> float | None:
        """Seconds until its leases have ended on a quorum, unless extended; or None."""
    @property
    def readers(self) -> tuple[Holder, ...]:
        """Those who share it."""
    @property
    def reader_count(self) -> int:
        """How many there are."""
    @property
    def nodes(self) -> tuple[NodeStatus, ...]:
        """Each node's view, in their order."""
    @property
    def slot(self) -> int | None:
        """Of a permit: which."""

@final
class SemaphoreStatus:
    """The nodes' views of all permits."""

    __match_args__ = ("name", "slots", "remembered_permits")
    @property
    def name(self) -> str:
        """The semaphore's name."""
    @property
    def slots(self) -> tuple[Status, ...]:
        """One status for each permit."""
    @property
    def remembered_permits(self) -> int | None:
        """The number of permits that the nodes know from other clients, or None."""

@final
class LeaderView:
    """Who leads, as an observer sees it."""

    __match_args__ = ("token", "term", "label", "proclaimed", "edition")
    @property
    def token(self) -> str:
        """Of the leader; empty: nobody leads."""
    @property
    def term(self) -> int:
        """The number of its term, a fencing token."""
    @property
    def label(self) -> str:
        """Empty if it gave none."""
    @property
    def proclaimed(self) -> str:
        """What it has proclaimed last."""
    @property
    def edition(self) -> int:
        """How often it has proclaimed something."""
    def __bool__(self) -> bool: ...

@final
class Statistics:
    """Counters of a manager, which only grow."""

    __match_args__ = (
        "acquired",
        "handed_over",
        "attempts",
        "split_votes",
        "wake_ups",
        "lost",
        "waited",
    )
    @property
    def acquired(self) -> int:
        """Acquisitions that ended with the lock."""
    @property
    def handed_over(self) -> int:
        """Of these: from a holder of the same manager."""
    @property
    def attempts(self) -> int:
        """Rounds of commands to the nodes."""
    @property
    def split_votes(self) -> int:
        """Of these: no attempt could have a quorum."""
    @property
    def wake_ups(self) -> int:
        """Times that a change message made a waiter try again."""
    @property
    def lost(self) -> int:
        """Locks lost before they were released."""
    @property
    def waited(self) -> float:
        """Seconds from call to completion, summed up over `acquired`."""

@final
class RoundTrip:
    """From a command's sending to its reply."""

    __match_args__ = ("median", "p99", "samples")
    @property
    def median(self) -> float:
        """Seconds."""
    @property
    def p99(self) -> float:
        """Seconds."""
    @property
    def samples(self) -> int:
        """How many were measured."""

@final
class ClockReading:
    """A node's clock beside this machine's."""

    __match_args__ = ("ahead", "error")
    @property
    def ahead(self) -> float:
        """Seconds; negative: behind."""
    @property
    def error(self) -> float:
        """Seconds either way, at most."""

@final
class MissingRight:
    """What the node's user may not do."""

    __match_args__ = ("what", "rule", "needed_for", "essential", "withheld_by")
    @property
    def what(self) -> str:
        """The command, key or channel."""
    @property
    def rule(self) -> str:
        """The ACL rule that allows it; empty: none helps."""
    @property
    def needed_for(self) -> str:
        """For people."""
    @property
    def essential(self) -> bool:
        """Without it the node gives no vote."""
    @property
    def withheld_by(self) -> str:
        """What withholds it."""

@final
class NodeHealth:
    """What could be observed of one node; None: it could not."""

    __match_args__ = (
        "node",
        "name",
        "error",
        "message",
        "server",
        "version",
        "role",
        "uptime",
        "user",
        "round_trip",
        "clock",
        "missing",
        "vote_error",
        "vote_message",
        "quarantine",
    )
    @property
    def node(self) -> int:
        """Its position in the list of nodes, from 0."""
    @property
    def name(self) -> str:
        """Its address, without secrets."""
    @property
    def error(self) -> str:
        """Why it could not be examined; else empty."""
    @property
    def message(self) -> str:
        """The same for people."""
    @property
    def server(self) -> str:
        """Its own name: 'Redis', 'Valkey' or another."""
    @property
    def version(self) -> str:
        """Its own."""
    @property
    def role(self) -> str | None:
        """'master', 'replica' or 'other'."""
    @property
    def uptime(self) -> float | None:
        """Seconds."""
    @property
    def user(self) -> str:
        """As whom we are logged in."""
    @property
    def round_trip(self) -> RoundTrip | None:
        """How quickly it answers."""
    @property
    def clock(self) -> ClockReading | None:
        """How its clock differs from ours."""
    @property
    def missing(self) -> tuple[MissingRight, ...]:
        """Rights that its user lacks."""
    @property
    def vote_error(self) -> str:
        """Set while it has no vote."""
    @property
    def vote_message(self) -> str:
        """Why, and for how long."""
    @property
    def quarantine(self) -> float | None:
        """Seconds that are left of it, or None."""

@final
class Finding:
    """One verdict of the doctor."""

    __match_args__ = ("level", "code", "node", "what", "why", "advice")
    @property
    def level(self) -> Literal["ok", "note", "warning", "problem"]:
        """'ok', 'note', 'warning' or 'problem'."""
    @property
    def code(self) -> str:
        """The kind, which never changes: see docs/doctor.md."""
    @property
    def node(self) -> int | None:
        """Which node; None: all together."""
    @property
    def what(self) -> str:
        """For people."""
    @property
    def why(self) -> str:
        """Why that matters; may be empty."""
    @property
    def advice(self) -> str:
        """The change to make; may be empty."""

@final
class Event:
    """Something that a manager reports."""

    __match_args__ = (
        "kind",
        "resource",
        "fencing_token",
        "node",
        "node_name",
        "error",
        "message",
        "elapsed",
        "ahead",
    )
    @property
    def kind(self) -> EventKind:
        """Which, for example 'acquired', 'lost', 'node_down'."""
    @property
    def resource(self) -> str:
        """Empty for events of nodes."""
    @property
    def fencing_token(self) -> int:
        """0 where there is none."""
    @property
    def node(self) -> int | None:
        """For events of nodes: which, from 0. Else None."""
    @property
    def node_name(self) -> str:
        """Its address, without secrets."""
    @property
    def error(self) -> str:
        """Empty where there is none."""
    @property
    def message(self) -> str:
        """For people; may be empty."""
    @property
    def elapsed(self) -> float:
        """Seconds."""
    @property
    def ahead(self) -> int | None:
        """Places before a waiter in line, or None."""

@final
class Call:
    """An operation under way."""

    def cancel(self) -> None: ...

@final
class Inbox:
    """Where results arrive for one event loop, or one blocked thread."""

    def __init__(self) -> None: ...
    def fileno(self) -> int: ...
    def drain(self) -> None: ...
    def wait(self, box: Box, seconds: float | None, /) -> None: ...

@final
class InboxReader:
    """What an event loop calls when the inbox is readable; abandons it when it is let go."""

    def __init__(self, inbox: Inbox, /) -> None: ...
    def __call__(self) -> None: ...

@final
class Box:
    """Where a blocked thread finds an operation's outcome."""

    def __init__(self) -> None: ...
    def done(self) -> bool: ...
    def give_up(self) -> None: ...
    def result(self) -> Any: ...

@final
class Listener:
    """One who reads a manager's events."""

    def ring(self, inbox: Inbox, target: Any, /) -> Call: ...
    def take(self) -> tuple[list[Event], int, bool]: ...

@final
class Held:
    """A lock that was acquired; released when it is collected."""

    @property
    def resource(self) -> str: ...
    @property
    def resources(self) -> tuple[str, ...]: ...
    @property
    def token(self) -> str: ...
    @property
    def fencing_token(self) -> int: ...
    @property
    def slot(self) -> int | None: ...
    @property
    def mode(self) -> Mode: ...
    @property
    def valid(self) -> bool: ...
    @property
    def remaining(self) -> float: ...
    def extend(self, inbox: Inbox, target: Any, lease_time: Duration | None, /) -> Call: ...
    def downgrade(self, inbox: Inbox, target: Any, /) -> Call: ...
    def proclaim(self, inbox: Inbox, target: Any, text: Name, /) -> Call: ...
    def release(self, inbox: Inbox, target: Any, /) -> Call: ...
    def wait_lost(self, inbox: Inbox, target: Any, /) -> Call: ...
    def last_error(self) -> str: ...
    def detach(self) -> str: ...
    def require_here(self) -> None: ...
    def abandon(self) -> None: ...
    def discard(self) -> None: ...

@final
class Manager:
    """A lock manager of the C++ library. Operations end in `target`, a future or a box."""

    def __init__(self, urls: Sequence[str], options: Mapping[str, Any], /) -> None: ...
    @staticmethod
    def from_file(path: bytes, options: Mapping[str, Any], /) -> Manager: ...
    def acquire(
        self,
        inbox: Inbox,
        target: Any,
        shape: str,
        names: Any,
        permits: int,
        options: Mapping[str, Any],
        /,
    ) -> Call: ...
    def attach(
        self,
        inbox: Inbox,
        target: Any,
        shape: str,
        names: Any,
        permits: int,
        token: Name,
        options: Mapping[str, Any],
        /,
    ) -> Call: ...
    def status(self, inbox: Inbox, target: Any, name: Name, /) -> Call: ...
    def status_of_semaphore(
        self, inbox: Inbox, target: Any, name: Name, permits: int, /
    ) -> Call: ...
    def observe(
        self, inbox: Inbox, target: Any, name: Name, seen: LeaderView | None, /
    ) -> Call: ...
    def is_locked(self, inbox: Inbox, target: Any, name: Name, /) -> Call: ...
    def list(self, inbox: Inbox, target: Any, pattern: Name, limit: int, /) -> Call: ...
    def list_semaphores(self, inbox: Inbox, target: Any, pattern: Name, limit: int, /) -> Call: ...
    def vouch(self, inbox: Inbox, target: Any, node: int | None, /) -> Call: ...
    def examine(
        self, inbox: Inbox, target: Any, samples: int, resource: Name | None, /
    ) -> Call: ...
    def close(self, inbox: Inbox, target: Any, /) -> Call: ...
    def diagnose(self, health: Sequence[NodeHealth], /) -> _List[Finding]: ...
    def listen(self) -> Listener: ...
    @property
    def is_here(self) -> bool: ...
    def active_locks(self) -> _List[ActiveLock]: ...
    def statistics(self) -> Statistics: ...

def seconds_of(duration: Duration, what: str, /) -> float: ...
def shut_down() -> None: ...
def close_all() -> None: ...
def pause() -> None: ...
def resume() -> None: ...
def forget() -> None: ...
def _make_errors_with(maker: Any, /) -> None: ...

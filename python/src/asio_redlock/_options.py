"""The options of the package, as type checkers see them. Every default is the C++ library's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, TypedDict

#: Seconds, or a timedelta.
Duration = float | timedelta
#: A resource's name: the Redis key. Text is UTF-8.
Name = str | bytes


class AttachOptions(TypedDict, total=False):
    """Of a lock that is taken over by its token."""

    #: The lease time that an extension sets; default: the manager's.
    lease_time: Duration | None
    #: Whether it is renewed for as long as it is held; default: no.
    renew: bool | None
    #: How long before its end the loss is announced; default: a tenth of the lease time, at most
    #: half a second.
    stop_margin: Duration | None


class AcquireOptions(AttachOptions, total=False):
    """Of one acquisition."""

    #: How long to wait while another client holds the lock. 0: one attempt. Default, and None: as
    #: long as it takes; too few nodes that answer end it sooner (`quorum_timeout`).
    wait: Duration | None
    #: Instead of `wait`: this many attempts, with a random delay between them.
    attempts: int | None
    #: With `attempts`: one delay, or the shortest and the longest; default: 0.1 to 0.3 seconds.
    delay: Duration | Sequence[Duration] | None
    #: A text for people, which `status` shows; costs one more command on each node.
    label: Name
    #: The lock key's value; default: a new random one for each attempt.
    identifier: Name
    #: Whether to wait in line with those of other processes; default: yes.
    fair: bool
    #: It stays locked for this long even if it is released earlier; default: 0.
    min_hold: Duration
    #: Whether it may pass within this manager without a word to the nodes; default: yes.
    hand_over: bool


class ManagerOptions(TypedDict, total=False):
    """Of a manager. All clients of a node must agree on the number of nodes, `max_lease_time`,
    `clock_window`, `fence_lifetime` and `clock_step`.
    """

    #: Of acquisitions that name none; default 10 s.
    lease_time: Duration
    #: The longest that may be asked for; default 60 s.
    max_lease_time: Duration
    #: How long a node may take to answer a command; default 0.5 s.
    node_timeout: Duration
    #: How long connecting and logging in may take; default 1 s.
    connect_timeout: Duration
    #: How long an acquisition goes on while too few nodes answer; None: for ever. Default 5 s.
    quorum_timeout: Duration | None
    #: Delays before a lost connection is tried again; defaults 0.02 s and 2 s.
    reconnect_min: Duration
    reconnect_max: Duration
    #: How long closing may take; default 0.5 s.
    close_timeout: Duration
    #: How far a fencing token may be from a node's clock; default 10 s.
    clock_window: Duration
    #: How long a node remembers the last fencing token of a resource; default 120 s.
    fence_lifetime: Duration
    #: By how much a node's clock may be set forward without harm; default 1 s.
    clock_step: Duration
    #: Whether locks have fencing tokens; default: yes.
    fencing: bool
    #: Whether restarted nodes have no vote for a while; default 'automatic': with three and more.
    guard: Literal["automatic", "on", "off"]
    #: How often, and for how long, a lock passes within this manager; defaults 1000 and 0.05 s.
    hand_over_count: int
    hand_over_time: Duration
    #: Put before the keys that the library keeps beside the locks; default: nothing.
    key_prefix: str

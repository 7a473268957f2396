"""Arguments that cannot be used: TypeError or ValueError with a sentence that helps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from support import manager, run

import asio_redlock as redlock

NAN = float("nan")
INFINITY = float("inf")

_NEITHER_NUMBER_NOR_TIMEDELTA = "a number of seconds or a timedelta, not "

#: Options of an acquisition, the error and what its sentence says.
BAD_OPTIONS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"wiat": 1}, TypeError, "no option wiat; there are wait, attempts"),
    ({"nodes": 1}, TypeError, "no option nodes"),
    ({"wait": NAN}, ValueError, "wait must be a number of seconds, not NaN"),
    ({"wait": -1}, ValueError, "wait must not be negative: 0 is one attempt"),
    ({"wait": -INFINITY}, ValueError, "wait must not be negative"),
    ({"wait": timedelta(seconds=-1)}, ValueError, "wait must not be negative"),
    ({"wait": True}, TypeError, "wait must be " + _NEITHER_NUMBER_NOR_TIMEDELTA + "bool"),
    ({"wait": "5"}, TypeError, "wait must be " + _NEITHER_NUMBER_NOR_TIMEDELTA + "str"),
    ({"wait": [5]}, TypeError, "wait must be " + _NEITHER_NUMBER_NOR_TIMEDELTA + "list"),
    ({"wait": 5j}, TypeError, "wait must be " + _NEITHER_NUMBER_NOR_TIMEDELTA + "complex"),
    ({"wait": 1, "attempts": 2}, TypeError, "wait and attempts exclude each other"),
    ({"attempts": 0}, ValueError, "attempts must be at least 1"),
    ({"attempts": -1}, ValueError, "attempts must be from 0"),
    ({"attempts": 1.5}, TypeError, "attempts must be an int"),
    ({"attempts": True}, TypeError, "attempts must be an int"),
    ({"attempts": 10**30}, ValueError, "attempts must be from 0"),
    ({"delay": 1}, TypeError, "needs attempts"),
    ({"attempts": 2, "delay": (1, 2, 3)}, ValueError, "one duration or two"),
    ({"attempts": 2, "delay": ()}, ValueError, "one duration or two"),
    ({"attempts": 2, "delay": (2, 1)}, ValueError, "retry delay"),
    ({"attempts": 2, "delay": -1}, ValueError, "retry delay"),
    ({"attempts": 2, "delay": NAN}, ValueError, "delay must be a number of seconds, not NaN"),
    ({"attempts": 2, "delay": "12"}, TypeError, "delay must be"),
    ({"attempts": 2, "delay": ("1", "2")}, TypeError, "delay must be"),
    ({"lease_time": 0}, ValueError, "lease time is 0ms; it must be positive"),
    ({"lease_time": -1}, ValueError, "must be positive"),
    ({"lease_time": 0.0001}, ValueError, "must be positive"),
    ({"lease_time": 61}, ValueError, "longer than max_lease_time"),
    ({"lease_time": NAN}, ValueError, "lease_time must be a number of seconds, not NaN"),
    ({"lease_time": INFINITY}, ValueError, "lease_time must be less than 100 years"),
    ({"lease_time": 1e300}, ValueError, "lease_time must be less than 100 years"),
    ({"lease_time": 10**400}, ValueError, "lease_time must be less than 100 years"),
    ({"lease_time": True}, TypeError, "lease_time must be"),
    ({"lease_time": "10"}, TypeError, "lease_time must be"),
    ({"renew": 1}, TypeError, "renew must be True or False"),
    ({"renew": "yes"}, TypeError, "renew must be True or False"),
    ({"fair": None}, TypeError, "fair must be True or False"),
    ({"fair": 0}, TypeError, "fair must be True or False"),
    ({"hand_over": "no"}, TypeError, "hand_over must be True or False"),
    ({"label": 7}, TypeError, "label must be a str or bytes, not int"),
    ({"label": None}, TypeError, "label must be a str or bytes, not NoneType"),
    ({"identifier": 7}, TypeError, "identifier must be a str or bytes, not int"),
    ({"min_hold": -1}, ValueError, "min_hold"),
    ({"min_hold": 61}, ValueError, "min_hold"),
    ({"min_hold": None}, TypeError, "min_hold must be"),
    ({"stop_margin": -1}, ValueError, "stop margin"),
    ({"stop_margin": 60}, ValueError, "stop margin"),
    ({"stop_margin": INFINITY}, ValueError, "stop_margin must be less than 100 years"),
]


def _named(values: list[tuple[dict[str, Any], type[Exception], str]]) -> list[str]:
    return ["-".join(f"{key}={value!r:.12}" for key, value in one[0].items()) for one in values]


@pytest.mark.parametrize(("options", "error", "says"), BAD_OPTIONS, ids=_named(BAD_OPTIONS))
def test_option_of_an_acquisition(
    nodes: list[str],
    locks: redlock.SyncLockManager,
    name: str,
    options: dict[str, Any],
    error: type[Exception],
    says: str,
) -> None:
    async def body() -> None:
        async with manager(nodes) as own:
            with pytest.raises(error) as caught:
                async with own.lock(name, **options):
                    pytest.fail("it was acquired")
            assert says in str(caught.value)
            assert not isinstance(caught.value, redlock.LockError)
            assert own.statistics().acquired == 0

    run(body())
    with pytest.raises(error) as caught:
        locks.lock(name, **options).acquire()
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "option", ["wait", "attempts", "delay", "label", "identifier", "fair", "min_hold", "hand_over"]
)
def test_option_that_attaching_does_not_have(
    locks: redlock.SyncLockManager, name: str, option: str
) -> None:
    with pytest.raises(TypeError, match=f"no option {option}; there are lease_time, renew"):
        locks.attach(name, "token", **{option: 1})  # type: ignore[arg-type]


def test_try_lock_has_no_wait(locks: redlock.SyncLockManager, nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as own:
            with pytest.raises(TypeError, match="try_lock makes one attempt"):
                await own.try_lock(name, wait=5)
            with pytest.raises(TypeError, match="try_permit makes one attempt"):
                await own.try_permit(name, 2, attempts=5)

    run(body())
    with pytest.raises(TypeError, match="try_lock_all makes one attempt"):
        locks.try_lock_all([name], wait=0)
    with pytest.raises(TypeError, match="try_shared_lock makes one attempt"):
        locks.try_shared_lock(name, attempts=1, delay=1)


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ("", ValueError, "the name of a resource is empty; give it one"),
        (b"", ValueError, "the name of a resource is empty; give it one"),
        (None, TypeError, "the name of a resource must be a str or bytes, not NoneType"),
        (7, TypeError, "must be a str or bytes, not int"),
        (["a"], TypeError, "must be a str or bytes, not list"),
        (bytearray(b"a"), TypeError, "must be a str or bytes, not bytearray"),
    ],
)
def test_name_of_a_resource(
    locks: redlock.SyncLockManager, bad: Any, error: type[Exception], says: str
) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: locks.lock(bad, wait=0).acquire(),
        lambda: locks.shared_lock(bad, wait=0).acquire(),
        lambda: locks.leadership(bad, wait=0).acquire(),
        lambda: locks.permit(bad, 3, wait=0).acquire(),
        lambda: locks.lock_all([bad], wait=0).acquire(),
        lambda: locks.lock_all(["fine", bad], wait=0).acquire(),
        lambda: locks.try_lock(bad),
        lambda: locks.attach(bad, "token"),
        lambda: locks.attach_all([bad], "token"),
        lambda: locks.attach_permit(bad, 3, "token"),
        lambda: locks.status(bad),
        lambda: locks.semaphore_status(bad, 3),
        lambda: locks.is_locked(bad),
        lambda: next(locks.observe(bad)),
    ]
    for attempt in attempts:
        with pytest.raises(error) as caught:
            attempt()
        assert says in str(caught.value)


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ("ab", TypeError, "must be in a list or tuple"),
        (b"ab", TypeError, "must be in a list or tuple"),
        (7, TypeError, "must be in a list or tuple"),
        (None, TypeError, "must be in a list or tuple"),
        ([], ValueError, "no resource"),
        (["a", "a"], ValueError, "twice"),
        (["a", b"a"], ValueError, "twice"),
        ([str(i) for i in range(65)], ValueError, "64"),
        ([["a"]], TypeError, "must be a str or bytes, not list"),
    ],
)
def test_names_of_several(
    locks: redlock.SyncLockManager, bad: Any, error: type[Exception], says: str
) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: locks.lock_all(bad).acquire(),
        lambda: locks.try_lock_all(bad),
        lambda: locks.attach_all(bad, "token"),
    ]
    for attempt in attempts:
        with pytest.raises(error) as caught:
            attempt()
        assert says in str(caught.value)


@pytest.mark.parametrize(
    ("permits", "error", "says"),
    [
        (0, ValueError, "permits must be from 1 to 1024"),
        (1025, ValueError, "permits must be from 1 to 1024"),
        (2**62, ValueError, "permits must be from 1 to 1024"),
        (10**30, ValueError, "permits must be"),
        (-1, ValueError, "permits must be"),
        (1.5, TypeError, "permits must be an int"),
        (3.0, TypeError, "permits must be an int"),
        (True, TypeError, "permits must be an int"),
        ("3", TypeError, "permits must be an int"),
        (None, TypeError, "permits must be an int"),
    ],
)
def test_number_of_permits(
    locks: redlock.SyncLockManager, name: str, permits: Any, error: type[Exception], says: str
) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: locks.permit(name, permits).acquire(),
        lambda: locks.try_permit(name, permits),
        lambda: locks.attach_permit(name, permits, "token"),
        lambda: locks.semaphore_status(name, permits),
    ]
    for attempt in attempts:
        with pytest.raises(error) as caught:
            attempt()
        assert says in str(caught.value)


#: Of a manager.
BAD_SETTINGS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"leasetime": 5}, TypeError, "no option leasetime; there are lease_time, max_lease_time"),
    ({"wait": 5}, TypeError, "no option wait"),
    ({"lease_time": 0}, ValueError, "lease_time"),
    ({"lease_time": -1}, ValueError, "lease_time"),
    ({"lease_time": NAN}, ValueError, "lease_time must be a number of seconds, not NaN"),
    ({"lease_time": INFINITY}, ValueError, "lease_time must be less than 100 years"),
    ({"lease_time": None}, TypeError, "lease_time must be"),
    ({"lease_time": 61}, ValueError, "max_lease_time"),
    ({"max_lease_time": 10**9}, ValueError, "max_lease_time"),
    ({"node_timeout": 0}, ValueError, "node_timeout"),
    ({"node_timeout": "1"}, TypeError, "node_timeout must be"),
    ({"node_timeout": True}, TypeError, "node_timeout must be"),
    ({"connect_timeout": -1}, ValueError, "connect_timeout"),
    ({"quorum_timeout": -1}, ValueError, "quorum_timeout"),
    ({"quorum_timeout": NAN}, ValueError, "quorum_timeout"),
    ({"reconnect_min": 3}, ValueError, "reconnect"),
    ({"reconnect_max": 0}, ValueError, "reconnect"),
    ({"close_timeout": timedelta(days=2)}, ValueError, "close_timeout"),
    ({"fence_lifetime": 1}, ValueError, "fence_lifetime"),
    ({"clock_step": -1}, ValueError, "clock_step"),
    ({"fencing": 1}, TypeError, "fencing must be True or False"),
    ({"guard": "perhaps"}, ValueError, "guard must be 'automatic', 'on' or 'off'"),
    ({"guard": True}, TypeError, "guard must be a str"),
    ({"hand_over_count": 65536}, ValueError, "hand_over_count"),
    ({"hand_over_count": -1}, ValueError, "hand_over_count"),
    ({"hand_over_count": 1.0}, TypeError, "hand_over_count must be an int"),
    ({"hand_over_time": -1}, ValueError, "hand_over_time"),
    ({"key_prefix": "a b"}, ValueError, "key_prefix"),
    ({"key_prefix": "a" * 129}, ValueError, "key_prefix"),
    ({"key_prefix": 7}, TypeError, "key_prefix must be a str or bytes"),
    ({"log": "loud"}, TypeError, "log must be a logger, True or False, not str"),
    ({"log": None}, TypeError, "log must be a logger, True or False, not NoneType"),
]


@pytest.mark.parametrize(("settings", "error", "says"), BAD_SETTINGS, ids=_named(BAD_SETTINGS))
@pytest.mark.parametrize("kind", [redlock.LockManager, redlock.SyncLockManager])
def test_setting_of_a_manager(
    kind: Any, settings: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error) as caught:
        kind(["redis://127.0.0.1:1"], **settings)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("nodes", "error", "says"),
    [
        ("redis://a", TypeError, "must be a list of URLs"),
        (b"redis://a", TypeError, "must be a list of URLs"),
        (None, TypeError, "must be a list of URLs"),
        (7, TypeError, "must be a list of URLs"),
        ([7], TypeError, "a node must be a URL, a str, not int"),
        ([b"redis://a"], TypeError, "a node must be a URL, a str, not bytes"),
        ([("localhost", 6379)], TypeError, "a node must be a URL, a str, not tuple"),
        ([], ValueError, "node"),
        (["redis://b", "http://a"], ValueError, "node 1: the scheme is not known"),
        (["redis://"], ValueError, "host"),
        (["redis://a:99999"], ValueError, "node 0: the port"),
        (["redis://a", "redis://a"], ValueError, "redis://a"),
        (["redis://a?nonsense=1"], ValueError, "node 0: the query has a parameter"),
    ],
)
def test_nodes_of_a_manager(nodes: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error) as caught:
        redlock.LockManager(nodes)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("lease", "error", "says"),
    [
        (0, ValueError, "must be positive"),
        (-1, ValueError, "must be positive"),
        (61, ValueError, "longer than max_lease_time"),
        (NAN, ValueError, "not NaN"),
        (INFINITY, ValueError, "less than 100 years"),
        ("5", TypeError, "lease_time must be"),
        (True, TypeError, "lease_time must be"),
    ],
)
def test_lease_of_an_extension(
    locks: redlock.SyncLockManager, name: str, lease: Any, error: type[Exception], says: str
) -> None:
    with locks.lock(name) as lock:
        with pytest.raises(error) as caught:
            lock.extend(lease)
        assert says in str(caught.value)
        assert lock.valid


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("x" * 257, ValueError, "257 bytes; at most 256"),
        (7, TypeError, "text must be a str or bytes, not int"),
        (None, TypeError, "text must be a str or bytes, not NoneType"),
    ],
)
def test_proclamation(
    locks: redlock.SyncLockManager, name: str, text: Any, error: type[Exception], says: str
) -> None:
    with locks.lock(name) as lock:
        with pytest.raises(error) as caught:
            lock.proclaim(text)
        assert says in str(caught.value)
        assert lock.valid


def test_proclamation_of_a_reader(locks: redlock.SyncLockManager, name: str) -> None:
    with locks.shared_lock(name) as lock:
        with pytest.raises(ValueError, match="only an exclusive lock"):
            lock.proclaim("x")


@pytest.mark.parametrize("token", [7, None, ["a"]])
def test_token(locks: redlock.SyncLockManager, name: str, token: Any) -> None:
    with pytest.raises(TypeError, match="token must be a str or bytes"):
        locks.attach(name, token)


def test_operators_arguments(locks: redlock.SyncLockManager) -> None:
    wrong: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: locks.list(7), TypeError, "pattern must be a str or bytes"),  # type: ignore
        (lambda: locks.list(limit="1"), TypeError, "limit must be an int"),  # type: ignore
        (lambda: locks.list(limit=-1), ValueError, "limit must be"),
        (lambda: locks.vouch(3), ValueError, "3"),
        (lambda: locks.vouch(-1), ValueError, "node must be"),
        (lambda: locks.vouch("0"), TypeError, "node must be an int"),  # type: ignore[arg-type]
        (lambda: locks.examine(samples=True), TypeError, "samples must be an int"),
        (lambda: locks.examine(resource=7), TypeError, "resource must be"),  # type: ignore
    ]
    for call, error, says in wrong:
        with pytest.raises(error) as caught:
            call()
        assert says in str(caught.value)


def test_block_without_a_task(nodes: list[str], name: str) -> None:
    """A loop can run callbacks, which are no tasks; a block could not be cancelled there."""

    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name)
            entering = lock.__aenter__()
            caught: list[BaseException] = []

            def outside() -> None:
                try:
                    entering.send(None)
                except RuntimeError as error:
                    caught.append(error)

            asyncio.get_running_loop().call_soon(outside)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert "only in a task" in str(caught[0])
            await lock.release()

    run(body())

"""With one of three nodes frozen every call ends in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from support import Servers, hasty, run, start

import asio_redlock as redlock

Call = Callable[[redlock.LockManager, redlock.Lock], Awaitable[object]]

#: A generous bound: far below what a client without a timeout would take.
IN_TIME = 8.0


async def _first(views: Any) -> object:
    return await anext(views)


async def _block(locks: redlock.LockManager) -> None:
    async with locks.lock("block", wait=5):
        pass


async def _all(locks: redlock.LockManager) -> None:
    async with locks.lock_all(["a", "b"], wait=5):
        pass


async def _permit(locks: redlock.LockManager) -> None:
    async with locks.permit("s", 2, wait=5):
        pass


async def _shared(locks: redlock.LockManager) -> None:
    async with locks.shared_lock("r", wait=5) as one, locks.shared_lock("r", wait=5) as two:
        assert one.valid and two.valid


async def _term(locks: redlock.LockManager) -> None:
    async with locks.leadership("l", wait=5) as term:
        await term.proclaim("x")


async def _contended(locks: redlock.LockManager, lock: redlock.Lock) -> None:
    assert await locks.try_lock(lock.resource) is None
    with pytest.raises(redlock.TimedOut):
        await locks.lock(lock.resource, wait=0.1)


async def _attach(locks: redlock.LockManager) -> None:
    token = (await locks.lock("attached")).detach()
    await (await locks.attach("attached", token)).release()


async def _vouch(locks: redlock.LockManager) -> None:
    with pytest.raises(redlock.Indeterminate):
        await locks.vouch()


CALLS: dict[str, Call] = {
    "lock": lambda locks, _: _block(locks),
    "lock_all": lambda locks, _: _all(locks),
    "permit": lambda locks, _: _permit(locks),
    "shared_lock": lambda locks, _: _shared(locks),
    "leadership": lambda locks, _: _term(locks),
    "try_lock": _contended,
    "extend": lambda _, lock: lock.extend(),
    "downgrade": lambda _, lock: lock.downgrade(),
    "proclaim": lambda _, lock: lock.proclaim("x"),
    "release": lambda _, lock: lock.release(),
    "attach": lambda locks, _: _attach(locks),
    "status": lambda locks, _: locks.status("x"),
    "semaphore_status": lambda locks, _: locks.semaphore_status("s", 2),
    "is_locked": lambda locks, _: locks.is_locked("x"),
    "list": lambda locks, _: locks.list(),
    "list_semaphores": lambda locks, _: locks.list_semaphores(),
    "examine": lambda locks, _: locks.examine(samples=3),
    "diagnose": lambda locks, _: locks.diagnose(samples=3),
    "observe": lambda locks, _: _first(locks.observe("l")),
    "vouch": lambda locks, _: _vouch(locks),
    "aclose": lambda locks, _: locks.aclose(),
}


@pytest.fixture(scope="module")
def three() -> Iterator[Servers]:
    with redlock.local(nodes=3) as urls:
        own = Servers(urls)
        try:
            yield own
        finally:
            own.thaw()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("before", [False, True], ids=["frozen later", "frozen before"])
def test_one_of_three_frozen(three: Servers, name: str, call: Call, before: bool) -> None:
    async def body() -> None:
        async with hasty(three, close_timeout=0.3) as locks:
            if before:
                three.freeze(2)
            lock = await locks.lock(name, wait=5)
            three.freeze(2)
            try:
                async with asyncio.timeout(IN_TIME):
                    await call(locks, lock)
            finally:
                three.thaw(2)

    run(body())


def test_first_call_of_a_new_manager(three: Servers, name: str) -> None:
    three.freeze(0)
    try:
        began = time.monotonic()
        with redlock.SyncLockManager(three) as locks:
            with locks.lock(name, wait=5) as lock:
                assert lock.valid
        assert time.monotonic() - began < IN_TIME
    finally:
        three.thaw(0)


def test_majority_frozen_ends_with_an_error_in_time(servers: Servers) -> None:
    async def body() -> None:
        async with hasty(servers) as locks:
            lock = await locks.lock("x")
            servers.freeze(0, 1)
            async with asyncio.timeout(IN_TIME):
                for call, kind in (
                    (lock.extend(), (redlock.NoQuorum, redlock.Indeterminate)),
                    (lock.release(), (redlock.NoQuorum, redlock.Indeterminate)),
                    (start(locks.lock("y", wait=0)), (redlock.NoQuorum,)),
                    (start(locks.lock("y")), (redlock.NoQuorum,)),
                    (locks.is_locked("y"), (redlock.NoQuorum,)),
                    (locks.list(), (redlock.NoQuorum,)),
                ):
                    with pytest.raises(kind):
                        await call

    run(body())


def test_it_recovers(servers: Servers) -> None:
    async def body() -> None:
        async with hasty(servers, quorum_timeout=20) as locks:
            async with locks.lock("x"):
                pass
            servers.freeze(0, 1)
            waiting = start(locks.lock("x"))
            await asyncio.wait([waiting], timeout=0.3)
            assert not waiting.done()
            servers.thaw()
            async with asyncio.timeout(IN_TIME), await waiting as lock:
                assert lock.valid

    run(body())

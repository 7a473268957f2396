"""The exceptions, and nodes that do not answer."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable

import pytest

import asio_redlock
from asio_redlock import aioredlock
from asio_redlock.aioredlock import (
    Aioredlock,
    AioredlockError,
    LockAcquiringError,
    LockError,
    LockRuntimeError,
    SentinelConfigError,
)
from asio_redlock.aioredlock.errors import failure_of

from .servers import ask, free_port, frozen

Make = Callable[..., Aioredlock]

#: The end of a call that hangs, and of the test.
HANGS = 60.0

#: How long a node may take in tests where one takes for ever: longer than a busy machine's.
PATIENCE = 1.5


async def in_time(call: Awaitable[object]) -> object:
    return await asyncio.wait_for(asyncio.ensure_future(call), HANGS)


def test_the_hierarchy_is_aioredlocks() -> None:
    assert LockAcquiringError.__mro__[1:4] == (LockError, AioredlockError, Exception)
    assert LockRuntimeError.__mro__[1:4] == (LockError, AioredlockError, Exception)
    assert SentinelConfigError.__mro__[1] is Exception


def test_the_modules_have_aioredlocks_names() -> None:
    from asio_redlock.aioredlock import algorithm, errors, lock, sentinel

    assert algorithm.Aioredlock is aioredlock.Aioredlock
    assert errors.AioredlockError is aioredlock.AioredlockError
    assert lock.Lock is aioredlock.Lock
    assert sentinel.SentinelConfigError is aioredlock.SentinelConfigError
    assert {*aioredlock.__all__} == {
        "Aioredlock",
        "AioredlockError",
        "Lock",
        "LockAcquiringError",
        "LockError",
        "LockRuntimeError",
        "Sentinel",
        "SentinelConfigError",
    }


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (asio_redlock.Contended, LockAcquiringError),
        (asio_redlock.TimedOut, LockAcquiringError),
        (asio_redlock.LockLost, LockAcquiringError),
        (asio_redlock.NoQuorum, LockRuntimeError),
        (asio_redlock.Indeterminate, LockRuntimeError),
        (asio_redlock.Closed, LockRuntimeError),
        (asio_redlock.Forked, LockRuntimeError),
        (asio_redlock.SameServerTwice, LockRuntimeError),
        (asio_redlock.DifferentNodes, LockRuntimeError),
    ],
)
def test_each_exception_of_the_package_has_one_of_aioredlocks(
    cause: type[asio_redlock.LockError], kind: type[LockError]
) -> None:
    made = failure_of(cause("why"))
    assert type(made) is kind
    assert str(made) == "why"
    assert type(pickle.loads(pickle.dumps(made))) is kind


def test_servers_that_are_not_there() -> None:
    async def whole() -> None:
        manager = Aioredlock([("127.0.0.1", free_port()) for _ in range(3)])
        for call in manager.lock("r"), manager.is_locked("r"), manager.get_lock("r", "x"):
            with pytest.raises(LockRuntimeError) as raised:
                await in_time(call)
            assert isinstance(raised.value.__cause__, asio_redlock.NoQuorum)
        await in_time(manager.destroy())

    asyncio.run(whole())


def test_the_error_names_each_node_and_its_cause() -> None:
    port = free_port()

    async def whole() -> None:
        manager = Aioredlock([("127.0.0.1", port)])
        with pytest.raises(LockRuntimeError, match=f"{port}.*[Rr]efused") as raised:
            await manager.lock("r")
        cause = raised.value.__cause__
        assert isinstance(cause, asio_redlock.NoQuorum)
        assert [node.node for node in cause.nodes] == [0]
        await manager.destroy()

    asyncio.run(whole())


@pytest.mark.parametrize("which", [0, 2])
def test_with_one_of_three_nodes_frozen_every_call_ends(
    make: Make, ports: list[int], which: int
) -> None:
    async def whole() -> None:
        manager = make(node_timeout=PATIENCE)
        held, timed = await manager.lock("held"), await manager.lock("timed", lock_timeout=30)
        with frozen(ports[which]):
            assert await in_time(manager.lock("new"))
            await in_time(manager.extend(held))
            assert await in_time(manager.is_locked("held")) is True
            assert await in_time(manager.is_locked("nobody's")) is False
            assert await in_time(manager.get_active_locks())
            with pytest.raises(LockAcquiringError):
                await in_time(manager.lock("timed"))
            other = make(node_timeout=PATIENCE)
            assert await in_time(other.lock("another"))
            assert await in_time(other.get_lock("timed", timed.id))
            await in_time(other.destroy())
            await in_time(manager.unlock(timed))
            await in_time(manager.destroy())

    asyncio.run(whole())


def test_with_two_of_three_nodes_frozen_every_call_ends(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager, other = make(node_timeout=PATIENCE), make(node_timeout=PATIENCE)
        held, timed = await manager.lock("held"), await manager.lock("timed", lock_timeout=30)
        assert await other.is_locked("held")
        with frozen(ports[0]), frozen(ports[2]):
            for call in (
                manager.lock("new"),
                manager.extend(held),
                manager.is_locked("held"),
                other.get_lock("held", held.id),
                manager.unlock(timed),
            ):
                with pytest.raises(LockRuntimeError):
                    await in_time(call)
            assert held.valid, "a failed extension does not end a lock"
            await in_time(manager.destroy())
            await in_time(other.destroy())
            assert not held.valid

    asyncio.run(whole())


def test_a_failed_extension_does_not_delete_the_lock(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make(node_timeout=PATIENCE)
        lock = await manager.lock("r", lock_timeout=30)
        with frozen(ports[0]), frozen(ports[2]):
            with pytest.raises(LockRuntimeError, match=str(ports[0])):
                await in_time(lock.extend())
            assert ask(ports[1], "GET", "r") == lock.id
            assert lock.valid

        async def extended() -> None:
            # Nodes that have not answered for a while are not asked at once.
            while True:
                try:
                    return await lock.extend()
                except LockRuntimeError:
                    await asyncio.sleep(0.005)

        await in_time(extended())
        await manager.destroy()

    asyncio.run(whole())

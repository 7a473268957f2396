"""`async with`, and what happens to its body."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest

import asio_redlock
from asio_redlock.aioredlock import Aioredlock, Lock, LockAcquiringError, LockError

from .servers import ask

Make = Callable[..., Aioredlock]


def test_the_block_of_aioredlocks_readme(make: Make) -> None:
    async def whole() -> None:
        lock_manager = make()
        try:
            async with await lock_manager.lock("resource_name") as lock:
                assert lock.valid is True
                await lock.extend()
            assert lock.valid is False
        except LockError:
            print("Lock not acquired")
            raise
        assert not await lock_manager.is_locked("resource_name")
        await lock_manager.destroy()

    asyncio.run(whole())


def test_the_block_releases_when_its_body_fails(make: Make) -> None:
    async def whole() -> None:
        manager = make()
        lock = await manager.lock("r")
        with pytest.raises(KeyError):
            async with lock:
                raise KeyError
        assert not lock.valid
        assert not await manager.is_locked("r")
        await manager.destroy()

    asyncio.run(whole())


def test_the_block_releases_when_its_task_is_cancelled(make: Make) -> None:
    async def whole() -> None:
        manager = make()
        inside = asyncio.Event()

        async def body() -> None:
            async with await manager.lock("r"):
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.ensure_future(body())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not await manager.is_locked("r")
        await manager.destroy()

    asyncio.run(whole())


@pytest.mark.parametrize("fails", [False, True])
def test_the_body_may_unlock_by_itself(make: Make, fails: bool) -> None:
    async def whole() -> None:
        manager = make()
        try:
            async with await manager.lock("r") as lock:
                await manager.unlock(lock)
                assert await manager.lock("r", lock_timeout=10)
                if fails:
                    raise KeyError
        except KeyError:
            assert fails
        assert await manager.is_locked("r"), "the later lock is not the block's to release"
        await manager.destroy()

    asyncio.run(whole())


def test_a_lock_that_was_unlocked_guards_no_block(make: Make) -> None:
    async def whole() -> None:
        manager = make()
        lock = await manager.lock("r")
        await lock.release()
        for unusable in lock, Lock(manager, "r", "x"):
            with pytest.raises(RuntimeError, match="not valid"):
                async with unusable:
                    pytest.fail("the body must not run")
        await manager.destroy()

    asyncio.run(whole())


def test_a_lock_by_its_identifier_guards_a_block(make: Make) -> None:
    async def whole() -> None:
        manager, other = make(), make()
        await manager.lock("r", lock_identifier="me")
        async with await other.get_lock("r", "me") as lock:
            assert lock.valid
        assert not await manager.is_locked("r")
        await manager.destroy()
        await other.destroy()

    asyncio.run(whole())


def test_the_body_is_cancelled_when_the_lock_is_lost(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make()
        lock = await manager.lock("r")
        with pytest.raises(LockAcquiringError) as raised:
            async with lock:
                for port in ports:
                    ask(port, "SET", "r", "other", "PX", 20_000)
                await asyncio.Event().wait()
        assert isinstance(raised.value.__cause__, asio_redlock.LockLost)
        assert not lock.valid
        assert [ask(port, "GET", "r") for port in ports] == ["other"] * 3
        await manager.destroy()

    asyncio.run(whole())


def test_the_body_is_cancelled_when_the_timeout_is_over(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make()
        left = 1000
        with pytest.raises(LockAcquiringError):
            async with await manager.lock("r", lock_timeout=1):
                try:
                    await asyncio.Event().wait()
                finally:
                    left = max(ask(port, "PTTL", "r") for port in ports)
        assert left <= 150, "there was time left for the body"
        await manager.destroy()

    asyncio.run(whole())


def test_a_body_that_cannot_be_cancelled_hears_of_the_loss_at_its_end(
    make: Make, ports: list[int]
) -> None:
    async def whole() -> None:
        manager = make()
        with pytest.raises(LockAcquiringError):
            async with await manager.lock("r", lock_timeout=0.2) as lock:
                while lock.valid or any(ask(port, "EXISTS", "r") for port in ports):
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.sleep(0.005)
        await manager.destroy()

    asyncio.run(whole())


def test_an_error_of_the_body_is_kept_beside_the_loss(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make()
        with pytest.raises(LockAcquiringError) as raised:
            async with await manager.lock("r", lock_timeout=0.2):
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    raise KeyError("of the body") from None
        lost = raised.value.__cause__
        assert isinstance(lost, asio_redlock.LockLost)
        assert isinstance(lost.__cause__, KeyError)
        await manager.destroy()

    asyncio.run(whole())


def test_a_block_ends_quietly_when_the_release_cannot_be_confirmed(
    make: Make, ports: list[int]
) -> None:
    from .servers import frozen

    async def whole() -> None:
        manager = make(node_timeout=0.5)
        lock = await manager.lock("r", lock_timeout=10)
        with frozen(ports[0]), frozen(ports[1]):
            async with lock:
                pass
        assert not lock.valid
        await manager.destroy()

    asyncio.run(whole())


def test_blocks_exclude_each_other(make: Make) -> None:
    """The tasks of two managers count in turns; none sees another's half of a step."""
    counter = {"value": 0, "inside": 0}

    async def count(manager: Aioredlock) -> None:
        for _ in range(10):
            async with await manager.lock("counter"):
                counter["inside"] += 1
                assert counter["inside"] == 1
                value = counter["value"]
                await asyncio.sleep(0)
                counter["value"] = value + 1
                counter["inside"] -= 1

    async def whole() -> None:
        managers = [
            make(retry_count=100_000, retry_delay_min=0.001, retry_delay_max=0.003)
            for _ in range(2)
        ]
        await asyncio.gather(*(count(manager) for manager in managers for _ in range(3)))
        for manager in managers:
            await manager.destroy()

    asyncio.run(whole())
    assert counter["value"] == 60

"""Locks that are lost: the body is cancelled, and the statement raises `LockLost`."""

# pyright: reportPrivateUsage=false, reportPossiblyUnboundVariable=false

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import pytest
from support import HASTY, Servers, delete, hasty, manager, run, start

import asio_redlock as redlock

Names = Callable[[str], str]


def _requests() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def _watched(nodes: list[str]) -> None:
    """A holder begins to watch its keys 10 ms after its block has begun."""
    await asyncio.sleep(0.03)


def test_deleted_keys_end_the_body(nodes: list[str], name: str) -> None:
    cancelled = False

    async def body() -> None:
        nonlocal cancelled
        async with manager(nodes) as locks:
            with pytest.raises(redlock.LockLost) as caught:
                async with locks.lock(name) as lock:
                    await _watched(nodes)
                    delete(nodes, name)
                    try:
                        await asyncio.sleep(60)
                    except asyncio.CancelledError:
                        cancelled = True
                        assert not lock.valid
                        raise
            assert isinstance(caught.value.__cause__, asyncio.CancelledError)
            assert _requests() == 0
            await asyncio.sleep(0)
            assert locks.statistics().lost == 1

    run(body())
    assert cancelled


def test_minority_of_deleted_keys_is_no_loss(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name) as lock:
            await _watched(nodes)
            delete(nodes[:1], name)
            await lock.extend()
            assert lock.valid

    run(body())


def test_frozen_majority_ends_the_body_before_the_lease(servers: Servers, name: str) -> None:
    async def body() -> None:
        async with hasty(servers, lease_time=0.6) as locks:
            with pytest.raises(redlock.LockLost) as caught:
                async with locks.lock(name) as lock:
                    servers.freeze(0, 1)
                    try:
                        await asyncio.sleep(60)
                    except asyncio.CancelledError:
                        # A stop margin is left.
                        assert lock.remaining >= 0
                        raise
            assert "node" in str(caught.value)
            assert _requests() == 0

    run(body())


def test_frozen_minority_is_no_loss(servers: Servers, name: str) -> None:
    async def body() -> None:
        async with hasty(servers, lease_time=0.6) as locks, locks.lock(name) as lock:
            servers.freeze(2)
            await asyncio.sleep(1.0)
            assert lock.valid

    run(body())


def test_lease_that_is_not_renewed_ends_the_body(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(redlock.LockLost):
                async with locks.lock(name, lease_time=0.15):
                    await asyncio.sleep(60)

    run(body())


def test_body_that_blocks_the_loop_past_its_lease_is_told(nodes: list[str], name: str) -> None:
    import time

    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(redlock.LockLost):
                async with locks.lock(name, lease_time=0.05):
                    time.sleep(0.1)
            assert _requests() == 0
            await asyncio.sleep(0)

    run(body())


def test_validity_that_ended_unnoticed_is_a_loss(nodes: list[str], name: str) -> None:
    """The nodes have the lock a little longer, and still confirm its release."""

    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(redlock.LockLost):
                async with locks.lock(name, lease_time=0.5, stop_margin=0) as lock:
                    while lock.valid:
                        pass
            assert _requests() == 0

    run(body())


def test_body_that_swallows_the_cancellation_is_told_at_its_end(
    nodes: list[str], name: str
) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(redlock.LockLost):
                async with locks.lock(name, lease_time=0.1):
                    try:
                        await asyncio.sleep(60)
                    except asyncio.CancelledError:
                        pass
                    await asyncio.sleep(0)
            assert _requests() == 0
            await asyncio.sleep(0)

    run(body())


def test_body_that_fails_at_the_loss_is_the_cause(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(redlock.LockLost) as caught:
                async with locks.lock(name, lease_time=0.1):
                    try:
                        await asyncio.sleep(60)
                    finally:
                        raise KeyError("its own")
            assert isinstance(caught.value.__cause__, KeyError)
            assert _requests() == 0

    run(body())


def test_loss_found_at_the_release_has_the_body_s_error_as_its_cause(
    nodes: list[str], name: str
) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(redlock.LockLost) as caught:
                async with locks.lock(name):
                    delete(nodes, name)
                    raise KeyError("its own")
            assert isinstance(caught.value.__cause__, KeyError)
            with pytest.raises(redlock.LockLost):
                async with locks.lock(name):
                    delete(nodes, name)

    run(body())


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_loss_does_not_replace_the_end_of_the_program(
    nodes: list[str], name: str, error: type[BaseException]
) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name):
                delete(nodes, name)
                raise error

    with pytest.raises(error):
        run(body())


def _cancel_at_the_loss(lock: redlock.Lock, task: asyncio.Task[None]) -> None:
    """Cancels from outside in the same turn in which the body is told of the loss."""
    interrupt = redlock.Lock._interrupt

    class Told(type(lock)):  # type: ignore[misc]
        __slots__ = ()

        def _interrupt(self, why: redlock.LockError) -> None:
            interrupt(self, why)
            task.cancel("from outside")

    lock.__class__ = Told


@pytest.mark.parametrize("swallows", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_outer_cancellation_at_the_same_time_stays_one(
    nodes: list[str], name: str, before: bool, swallows: bool
) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            left: list[int] = []

            async def work() -> None:
                task = asyncio.current_task()
                assert task is not None
                try:
                    async with locks.lock(name, lease_time=0.15, stop_margin=0.05) as lock:
                        if not before:
                            _cancel_at_the_loss(lock, task)
                        try:
                            if before:
                                with pytest.raises(redlock.LockLost):
                                    await asyncio.shield(lock.wait_lost())
                            await asyncio.sleep(60)
                        except asyncio.CancelledError:
                            if before:
                                task.cancel("from outside")
                            if not swallows:
                                raise
                finally:
                    left.append(task.cancelling())

            task = asyncio.ensure_future(work())
            with pytest.raises((asyncio.CancelledError, redlock.LockLost)) as caught:
                await task
            assert left == [1], "the request from outside was forgotten"
            if not swallows:
                assert isinstance(caught.value, asyncio.CancelledError)

    run(body())


def test_timeout_at_the_loss_stays_one(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(60) as limit:
                    async with locks.lock(name, lease_time=0.15):
                        try:
                            await asyncio.sleep(60)
                        finally:
                            limit.reschedule(0)
                            await asyncio.sleep(60)
            assert _requests() == 0

    run(body())


def test_nested_locks_are_lost_one_by_one(nodes: list[str], names: Names) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(names("outer")) as outer:
                with pytest.raises(redlock.LockLost) as caught:
                    async with locks.lock(names("inner"), lease_time=0.1):
                        await asyncio.sleep(60)
                assert outer.valid
                assert _requests() == 0
            assert isinstance(caught.value.__cause__, asyncio.CancelledError)

    run(body())


def test_loss_of_the_outer_lock_ends_both_blocks(nodes: list[str], names: Names) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(redlock.LockLost) as caught:
                async with locks.lock(names("outer"), lease_time=0.1):
                    async with locks.lock(names("inner")) as inner:
                        await asyncio.sleep(60)
            assert isinstance(caught.value.__cause__, asyncio.CancelledError)
            assert not inner.valid
            assert not await locks.is_locked(names("inner"))
            assert _requests() == 0

    run(body())


def test_loss_of_both_at_once_ends_in_one_error(nodes: list[str], names: Names) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            for _ in range(5):
                with pytest.raises(redlock.LockLost):
                    async with locks.lock(names("outer"), lease_time=0.1):
                        async with locks.lock(names("inner"), lease_time=0.1):
                            await asyncio.sleep(60)
                assert _requests() == 0
                await asyncio.sleep(0)

    run(body())


def test_loss_reaches_a_task_group_within(nodes: list[str], name: str) -> None:
    ended = 0

    async def body() -> None:
        async with manager(nodes) as locks:

            async def part() -> None:
                nonlocal ended
                try:
                    await asyncio.sleep(60)
                finally:
                    ended += 1

            with pytest.raises(redlock.LockLost):
                async with locks.lock(name, lease_time=0.15), asyncio.TaskGroup() as group:
                    group.create_task(part())
                    group.create_task(part())
            assert _requests() == 0

    run(body())
    assert ended == 2


def test_loss_in_a_task_group_cancels_the_siblings(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            async def holder() -> None:
                async with locks.lock(name, lease_time=0.1):
                    await asyncio.sleep(60)

            with pytest.raises(ExceptionGroup) as caught:
                async with asyncio.TaskGroup() as group:
                    group.create_task(holder())
                    group.create_task(asyncio.sleep(60))
            assert [type(error) for error in caught.value.exceptions] == [redlock.LockLost]

    run(body())


def test_loss_after_the_block_cancels_nothing(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name, lease_time=0.05, min_hold=0):
                pass
            await asyncio.sleep(0.1)
            assert _requests() == 0

    run(body())


def test_wait_lost_ends_for_each_waiter(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name)
            waiting = [asyncio.ensure_future(lock.wait_lost()) for _ in range(3)]
            await _watched(nodes)
            delete(nodes, name)
            for one in await asyncio.gather(*waiting, return_exceptions=True):
                assert isinstance(one, redlock.LockLost)

    run(body())


def test_extension_finds_the_loss(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            lock = await locks.lock(name)
            delete(nodes, name)
            async with others.lock(name, wait=5):
                with pytest.raises(redlock.LockLost):
                    await lock.extend()
            assert not lock.valid

    run(body())


def test_lock_of_another_client_is_left_alone(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            waiting = None
            with pytest.raises(redlock.LockLost):
                async with locks.lock(name):
                    waiting = start(others.lock(name))
                    delete(nodes, name)
                    await asyncio.sleep(60)
            assert waiting is not None
            usurper = await waiting
            assert usurper.valid
            await usurper.extend()
            await usurper.release()

    run(body())


def test_term_that_is_lost_ends_its_block(servers: Servers, name: str) -> None:
    async def body() -> None:
        async with redlock.LockManager(servers, **HASTY) as locks:  # type: ignore[arg-type]
            with pytest.raises(redlock.LockLost) as caught:
                async with locks.leadership(name, lease_time=0.5):
                    servers.freeze(0, 1, 2)
                    await asyncio.sleep(60)
            assert not isinstance(caught.value, redlock.Resigned)

    run(body())


def test_block_ends_when_the_manager_is_closed(nodes: list[str], name: str) -> None:
    async def body() -> None:
        locks = redlock.LockManager(nodes)
        entered = asyncio.Event()

        async def work() -> None:
            async with locks.lock(name):
                entered.set()
                await asyncio.Event().wait()

        working = asyncio.ensure_future(work())
        await entered.wait()
        await locks.aclose()
        with pytest.raises(redlock.Closed, match="closed"):
            await working
        assert working.cancelling() == 0

    asyncio.run(body())


def test_released_lock_guards_no_block(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with redlock.LockManager(nodes) as locks:
            lock = await locks.lock(name)
            await lock.release()
            with pytest.raises(RuntimeError, match="released or detached"):
                async with lock:
                    pass

    asyncio.run(body())


def test_acquisition_is_one_tasks_at_a_time(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with redlock.LockManager(nodes) as locks:
            shared = locks.permit(name, 3)

            async def work() -> None:
                async with shared:
                    await asyncio.sleep(0)

            ends = await asyncio.gather(work(), work(), work(), return_exceptions=True)
            assert [type(end) for end in ends] == [type(None), RuntimeError, RuntimeError]

    asyncio.run(body())


def test_generator_closed_after_a_loss_leaves_no_cancellation(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with redlock.LockManager(nodes) as locks:

            async def rows() -> AsyncGenerator[int, None]:
                async with locks.lock(name):
                    while True:
                        yield 1

            stream = rows()
            await anext(stream)
            # The loss comes while this task is anywhere.
            with suppress(asyncio.CancelledError):
                token = (await locks.status(name)).token
                thief = await locks.attach(name, token)
                await thief.release()
                await asyncio.Event().wait()
            await stream.aclose()
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0

    asyncio.run(body())

"""A task that is cancelled: its acquisition ends, and nothing stays on the nodes."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from support import eventually_in_loop, is_free, manager, on_how_many, run, start

import asio_redlock as redlock


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("moment", [*range(12), 20, 50, 200])
def test_cancelled_at_any_moment_it_leaves_nothing(
    nodes: list[str], name: str, moment: int
) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            task = start(locks.lock(name))
            await _turns(moment)
            task.cancel()
            with suppress(asyncio.CancelledError):
                lock = await task
                await lock.release()
            del task
            async with locks.lock(name, wait=5):
                pass

    run(body())
    is_free(nodes, name)


@pytest.mark.parametrize("pause", [0.0, 0.0002, 0.0005, 0.001, 0.002, 0.005])
def test_cancelled_after_a_while_it_leaves_nothing(
    nodes: list[str], name: str, pause: float
) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            await locks.is_locked(name)
            tasks = [start(locks.lock(f"{name}:{i}")) for i in range(20)]
            await asyncio.sleep(pause)
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, redlock.Lock):
                    await outcome.release()
                else:
                    assert isinstance(outcome, asyncio.CancelledError)
            del tasks
            await eventually_in_loop(
                lambda: all(on_how_many(nodes, f"{name}:{i}") == 0 for i in range(20))
            )
            assert locks.active_locks() == []

    run(body())


def test_cancelled_acquisition_ends(nodes: list[str], name: str) -> None:
    """It does not take the lock later, not even for a moment."""

    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            holder = await locks.lock(name)
            waiting = start(others.lock(name))
            await eventually_in_loop(lambda: others.statistics().attempts > 0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await holder.release()
            for _ in range(3):
                async with locks.lock(name, wait=5, hand_over=False):
                    pass
            assert others.statistics().acquired == 0

    run(body())


def test_cancelled_waiter_leaves_the_line(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            holder = await locks.lock(name)
            first, second = start(others.lock(name)), start(others.lock(name))
            await eventually_in_loop(lambda: others.statistics().attempts > 0)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            assert holder.valid
            await holder.release()
            async with asyncio.timeout(5):
                lock = await second
            await lock.release()
            assert others.statistics().acquired == 1

    run(body())


def test_result_that_is_there_already_is_released(nodes: list[str], name: str) -> None:
    """The task is cancelled after the lock was delivered, and before it could see that."""

    async def body() -> None:
        async with manager(nodes) as locks:
            loop = asyncio.get_running_loop()
            task = start(locks.lock(name))
            await _turns(1)
            future: Any = task._fut_waiter  # type: ignore[attr-defined]  # pyright: ignore
            # This callback stands before the task's own wake-up, and is called right after the
            # result was set: the cancellation finds the result there.
            delivered = loop.create_future()
            callbacks: list[Any] = [callback for callback, _ in future._callbacks]
            for callback in callbacks:
                future.remove_done_callback(callback)

            def cancel(done: asyncio.Future[object]) -> None:
                assert done.done() and not done.cancelled()
                task.cancel()
                delivered.set_result(None)

            future.add_done_callback(cancel)
            for callback in callbacks:
                future.add_done_callback(callback)
            del future
            await delivered
            with pytest.raises(asyncio.CancelledError):
                await task
            await eventually_in_loop(lambda: on_how_many(nodes, name) == 0)
            assert locks.active_locks() == []
            async with locks.lock(name, wait=5):
                pass

    run(body())


def test_timeout_around_an_acquisition(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            async with locks.lock(name) as lock:
                with pytest.raises(TimeoutError) as caught:
                    async with asyncio.timeout(0.03):
                        async with others.lock(name):
                            pytest.fail("two hold it")
                assert not isinstance(caught.value, redlock.LockError)
                assert lock.valid
            async with others.lock(name, wait=5):
                pass

    run(body())


def test_timeout_around_a_block_releases(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05), locks.lock(name):
                    await asyncio.sleep(60)
            assert not await locks.is_locked(name)
            task = asyncio.current_task()
            assert task is not None and task.cancelling() == 0

    run(body())


def test_wait_for(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(start(locks.lock(name)), 0.03)
            async with await asyncio.wait_for(start(locks.lock(name)), 5) as lock:
                assert lock.valid

    run(body())


def test_task_group_cancels_the_others(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            holder = await locks.lock(name)
            held = asyncio.Event()

            async def waits() -> None:
                async with locks.lock(name):
                    pytest.fail("two hold it")

            async def holds() -> None:
                async with locks.lock(f"{name}:2"):
                    held.set()
                    await asyncio.sleep(60)

            async def fails() -> None:
                await held.wait()
                raise KeyError

            with pytest.raises(ExceptionGroup) as caught:
                async with asyncio.TaskGroup() as group:
                    for one in (waits, holds, fails):
                        group.create_task(one())
            assert [type(error) for error in caught.value.exceptions] == [KeyError]
            assert holder.valid
            assert not await locks.is_locked(f"{name}:2")
            await holder.release()

    run(body())


def test_task_group_works_under_a_lock_each(nodes: list[str], name: str) -> None:
    done: list[int] = []

    async def body() -> None:
        async with manager(nodes) as locks:

            async def one(i: int) -> None:
                async with locks.lock(f"{name}:{i % 3}"):
                    done.append(i)

            async with asyncio.TaskGroup() as group:
                for i in range(12):
                    group.create_task(one(i))

    run(body())
    assert sorted(done) == list(range(12))


def test_cancelled_body_releases(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            inside = asyncio.Event()

            async def work() -> None:
                async with locks.lock(name):
                    inside.set()
                    await asyncio.sleep(60)

            task = asyncio.ensure_future(work())
            await inside.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not await locks.is_locked(name)

    run(body())


@pytest.mark.parametrize("moment", range(4))
def test_cancelled_release_goes_on(nodes: list[str], name: str, moment: int) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name)
            task = asyncio.ensure_future(lock.release())
            await _turns(moment)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            if moment > 0:
                assert not lock.valid
                await eventually_in_loop(lambda: on_how_many(nodes, name) == 0)

    run(body())


def test_cancelled_during_the_release_at_the_block_s_end(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            entered = asyncio.Event()

            async def work() -> None:
                async with locks.lock(name):
                    entered.set()
                pytest.fail("the cancellation was lost")

            task = asyncio.ensure_future(work())
            await entered.wait()  # the task is in its release now
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await eventually_in_loop(lambda: on_how_many(nodes, name) == 0)

    run(body())


def _of_a_lock(lock: redlock.Lock) -> list[Callable[[], Awaitable[object]]]:
    return [lambda: lock.extend(5), lambda: lock.wait_lost(), lambda: lock.proclaim("x")]


@pytest.mark.parametrize("which", range(3), ids=["extend", "wait_lost", "proclaim"])
def test_cancelled_operation_of_a_lock_leaves_it_held(
    nodes: list[str], name: str, which: int
) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name) as lock:
            for moment in range(3):
                task = asyncio.ensure_future(_of_a_lock(lock)[which]())
                await _turns(moment)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            assert lock.valid
            await lock.extend()

    run(body())


def test_cancelled_close_goes_on(nodes: list[str], name: str) -> None:
    async def body() -> None:
        locks = manager(nodes)
        await locks.lock(name, lease_time=30)
        task = asyncio.ensure_future(locks.aclose())
        await _turns(1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await eventually_in_loop(lambda: on_how_many(nodes, name) == 0)

    run(body())


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_attached_lock_that_nobody_wants_stays_its_holders(
    moment: str, nodes: list[str], name: str
) -> None:
    async def scene() -> None:
        async with redlock.LockManager(nodes) as locks, redlock.LockManager(nodes) as others:
            held = await locks.lock(name)
            attaching = asyncio.ensure_future(others.attach(name, held.token))
            await asyncio.sleep(0)
            if moment == "after":
                # Its result is there, and the task has not seen it: the loop does not turn.
                while not others.active_locks():
                    pass
            attaching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attaching
            del attaching
            # A release would go before it, on the same connections.
            await others.status(name)
            assert (await locks.status(name)).token == held.token
            await held.release()

    asyncio.run(scene())

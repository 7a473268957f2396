"""Event loops: several at once, other kinds, and loops that close at a bad moment."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support import eventually, is_free, manager, run, start

import asio_redlock as redlock

NewLoop = Callable[[], asyncio.AbstractEventLoop]


def _in_threads(count: int, bodies: Callable[[int], Coroutine[Any, Any, None]]) -> None:
    def run_loop(i: int) -> None:
        asyncio.run(bodies(i))

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run_loop, range(count)))


@pytest.mark.parametrize("shared", [True, False], ids=["one manager", "one each"])
def test_loops_of_several_threads(nodes: list[str], name: str, shared: bool) -> None:
    inside = entered = 0

    async def work(locks: redlock.LockManager) -> None:
        nonlocal inside, entered

        async def one() -> None:
            nonlocal inside, entered
            async with locks.lock(name):
                inside += 1
                entered += 1
                assert inside == 1
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(one() for _ in range(10)))

    async def of_its_own(_: int) -> None:
        async with manager(nodes) as own:
            await work(own)

    if not shared:
        _in_threads(4, of_its_own)
    else:
        locks = manager(nodes)
        _in_threads(4, lambda _: work(locks))
        run(locks.aclose())
    assert (inside, entered) == (0, 40)


def test_loop_and_threads_share_the_nodes(
    nodes: list[str], locks: redlock.SyncLockManager, name: str
) -> None:
    async def body() -> None:
        async with manager(nodes) as own, own.lock(name):
            assert await asyncio.to_thread(locks.try_lock, name) is None

    run(body())


def test_lock_passes_between_loops(nodes: list[str], name: str) -> None:
    locks = manager(nodes)

    async def acquire() -> redlock.Lock:
        return await locks.lock(name)

    lock = run(acquire())
    assert lock.valid
    run(lock.release())
    assert not run(locks.is_locked(name))
    run(locks.aclose())


def test_many_loops_one_after_the_other(nodes: list[str], name: str) -> None:
    """No descriptor is left behind."""
    import os

    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name):
            pass

    run(body())
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        run(body())
    gc.collect()
    eventually(lambda: len(os.listdir("/proc/self/fd")) <= before + 2, "the end of descriptors")


@pytest.fixture
def uvloop() -> Any:
    return pytest.importorskip("uvloop", reason="uvloop is not there")


def test_uvloop(uvloop: Any, nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name) as lock:
                assert lock.valid
                with pytest.raises(redlock.TimedOut):
                    await locks.lock(name, wait=0.01)
            with pytest.raises(redlock.LockLost):
                async with locks.lock(name, lease_time=0.1):
                    await asyncio.sleep(60)
            task = asyncio.current_task()
            assert task is not None and task.cancelling() == 0
            await asyncio.gather(*(work(locks) for _ in range(50)))

    async def work(locks: redlock.LockManager) -> None:
        async with locks.lock(name):
            await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(body())


def test_uvloop_cancellation_leaves_nothing(uvloop: Any, nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            for turns in range(20):
                task = start(locks.lock(name))
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                del task
                async with locks.lock(name, wait=5):
                    pass

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(body())


@pytest.fixture(params=["asyncio", "uvloop"])
def new_loop(request: pytest.FixtureRequest) -> NewLoop:
    kind = pytest.importorskip(request.param, reason=f"{request.param} is not there")
    found: NewLoop = kind.new_event_loop
    return found


def _left_loop(
    new_loop: NewLoop,
    body: Callable[[asyncio.Event], Coroutine[Any, Any, None]],
    keep: list[Any] | None = None,
) -> None:
    """Runs the body until it says so, and closes the loop under it."""
    loop = new_loop()

    async def until_ready() -> None:
        ready = asyncio.Event()
        task = loop.create_task(body(ready))
        if keep is not None:
            keep.extend([loop, task])
        await ready.wait()
        del task

    def ignore(*_: object) -> None:
        """Task was destroyed but it is pending!"""

    loop.set_exception_handler(ignore)
    loop.run_until_complete(until_ready())
    loop.close()


def test_loop_that_closes_with_a_lock_held(new_loop: NewLoop, nodes: list[str], name: str) -> None:
    locks = manager(nodes)

    async def body(ready: asyncio.Event) -> None:
        async with locks.lock(name):
            ready.set()
            await asyncio.sleep(60)

    _left_loop(new_loop, body)
    gc.collect()
    is_free(nodes, name)
    run(locks.aclose())


def test_loop_that_closes_with_an_acquisition_under_way(
    new_loop: NewLoop, nodes: list[str], name: str
) -> None:
    holder = redlock.SyncLockManager(nodes)
    held = holder.lock(name).acquire()
    locks = manager(nodes)

    async def body(ready: asyncio.Event) -> None:
        asyncio.get_running_loop().call_later(0.03, ready.set)
        async with locks.lock(name):
            pytest.fail("acquired on a closed loop")

    _left_loop(new_loop, body)
    gc.collect()
    held.release()
    with holder.lock(name, wait=5):
        assert locks.active_locks() == []
    is_free(nodes, name)
    run(locks.aclose())
    holder.close()


@pytest.mark.parametrize("kept", [False, True])
def test_lock_that_comes_for_a_closed_loop_is_released(
    new_loop: NewLoop, nodes: list[str], name: str, kept: bool
) -> None:
    """It was on its way when the loop closed; the task, and the loop, may live on as objects."""
    holder = redlock.SyncLockManager(nodes)
    held = holder.lock(name).acquire()
    locks = manager(nodes)
    keep: list[Any] = []

    async def body(ready: asyncio.Event) -> None:
        asyncio.get_running_loop().call_later(0.03, ready.set)
        async with locks.lock(name):
            await asyncio.sleep(60)

    _left_loop(new_loop, body, keep if kept else None)
    held.release()
    holder.close()
    if kept:
        eventually(lambda: locks.statistics().acquired == 1, "the acquisition")
    else:
        gc.collect()

    async def on_another_loop() -> None:
        async with locks.lock(name, wait=10):
            pass

    run(on_another_loop())
    is_free(nodes, name)
    run(locks.aclose())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keep.clear()
        gc.collect()


def test_asyncio_run_that_ends_with_tasks_under_way(nodes: list[str], name: str) -> None:
    locks = manager(nodes)
    left: list[asyncio.Task[None]] = []

    async def hold(which: str) -> None:
        async with locks.lock(which):
            await asyncio.sleep(60)

    async def body() -> None:
        left.extend(asyncio.ensure_future(hold(f"{name}:{i % 2}")) for i in range(4))
        while not locks.statistics().acquired:
            await asyncio.sleep(0.001)

    run(body())
    assert all(task.cancelled() for task in left)
    for i in range(2):
        is_free(nodes, f"{name}:{i}")
    run(locks.aclose())


def test_thread_that_ends_with_a_lock_held(nodes: list[str], name: str) -> None:
    with redlock.SyncLockManager(nodes) as locks:
        thread = threading.Thread(target=lambda: locks.lock(name).acquire())
        thread.start()
        thread.join()
        is_free(nodes, name)


def test_lock_keeps_its_manager(nodes: list[str], name: str) -> None:
    async def body() -> redlock.Lock:
        locks = manager(nodes)
        return await locks.lock(name)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lock = run(body())
        gc.collect()
        assert lock.valid
        run(lock.extend())
        del lock
        gc.collect()
    is_free(nodes, name)


def test_debug_mode_has_nothing_to_say(nodes: list[str], name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        async def body() -> None:
            async with manager(nodes) as locks, locks.lock(name), locks.shared_lock(name + "r"):
                pass

        asyncio.run(body(), debug=True)

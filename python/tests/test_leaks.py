"""No leak in 100,000 cycles, and nothing that needs the collector."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import manager, run

import asio_redlock as redlock


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def _cycles(locks: redlock.LockManager, name: str, count: int, at_once: int = 50) -> None:
    async def worker(i: int) -> None:
        for _ in range(count // at_once):
            async with locks.lock(f"{name}:{i}"):
                pass

    await asyncio.gather(*(worker(i) for i in range(at_once)))


def test_100_000_cycles_grow_nothing(name: str) -> None:
    async def body(nodes: list[str]) -> None:
        async with manager(nodes) as locks:
            await _cycles(locks, name, 20_000)
            gc.collect()
            before = _resident()
            await _cycles(locks, name, 80_000)
            gc.collect()
            assert _resident() - before < 2_000_000
            tracemalloc.start()
            try:
                await _cycles(locks, name, 2_000)
                gc.collect()
                first = tracemalloc.get_traced_memory()[0]
                await _cycles(locks, name, 4_000)
                gc.collect()
                assert tracemalloc.get_traced_memory()[0] - first < 20_000
            finally:
                tracemalloc.stop()

    with redlock.local(nodes=1) as own:
        # The debug mode, which keeps where each task came from, would take minutes.
        asyncio.run(body(own), debug=False)


def test_cycles_of_threads_grow_nothing(locks: redlock.SyncLockManager, name: str) -> None:
    def cycles(count: int) -> None:
        for _ in range(count):
            with locks.lock(name):
                pass
            assert locks.try_lock(name)

    cycles(500)
    gc.collect()
    tracemalloc.start()
    try:
        cycles(200)
        first = tracemalloc.get_traced_memory()[0]
        cycles(1000)
        assert tracemalloc.get_traced_memory()[0] - first < 10_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("which", range(8))
def test_nothing_is_left_for_the_collector(
    nodes: list[str], name: str, which: int, no_collector: None
) -> None:
    async def cycle(locks: redlock.LockManager) -> None:
        async with locks.lock(name):
            pass

    async def contended(locks: redlock.LockManager) -> None:
        async with locks.lock(name):
            try:
                await locks.lock(name, wait=0)
            except redlock.Contended:
                pass
            assert await locks.try_lock(name) is None

    async def cancelled(locks: redlock.LockManager) -> None:
        async with locks.lock(name):
            try:
                async with asyncio.timeout(0.002):
                    await locks.lock(name)
            except TimeoutError:
                pass

    async def lost(locks: redlock.LockManager) -> None:
        try:
            async with locks.lock(name, lease_time=0.03):
                await asyncio.sleep(60)
        except redlock.LockLost:
            pass

    async def resigned(locks: redlock.LockManager) -> None:
        terms = 0

        async def lead(term: redlock.Term) -> None:
            nonlocal terms
            terms += 1
            if terms == 1:
                term.resign()

        await locks.campaign(name, lead)

    async def observed(locks: redlock.LockManager) -> None:
        views = locks.observe(name)
        await anext(views)
        await views.aclose()  # type: ignore[attr-defined]

    async def read(locks: redlock.LockManager) -> None:
        events = locks.events()
        async with locks.lock(name):
            await anext(events)
        try:
            async with asyncio.timeout(0.002):
                while True:
                    await anext(events)
        except TimeoutError:
            pass

    async def refused(locks: redlock.LockManager) -> None:
        try:
            await locks.lock(name, wait=-1)
        except ValueError:
            pass

    kinds = [cycle, contended, cancelled, lost, resigned, observed, read, refused]
    work = kinds[which]

    async def body() -> None:
        async with manager(nodes) as locks:
            for _ in range(5):
                await work(locks)
            gc.collect()
            gc.set_debug(gc.DEBUG_SAVEALL)
            try:
                for _ in range(5):
                    await work(locks)
                gc.collect()
                ours = [one for one in gc.garbage if "asio_redlock" in type(one).__module__]
                frames = [
                    one
                    for one in gc.garbage
                    if type(one).__name__ in ("frame", "coroutine") and "asio_redlock" in str(one)
                ]
                assert (ours, frames) == ([], [])
            finally:
                gc.set_debug(0)
                gc.garbage.clear()

    run(body())


def _dies(make: Callable[[], object]) -> bool:
    one = make()
    watch = weakref.ref(one)
    del one
    return watch() is None


def test_lock_dies_at_once(nodes: list[str], name: str, no_collector: None) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name)
            watch = weakref.ref(lock)
            del lock
            assert watch() is None
            async with locks.lock(name, wait=5) as guarding:
                watch = weakref.ref(guarding)
            del guarding
            assert watch() is None

    run(body())


def test_errors_die_at_once(locks: redlock.SyncLockManager, name: str, no_collector: None) -> None:
    def contended() -> object:
        with locks.lock(name):
            try:
                locks.lock(name, wait=0).acquire()
            except redlock.Contended as error:
                return error
        raise AssertionError

    def lost() -> object:
        try:
            with locks.lock(name, lease_time=0.03) as lock:
                try:
                    lock.wait_lost()
                except redlock.LockLost:
                    pass
        except redlock.LockLost as error:
            return error
        raise AssertionError

    assert _dies(contended)
    assert _dies(lost)


def test_errors_of_tasks_die_at_once(nodes: list[str], name: str, no_collector: None) -> None:
    watches: list[weakref.ref[BaseException]] = []

    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name):
                try:
                    await locks.lock(name, wait=0)
                except redlock.Contended as error:
                    watches.append(weakref.ref(error))
            for fails in (False, True):
                try:
                    async with locks.lock(name, lease_time=0.05):
                        try:
                            await asyncio.sleep(60)
                        finally:
                            if fails:
                                raise KeyError
                except redlock.LockLost as error:
                    watches.append(weakref.ref(error))

    run(body())
    assert [watch() for watch in watches] == [None] * 3


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_manager_dies_at_once(nodes: list[str], no_collector: None) -> None:
    async def body() -> None:
        locks = manager(nodes)
        await locks.is_locked("x")
        await locks.aclose()
        watch = weakref.ref(locks)
        del locks
        assert watch() is None

    run(body())
    assert _dies(lambda: redlock.SyncLockManager(nodes))


def test_references_of_constants_do_not_move(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            await _cycles(locks, name, 200, 10)
            before = [sys.getrefcount(one) for one in (redlock.Lock, redlock.Acquisition)]
            await _cycles(locks, name, 2000, 10)
            after = [sys.getrefcount(one) for one in (redlock.Lock, redlock.Acquisition)]
            assert all(b - a < 20 for a, b in zip(before, after, strict=True))

    run(body())

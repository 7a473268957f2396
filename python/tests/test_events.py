"""What a manager reports: streams, and the log."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import HASTY, PATIENCE, Servers, delete, eventually, manager, run

import asio_redlock as redlock


async def _next(events: redlock.EventStream, kind: str) -> redlock.Event:
    async with asyncio.timeout(PATIENCE):
        async for event in events:
            if event.kind == kind:
                return event
    raise AssertionError("the stream ended")


def test_stream_of_a_cycle(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            events = locks.events()
            async with locks.lock(name) as lock:
                fencing = lock.fencing_token
            ready = await _next(events, "node_ready")
            assert ready.node in (0, 1, 2) and ready.node_name == nodes[ready.node]
            acquired = await _next(events, "acquired")
            assert (acquired.resource, acquired.fencing_token) == (name, fencing)
            assert acquired.node is None and acquired.elapsed > 0
            assert (await _next(events, "released")).resource == name

    run(body())


def test_stream_ends_with_the_manager(nodes: list[str], name: str) -> None:
    async def body() -> None:
        locks = manager(nodes)
        events = locks.events()
        lock = await locks.lock(name)
        reading = asyncio.ensure_future(_all(events))
        await asyncio.sleep(0.01)
        await locks.aclose()
        kinds = await reading
        assert "released" in kinds, "what closing does is still reported"
        assert not lock.valid
        with pytest.raises(StopAsyncIteration):
            await anext(events)
        assert await _all(locks.events()) == []

    async def _all(events: redlock.EventStream) -> list[str]:
        return [event.kind async for event in events]

    run(body())


def test_loss_is_an_event(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            events = locks.events()
            with pytest.raises(redlock.LockLost):
                async with locks.lock(name):
                    await asyncio.sleep(0.03)
                    delete(nodes, name)
                    await asyncio.sleep(60)
            lost = await _next(events, "lost")
            assert lost.resource == name and lost.error and lost.message

    run(body())


def test_cancelled_read_loses_no_event(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name):
                pass
            events = locks.events()
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.005):
                        await anext(events)
            for moment in range(6):
                reading = asyncio.ensure_future(anext(events))
                for _ in range(moment):
                    await asyncio.sleep(0)
                reading.cancel()
                seen = await asyncio.gather(reading, return_exceptions=True)
                assert isinstance(seen[0], asyncio.CancelledError)
            async with locks.lock(name):
                pass
            assert (await anext(events)).kind == "acquired"
            assert (await anext(events)).kind == "released"

    run(body())


def test_two_readers_of_one_stream_share_its_events(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name):
                pass
            events = locks.events()
            readers = [asyncio.ensure_future(anext(events)) for _ in range(2)]
            await asyncio.sleep(0)
            async with locks.lock(name):
                pass
            async with asyncio.timeout(PATIENCE):
                seen = await asyncio.gather(*readers)
            assert {event.kind for event in seen} == {"acquired", "released"}

    run(body())


def test_each_stream_sees_everything(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            streams = [locks.events() for _ in range(3)]
            async with locks.lock(name):
                pass
            for events in streams:
                assert (await _next(events, "released")).resource == name

    run(body())


def test_stream_that_nobody_reads_keeps_the_newest(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            events = locks.events()

            async def one(i: int) -> None:
                for _ in range(110):
                    async with locks.lock(f"{name}:{i}"):
                        pass

            await asyncio.gather(*(one(i) for i in range(50)))
            async with locks.lock(name):
                pass
        kinds = [event.resource async for event in events]
        assert len(kinds) == 10_000
        assert events.dropped >= 1000
        assert name in kinds[-5:]

    run(body())


def test_stream_that_is_let_go_is_forgotten(locks: redlock.SyncLockManager, name: str) -> None:
    for _ in range(100):
        locks.events()
    with locks.lock(name):
        pass


def test_stream_of_a_thread(nodes: list[str], name: str) -> None:
    locks = redlock.SyncLockManager(nodes)
    events = locks.events()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(lambda: [event.kind for event in events])
        with locks.lock(name):
            pass
        locks.close()
        kinds = reading.result()
    assert kinds.index("acquired") < kinds.index("released")


def test_event_tells_everything_in_its_repr(locks: redlock.SyncLockManager, name: str) -> None:
    events = locks.events()
    with locks.lock(name):
        pass
    for event in events:
        if event.kind == "acquired":
            assert repr(event).startswith(f"Event(kind='acquired', resource={name!r}, ")
            with pytest.raises(AttributeError):
                event.kind = "lost"  # type: ignore[misc]
            break


def test_log_has_levels_and_the_event(servers: Servers, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="asio_redlock")
    with redlock.SyncLockManager(servers, log=True, **HASTY) as locks:  # type: ignore[arg-type]
        with locks.lock("x"):
            pass
        servers.kill(2)

        def levels(text: str) -> set[str]:
            return {one.levelname for one in list(caplog.records) if text in one.getMessage()}

        def is_noticed() -> bool:
            # An idle connection is not read: the next command finds it broken.
            locks.is_locked("x")
            return bool(levels("node down"))

        eventually(is_noticed, "the log of the loss of a node")
        assert levels("node down") == {"WARNING"}
        assert levels("node ready") == {"INFO"}
        assert levels("acquired 'x'") == {"DEBUG"}
        record = next(one for one in caplog.records if "node down" in one.getMessage())
        assert isinstance(record.redlock, redlock.Event)  # type: ignore[attr-defined]
        assert record.name == "asio_redlock"
        assert record.getMessage().startswith("node down node 2 (redis://127.0.0.1:")


def test_log_goes_to_the_logger_given(nodes: list[str], name: str) -> None:
    seen = threading.Event()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "acquired" in record.getMessage():
                seen.set()

    own = logging.getLogger("my.locks")
    own.setLevel(logging.DEBUG)
    own.propagate = False
    handler = Handler()
    own.addHandler(handler)

    async def body() -> None:
        async with manager(nodes, log=own) as locks, locks.lock(name):
            pass

    run(body())
    assert seen.wait(PATIENCE)
    own.removeHandler(handler)


def test_log_survives_a_handler_that_fails(
    nodes: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    seen = threading.Event()

    class Handler(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            if "released" in record.getMessage():
                seen.set()
            raise KeyError("its own")

    own = logging.getLogger("my.failing.locks")
    own.setLevel(logging.DEBUG)
    own.propagate = False
    handler = Handler()
    own.addHandler(handler)
    with redlock.SyncLockManager(nodes, log=own) as locks, locks.lock(name):
        pass
    assert seen.wait(PATIENCE)
    own.removeHandler(handler)

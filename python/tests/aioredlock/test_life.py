"""How long a lock lives: renewals, references, loops, forks, and the end of the program."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from support import eventually

from asio_redlock.aioredlock import Aioredlock, Lock, LockAcquiringError

from .servers import ask, frozen

Make = Callable[..., Aioredlock]


def holders(ports: list[int], name: str) -> set[Any]:
    """The values of the key on the nodes; one node may come late."""
    found = sorted(ask(port, "GET", name) or "" for port in ports)
    return {found[1] or None}


@contextmanager
def without_collector() -> Generator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def run_program(text: str, connections: list[tuple[str, int]]) -> None:
    """In a process of its own, which has to end by itself."""
    head = f"import asyncio, os\nfrom asio_redlock.aioredlock import *\nnodes = {connections!r}\n"
    subprocess.run([sys.executable, "-W", "ignore", "-c", head + text], check=True, timeout=60)


async def locked(manager: Aioredlock) -> bool:
    return (await manager.lock("r")).valid


async def rises(port: int, name: str, times: int) -> None:
    """Waits until its time to live has risen so many times."""
    # Of three nodes the last may get the lock a little later.
    eventually(lambda: ask(port, "EXISTS", name))
    last = ask(port, "PTTL", name)
    while times > 0:
        await asyncio.sleep(0.005)
        now = ask(port, "PTTL", name)
        assert now > 0, "the key has gone"
        times -= now > last
        last = now


def test_a_lock_without_a_timeout_is_renewed(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make(internal_lock_timeout=2)
        lock = await manager.lock("r")
        assert sorted(ask(port, "PTTL", "r") for port in ports)[1] <= 2000
        await rises(ports[0], "r", 4)
        assert lock.valid
        assert holders(ports, "r") == {lock.id}
        await manager.destroy()

    asyncio.run(whole())


def test_a_lock_with_a_timeout_is_not_renewed(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make(internal_lock_timeout=0.2)
        lock = await manager.lock("r", lock_timeout=0.3)
        while holders(ports, "r") != {None}:
            await asyncio.sleep(0.005)
        assert not lock.valid
        assert not await lock.is_locked()
        await manager.destroy()

    asyncio.run(whole())


def test_a_lock_outlives_a_renewal_that_fails(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make(internal_lock_timeout=9, node_timeout=0.5)
        lock = await manager.lock("r")
        assert lock._held is not None
        native = lock._held._held
        with frozen(ports[0]), frozen(ports[1]):
            while not native.last_error():
                await asyncio.sleep(0.005)
        await rises(ports[2], "r", 2)
        assert lock.valid
        assert holders(ports, "r") == {lock.id}
        await manager.destroy()

    asyncio.run(whole())


def test_a_lock_needs_no_reference(make: Make, ports: list[int]) -> None:
    """aioredlock's task keeps it; so do its users rely on it."""

    async def whole() -> None:
        await make(internal_lock_timeout=2).lock("renewed")
        await make().lock("timed", lock_timeout=50)
        gc.collect()
        await rises(ports[0], "renewed", 2)
        assert holders(ports, "timed") != {None}

    with pytest.warns(ResourceWarning, match="was not closed"):
        asyncio.run(whole())
        gc.collect()
        eventually(lambda: holders(ports, "renewed") == {None})
    assert holders(ports, "timed") != {None}, "it is left to its lease"


def test_a_renewed_lock_ends_with_its_loop(make: Make, ports: list[int]) -> None:
    manager = make(retry_count=100)
    with without_collector():
        lock = asyncio.run(manager.lock("r"))
        eventually(lambda: holders(ports, "r") == {None})
        assert not lock.valid
        assert asyncio.run(locked(manager))
    asyncio.run(manager.destroy())


def test_a_renewed_lock_ends_with_a_loop_that_is_closed_but_kept(make: Make) -> None:
    manager, other = make(), make(retry_count=100)
    loop = asyncio.new_event_loop()
    first = loop.run_until_complete(manager.lock("r"))
    loop.close()
    assert asyncio.run(locked(other))
    assert not first.valid
    assert loop.is_closed()
    asyncio.run(manager.destroy())
    asyncio.run(other.destroy())


def test_what_is_done_with_is_freed_at_once(make: Make) -> None:
    async def whole() -> None:
        manager = make()
        lock = await manager.lock("1")
        await lock.release()
        async with await manager.lock("2") as other:
            pass
        await manager.destroy()
        refs: list[weakref.ref[Any]] = [weakref.ref(lock), weakref.ref(other), weakref.ref(manager)]
        del lock, other, manager
        assert [ref() for ref in refs] == [None, None, None]

    with without_collector():
        asyncio.run(whole())


def test_a_found_lock_that_is_dropped_is_not_released(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager, other = make(), make()
        lock = await manager.lock("r")
        found: Lock | None = await other.get_lock("r", lock.id)
        assert found is not None
        found = None
        gc.collect()
        # It would have been sent before this.
        await other.lock("later")
        assert holders(ports, "r") == {lock.id}
        await lock.extend()
        await manager.destroy()
        await other.destroy()

    asyncio.run(whole())


def test_the_end_of_the_program_leaves_timed_locks(
    connections: list[tuple[str, int]], ports: list[int]
) -> None:
    run_program(
        "async def main():\n"
        "    global kept\n"
        "    kept = Aioredlock(nodes)\n"
        "    await kept.lock('hourly', lock_timeout=50, lock_identifier='program')\n"
        "    await kept.lock('renewed')\n"
        "    await kept.get_lock('hourly', 'program')\n"
        "    async with await kept.lock('block'): pass\n"
        "asyncio.run(main())\n",
        connections,
    )
    assert holders(ports, "hourly") == {"program"}
    assert holders(ports, "renewed") == {None}
    assert holders(ports, "block") == {None}


def test_a_lock_found_by_a_program_survives_it(
    make: Make, connections: list[tuple[str, int]], ports: list[int]
) -> None:
    async def whole() -> None:
        manager = make()
        lock = await manager.lock("r", lock_identifier="me")
        text = (
            "async def main():\n"
            "    global kept, lock\n"
            "    kept = Aioredlock(nodes)\n"
            "    lock = await kept.get_lock('r', 'me')\n"
            "    await lock.extend()\n"
            "asyncio.run(main())\n"
        )
        await asyncio.to_thread(run_program, text, connections)
        assert holders(ports, "r") == {"me"}
        await lock.extend()
        await manager.destroy()

    asyncio.run(whole())


def test_a_manager_made_before_a_fork_works_in_the_child(
    connections: list[tuple[str, int]], ports: list[int]
) -> None:
    run_program(
        "manager = Aioredlock(nodes)\n"
        "lock = asyncio.run(manager.lock('parent', lock_timeout=50, lock_identifier='parent'))\n"
        "child = os.fork()\n"
        "async def in_child():\n"
        "    mine = await manager.lock('child', lock_timeout=50, lock_identifier='child')\n"
        "    assert await manager.get_active_locks() == [mine]\n"
        "    try:\n"
        "        await lock.extend()\n"
        "    except LockRuntimeError:\n"
        "        pass\n"
        "    else:\n"
        "        raise SystemExit('the copy was used')\n"
        "    await manager.unlock(mine)\n"
        "    await manager.destroy()\n"
        "if child == 0:\n"
        "    asyncio.run(in_child())\n"
        "    raise SystemExit(0)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n"
        "assert lock.valid\n"
        "asyncio.run(manager.extend(lock))\n",
        connections,
    )
    assert holders(ports, "parent") == {"parent"}
    assert holders(ports, "child") == {None}


def test_one_manager_in_the_loops_of_two_threads(make: Make) -> None:
    manager = make(retry_count=100_000, retry_delay_min=0.001, retry_delay_max=0.003)
    counter = {"value": 0}

    async def count() -> None:
        for _ in range(20):
            async with await manager.lock("counter"):
                value = counter["value"]
                await asyncio.sleep(0.001)
                counter["value"] = value + 1

    threads = [threading.Thread(target=lambda: asyncio.run(count())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter["value"] == 40
    asyncio.run(manager.destroy())


def test_with_uvloop(make: Make, ports: list[int]) -> None:
    uvloop: Any = pytest.importorskip("uvloop")

    async def whole() -> None:
        manager = make(retry_count=1)
        async with await manager.lock("r") as lock:
            assert lock.valid
            with pytest.raises(LockAcquiringError):
                await manager.lock("r")
        await manager.lock("left")

    with pytest.warns(ResourceWarning, match="was not closed"):
        uvloop.run(whole())
        gc.collect()
        eventually(lambda: holders(ports, "left") == {None})


def test_importing_the_package_does_not_import_the_drop_in() -> None:
    program = "import sys, asio_redlock; assert 'asio_redlock.aioredlock' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, env=dict(os.environ))

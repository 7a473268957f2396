"""One program for both: what aioredlock's users learn first, with one of two import lines."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import asio_redlock

from .servers import ask, port_of, server

OURS = "from asio_redlock.aioredlock import Aioredlock, LockError, Sentinel"
THEIRS = "from aioredlock import Aioredlock, LockError, Sentinel"

PROGRAM = """
import asyncio

redis_instances = INSTANCES


async def main():
    lock_manager = Aioredlock(redis_instances)

    assert not await lock_manager.is_locked("resource_name")

    try:
        lock = await lock_manager.lock("resource_name", lock_timeout=10)
    except LockError:
        print("Lock not acquired")
        raise

    assert lock.valid
    assert await lock_manager.is_locked("resource_name")

    try:
        await lock_manager.lock("resource_name", lock_timeout=10)
    except LockError:
        print("somebody has it")

    await lock_manager.extend(lock, lock_timeout=10)
    await lock_manager.unlock(lock)

    assert not lock.valid
    assert not await lock_manager.is_locked("resource_name")

    try:
        async with await lock_manager.lock("resource_name") as lock:
            assert lock.valid is True
            await lock.extend()
        assert lock.valid is False
    except LockError:
        print("Lock not acquired")
        raise

    async with await lock_manager.lock("my_resource") as lock:
        assert lock in await lock_manager.get_active_locks()

    await lock_manager.destroy()
    print("done")


asyncio.run(main())
"""


def run(python: str, first: str, instances: str, path: str | None) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = path
    program = first + PROGRAM.replace("INSTANCES", instances)
    done = subprocess.run(
        [python, "-c", program], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("library", ["ours", "aioredlock"])
@pytest.mark.parametrize("nodes", [1, 3, "with a Sentinel"])
def test_the_quick_start(library: str, nodes: int | str) -> None:
    python, first, path = sys.executable, OURS, os.environ.get("PYTHONPATH")
    if library == "aioredlock":
        named = os.environ.get("REDLOCK_AIOREDLOCK_PYTHON")
        if not named:
            pytest.skip("REDLOCK_AIOREDLOCK_PYTHON names no Python that has aioredlock")
        python, first, path = named, THEIRS, None
        if nodes == "with a Sentinel":
            pytest.skip("aioredlock's destroy() raises SentinelConfigError")
    if isinstance(nodes, int):
        with asio_redlock.local(nodes=nodes) as urls:
            ports = [port_of(url) for url in urls]
            forms = [f"('localhost', {ports[0]})"]
            if nodes == 3:
                forms += [f"{{'host': 'localhost', 'port': {ports[1]}, 'db': 0}}", repr(urls[2])]
            answer = run(python, first, f"[{', '.join(forms)}]", path)
    else:
        with server() as master:
            with server(sentinel=f"sentinel monitor leader 127.0.0.1 {master} 1\n") as sentinel:
                form = f"[Sentinel(('localhost', {sentinel}), master='leader', db=3)]"
                answer = run(python, first, form, path)
            assert ask(master, "GET", "resource_name", db=3) is None
    assert answer == "somebody has it\ndone\n"

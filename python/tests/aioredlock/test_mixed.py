"""Beside the real aioredlock, on the same servers: which locks each respects, and what each does in
the same case. REDLOCK_AIOREDLOCK_PYTHON names a Python that has aioredlock 0.7.3.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from support import eventually

from asio_redlock.aioredlock import Aioredlock, LockAcquiringError

from .peer import Calls
from .servers import ask, frozen

Make = Callable[..., Aioredlock]


PROGRAM = Path(__file__).with_name("peer.py")


def without_our_path() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


class Peer:
    """The other process."""

    def __init__(self, python: str, ports: list[int], **options: Any) -> None:
        self.process = subprocess.Popen(
            [python, "-W", "ignore", str(PROGRAM), json.dumps([ports, options])],
            env=without_our_path(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def begin(self, name: str, *arguments: Any, **options: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([name, arguments, options]) + "\n")
        self.process.stdin.flush()

    def has_answered(self) -> bool:
        assert self.process.stdout is not None
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the other process ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def does(self, name: str, *arguments: Any, **options: Any) -> Any:
        """The value, or the name of the exception."""
        self.begin(name, *arguments, **options)
        answer = self.answer()
        return answer.get("error", answer.get("value"))

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="session")
def python() -> str:
    named = os.environ.get("REDLOCK_AIOREDLOCK_PYTHON")
    if not named:
        pytest.skip("REDLOCK_AIOREDLOCK_PYTHON names no Python that has aioredlock")
    return named


@pytest.fixture
def peer(python: str, ports: list[int]) -> Generator[Peer]:
    made = Peer(python, ports, retry_count=1)
    yield made
    made.end()


def test_ours_is_respected_by_the_real_one(peer: Peer, make: Make) -> None:
    async def whole() -> None:
        manager = make()
        lock = await manager.lock("r")
        assert peer.does("is_locked", "r") is True
        assert peer.does("lock", "r") == "LockAcquiringError"
        await manager.unlock(lock)
        assert peer.does("is_locked", "r") is False
        assert isinstance(peer.does("lock", "r", 10), str)
        await manager.destroy()

    asyncio.run(whole())


def test_ours_respects_the_real_ones(peer: Peer, make: Make) -> None:
    async def whole() -> None:
        manager = make(retry_count=1)
        peer.does("lock", "r")
        assert await manager.is_locked("r")
        with pytest.raises(LockAcquiringError):
            await manager.lock("r")
        peer.does("unlock", "r")
        assert (await manager.lock("r")).valid
        await manager.destroy()

    asyncio.run(whole())


def test_the_real_one_takes_over_ours_by_its_id(peer: Peer, make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make()
        lock = await manager.lock("r", lock_timeout=10)
        # It demands the lock of all nodes.
        eventually(lambda: all(ask(port, "GET", "r") == lock.id for port in ports))
        assert peer.does("get_lock", "r", lock.id) is True
        assert peer.does("extend", "r", 50) is None
        assert min(ask(port, "PTTL", "r") for port in ports) > 10_000
        assert peer.does("unlock", "r") is None
        with pytest.raises(LockAcquiringError):
            await lock.extend()
        assert not lock.valid
        await manager.destroy()

    asyncio.run(whole())


def test_ours_takes_over_the_real_ones_by_its_id(peer: Peer, make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make()
        identifier = peer.does("lock", "r", 10)
        lock = await manager.get_lock("r", identifier)
        await manager.extend(lock, 50)
        assert sorted(ask(port, "PTTL", "r") for port in ports)[1] > 10_000
        await manager.unlock(lock)
        assert peer.does("is_locked", "r") is False
        await manager.destroy()

    asyncio.run(whole())


def test_both_count_together(peer: Peer, make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make(retry_count=100_000, retry_delay_min=0.001, retry_delay_max=0.003)
        peer.begin("count", "turn", 25)
        for _ in range(25):
            async with await manager.lock("turn"):
                value = int(ask(ports[0], "GET", "number") or 0)
                await asyncio.sleep(0.001)
                ask(ports[0], "SET", "number", value + 1)
        assert await asyncio.to_thread(peer.answer) == {"value": None}
        assert ask(ports[0], "GET", "number") == "50"
        await manager.destroy()

    asyncio.run(whole())


class Ours(Calls):
    """The same calls as the peer's, by this package."""

    async def does(self, name: str, *arguments: Any, **options: Any) -> Any:
        try:
            return await getattr(self, name)(*arguments, **options)
        except Exception as error:
            return type(error).__name__

    async def make(self, **options: Any) -> None:
        await Aioredlock(**options).destroy()


Step = tuple[str, list[Any], dict[str, Any]]


def step(name: str, *arguments: Any, **options: Any) -> Step:
    return name, list(arguments), options


#: What both do alike. `steal` is no call: the key gets another value on all nodes.
ALIKE: dict[str, list[Step]] = {
    "one after the other": [
        step("lock", "r", 10, "me"),
        step("is_locked", "r"),
        step("valid", "r"),
        step("active"),
        step("extend", "r"),
        step("extend", "r", 20),
        step("unlock", "r"),
        step("valid", "r"),
        step("is_locked", "r"),
        step("active"),
    ],
    "unlock twice": [
        step("lock", "r", 10, "me"),
        step("unlock", "r"),
        step("unlock", "r"),
        step("extend", "r"),
    ],
    "taken already": [step("steal", "r"), step("lock", "r", 10, "me"), step("is_locked", "r")],
    "stolen, then extended": [
        step("lock", "r", 10, "me"),
        step("steal", "r"),
        step("extend", "r"),
        step("valid", "r"),
        step("is_locked", "r"),
    ],
    "stolen, then unlocked": [
        step("lock", "r", 10, "me"),
        step("steal", "r"),
        step("unlock", "r"),
        step("valid", "r"),
    ],
    "get_lock": [
        step("lock", "r", None, "me"),
        step("get_lock", "r", "me"),
        step("get_lock", "r", "other"),
        step("get_lock", "nobody's", "me"),
    ],
    "bad timeouts": [
        step("lock", "r", 0),
        step("lock", "r", -1),
        step("lock", "r", "5"),
        step("lock", "r", 5, "me"),
        step("extend", "r", 0),
        step("extend", "r", -1),
        step("extend", "r", "5"),
        step("valid", "r"),
    ],
    "bad names": [step("is_locked", None), step("is_locked", 5), step("is_locked", ["r"])],
    "bad options": [
        step("make", retry_count=0),
        step("make", retry_count=None),
        step("make", retry_delay_min=0),
        step("make", retry_delay_max=-1),
        step("make", internal_lock_timeout=0),
        step("make", internal_lock_timeout="x"),
        step("make", retry_count="3", internal_lock_timeout=5),
    ],
    "the end": [
        step("lock", "1", 10, "me"),
        step("lock", "2", None, "me"),
        step("destroy"),
        step("valid", "1"),
        step("valid", "2"),
        step("active"),
        step("destroy"),
    ],
}


@pytest.mark.parametrize("case", ALIKE)
def test_both_do_the_same(peer: Peer, make: Make, ports: list[int], case: str) -> None:
    def steal(name: str) -> str:
        for port in ports:
            ask(port, "SET", name, "thief", "PX", 20_000)
        return "stolen"

    def clear() -> None:
        for port in ports:
            for key in ask(port, "KEYS", "*"):
                if not key.startswith("redlock:epoch"):
                    ask(port, "DEL", key)

    async def ours() -> list[Any]:
        calls = Ours(make(retry_count=1))
        answers = [
            steal(*arguments) if name == "steal" else await calls.does(name, *arguments, **options)
            for name, arguments, options in ALIKE[case]
        ]
        await calls.destroy()
        return answers

    def theirs() -> list[Any]:
        return [
            steal(*arguments) if name == "steal" else peer.does(name, *arguments, **options)
            for name, arguments, options in ALIKE[case]
        ]

    real = theirs()
    clear()
    assert asyncio.run(ours()) == real


CALLS: list[Step] = [
    step("lock", "new", 10),
    step("extend", "held"),
    step("is_locked", "held"),
    step("get_lock", "held", "me"),
    step("unlock", "held"),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
def test_one_frozen_node_hangs_aioredlock_and_not_ours(
    peer: Peer, make: Make, ports: list[int], call: Step
) -> None:
    """Each is begun first by aioredlock. It has not answered when all of ours have, and answers
    once the node does.
    """

    async def ours() -> None:
        manager, other = make(retry_count=1, node_timeout=1.5), make(node_timeout=1.5)
        lock = await manager.lock("ours")
        await manager.extend(lock)
        assert await manager.is_locked("ours")
        assert (await other.get_lock("ours", lock.id)).valid
        await manager.unlock(lock)
        await manager.destroy()
        await other.destroy()

    peer.does("lock", "held", 50, "me")
    name, arguments, options = call
    with frozen(ports[1]):
        peer.begin(name, *arguments, **options)
        asyncio.run(ours())
        assert not peer.has_answered(), "aioredlock did not wait for the frozen node"
    eventually(peer.has_answered)

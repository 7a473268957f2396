"""Functions that run under a lock, whose name comes from their arguments."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator

import pytest
from support import manager, on_how_many, run

import asio_redlock as redlock


class Order:
    def __init__(self, number: int) -> None:
        self.number = number


def test_function_runs_under_its_lock(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            @locks.locked(name, wait=0)
            async def work(value: int) -> int:
                assert on_how_many(nodes, name) >= 2
                return value + 1

            assert await work(1) == 2
            assert not await locks.is_locked(name)

    run(body())


def test_braces_stand_for_arguments(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            @locks.locked(name + ":{tenant}:{order.number}:{parts[0]}:{size:03}:{{literal}}")
            async def work(tenant: str, order: Order, parts: list[str], *, size: int = 7) -> str:
                (held,) = locks.active_locks()
                return held.resource

            full = f"{name}:acme:42:first:007:{{literal}}"
            assert await work("acme", Order(42), ["first"]) == full
            assert await work(tenant="acme", order=Order(42), parts=["first"], size=7) == full

    run(body())


def test_literal_braces_without_a_field(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            @locks.locked(name + ":{{tag}}")
            async def work() -> str:
                (held,) = locks.active_locks()
                return held.resource

            assert await work() == name + ":{tag}"

    run(body())


def test_name_by_a_function(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            def name_of(first: int, second: int = 2) -> bytes:
                return f"{name}:{first}:{second}".encode()

            @locks.locked(name_of)
            async def work(first: int, second: int = 2) -> str:
                (held,) = locks.active_locks()
                return held.resource

            assert await work(1) == f"{name}:1:2"

    run(body())


@pytest.mark.parametrize("braces", ["{tennant}", "{}", "{0}", "{tenant.x}{other[1]}"])
def test_braces_that_name_no_argument_are_refused_at_once(nodes: list[str], braces: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(ValueError, match="has no argument"):

                @locks.locked("nightly:" + braces)
                async def work(tenant: str) -> None: ...

    run(body())


def test_contended_function_does_not_run(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name):

            @locks.locked(name, wait=0)
            async def work() -> None:
                pytest.fail("it ran")

            with pytest.raises(redlock.Contended):
                await work()

    run(body())


def test_lost_lock_ends_the_function(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            @locks.locked(name, lease_time=0.1)
            async def work() -> None:
                await asyncio.sleep(60)

            with pytest.raises(redlock.LockLost):
                await work()

    run(body())


def test_function_keeps_its_looks(nodes: list[str]) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            @locks.locked("x:{tenant}")
            async def nightly(tenant: str) -> None:
                """Tidies up."""

            assert nightly.__name__ == "nightly" and nightly.__doc__ == "Tidies up."
            assert inspect.iscoroutinefunction(nightly)
            assert list(inspect.signature(nightly).parameters) == ["tenant"]

    run(body())


def test_wrong_arguments_raise_before_any_lock(nodes: list[str]) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            @locks.locked("x:{tenant}")
            async def work(tenant: str) -> None: ...

            with pytest.raises(TypeError, match="tenant"):
                await work()  # type: ignore[call-arg]
            assert locks.statistics().attempts == 0

    run(body())


def test_each_manager_refuses_the_other_s_functions(nodes: list[str]) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(TypeError, match="only coroutine functions"):
                locks.locked("x")(lambda: None)  # type: ignore[arg-type, return-value]

    async def coroutine() -> None: ...

    run(body())
    with redlock.SyncLockManager(nodes) as locks:
        with pytest.raises(TypeError, match="asynchronous manager"):
            locks.locked("x")(coroutine)


def test_ordinary_function(nodes: list[str], name: str) -> None:
    with redlock.SyncLockManager(nodes) as locks:

        @locks.locked(name + ":{a}", wait=0)
        def work(a: int, *, b: int = 2) -> int:
            assert locks.is_locked(f"{name}:{a}")
            return a + b

        assert work(1) == 3
        assert work.__name__ == "work"
        assert not locks.is_locked(f"{name}:1")


def test_method(nodes: list[str], name: str) -> None:
    with redlock.SyncLockManager(nodes) as locks:

        class Account:
            number = 7

            @locks.locked(name + ":{self.number}")
            def withdraw(self) -> bool:
                return locks.is_locked(f"{name}:7")

        assert Account().withdraw()


def test_generator_function_is_refused(locks: redlock.SyncLockManager, name: str) -> None:
    with pytest.raises(TypeError, match="generator"):

        @locks.locked(name)
        def rows() -> Iterator[int]:
            yield 1

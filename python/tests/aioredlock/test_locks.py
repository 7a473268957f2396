"""The calls of a manager and of a lock, one by one, on three servers."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import select
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support import eventually

import asio_redlock
from asio_redlock._waiting import inbox_of
from asio_redlock.aioredlock import (
    Aioredlock,
    Lock,
    LockAcquiringError,
    LockError,
    LockRuntimeError,
)

from .servers import ask

Make = Callable[..., Aioredlock]


def run(make: Make, body: Callable[[Aioredlock], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        manager = make(**options)
        try:
            await body(manager)
        finally:
            await manager.destroy()

    asyncio.run(whole())


def values(ports: list[int], name: str) -> list[Any]:
    return [ask(port, "GET", name) for port in ports]


def test_a_lock_has_the_attributes_of_aioredlock(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("resource_name", lock_timeout=10)
        assert lock.resource == "resource_name"
        assert lock.lock_timeout == 10
        assert lock.lock_manager is manager
        assert isinstance(lock.id, str)
        assert lock.valid is True

    run(make, body)


def test_the_key_is_the_name_and_its_value_the_id(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("resource_name", lock_timeout=10)
        assert values(ports, "resource_name").count(lock.id) >= 2

    run(make, body)


def test_a_lock_without_a_timeout_says_none(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        assert (await manager.lock("r")).lock_timeout is None

    run(make, body)


def test_the_arguments_of_lock_can_be_given_by_position(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", 5, "me")
        assert (lock.resource, lock.lock_timeout, lock.id) == ("r", 5, "me")

    run(make, body)


def test_an_identifier_is_the_value_of_the_key(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_identifier="worker-7")
        assert lock.id == "worker-7"
        assert values(ports, "r").count("worker-7") >= 2

    run(make, body)


@pytest.mark.parametrize("identifier", ["", None])
def test_an_empty_identifier_is_none(make: Make, identifier: str | None) -> None:
    async def body(manager: Aioredlock) -> None:
        assert len((await manager.lock("r", lock_identifier=identifier)).id) > 16

    run(make, body)


@pytest.mark.parametrize("identifier", [7, b"seven", "zażółć"])
def test_identifiers_of_other_types_are_kept_as_given(make: Make, identifier: Any) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", 5, identifier)
        assert lock.id == identifier
        await lock.extend()
        await lock.release()

    run(make, body)


@pytest.mark.parametrize("name", ["plain", "with spaces", "zażółć", b"bytes", 42])
def test_names_of_every_kind_that_aioredlock_takes(make: Make, name: Any) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock(name, lock_timeout=5)
        assert lock.resource == name
        assert await lock.is_locked()
        await manager.unlock(lock)
        assert not await lock.is_locked()

    run(make, body)


def test_a_second_lock_is_refused(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        await manager.lock("r", lock_timeout=10)
        with pytest.raises(LockAcquiringError) as raised:
            await manager.lock("r", lock_timeout=10)
        assert isinstance(raised.value.__cause__, asio_redlock.Contended)

    run(make, body, retry_count=2, retry_delay_min=0.001, retry_delay_max=0.002)


def test_another_manager_is_refused_too(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        other = make(retry_count=1)
        await manager.lock("r")
        with pytest.raises(LockError):
            await other.lock("r")
        await other.destroy()

    run(make, body)


def test_a_later_attempt_gets_a_lock_that_came_free(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        first = await manager.lock("r")
        second = asyncio.ensure_future(manager.lock("r"))
        await asyncio.sleep(0)
        await first.release()
        assert (await second).valid

    run(make, body, retry_count=100, retry_delay_min=0.001, retry_delay_max=0.002)


def test_retry_count_is_the_number_of_attempts(make: Make, ports: list[int]) -> None:
    async def attempts_of(count: int) -> int:
        manager = make(retry_count=count, retry_delay_min=0.001, retry_delay_max=0.001)
        with pytest.raises(LockAcquiringError):
            await manager.lock("taken")
        await manager.destroy()
        return calls(ports[0])

    def calls(port: int) -> int:
        stats: str = ask(port, "INFO", "commandstats")
        ask(port, "CONFIG", "RESETSTAT")
        return sum(
            int(line.split("calls=")[1].split(",")[0])
            for line in stats.splitlines()
            if line.startswith(("cmdstat_evalsha:", "cmdstat_eval:", "cmdstat_set:"))
        )

    async def whole() -> None:
        holder = make()
        await holder.lock("taken")
        calls(ports[0])
        few, many = await attempts_of(2), await attempts_of(12)
        assert many - few >= 10
        await holder.destroy()

    asyncio.run(whole())


def test_retry_settings_can_be_changed_later(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        await manager.lock("r")
        manager.retry_count = 1
        manager.retry_delay_min = manager.retry_delay_max = 1000.0
        # With a second attempt this would take more than a quarter of an hour.
        with pytest.raises(LockAcquiringError):
            await asyncio.wait_for(manager.lock("r"), 60)

    run(make, body)


def test_delays_may_be_the_wrong_way_round(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        await manager.lock("r")
        with pytest.raises(LockAcquiringError):
            await manager.lock("r")

    run(make, body, retry_count=2, retry_delay_min=0.02, retry_delay_max=0.001)


def test_the_timeout_is_the_lease_on_the_nodes(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        await manager.lock("r", lock_timeout=37)
        left = [ask(port, "PTTL", "r") for port in ports]
        assert max(left) <= 37_000
        assert sorted(left)[1] > 10_000

    run(make, body)


@pytest.mark.parametrize("timeout", [0, -1, 61])
def test_timeouts_that_cannot_be(make: Make, timeout: float) -> None:
    async def body(manager: Aioredlock) -> None:
        with pytest.raises(ValueError, match="lease time"):
            await manager.lock("r", lock_timeout=timeout)

    run(make, body)


def test_a_timeout_that_is_no_number(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        timeout: Any = "5"
        with pytest.raises(TypeError):
            await manager.lock("r", lock_timeout=timeout)

    run(make, body)


@pytest.mark.parametrize("name", [None, 1.5, ["r"]])
def test_names_that_are_no_names(make: Make, name: Any) -> None:
    async def body(manager: Aioredlock) -> None:
        with pytest.raises(TypeError):
            await manager.lock(name)

    run(make, body)


def test_an_empty_name_is_refused(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        with pytest.raises(ValueError, match="empty"):
            await manager.lock("")

    run(make, body)


def test_extend_sets_the_lease_anew(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_timeout=5)
        await manager.extend(lock, lock_timeout=50)
        assert sorted(ask(port, "PTTL", "r") for port in ports)[1] > 6_000
        assert lock.lock_timeout == 5
        assert lock.valid

    run(make, body)


def test_extend_without_a_timeout_uses_the_locks_own(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_timeout=20)
        for port in ports:
            ask(port, "PEXPIRE", "r", 15_000)
        await lock.extend()
        assert sorted(ask(port, "PTTL", "r") for port in ports)[1] > 15_000

    run(make, body)


def test_extend_never_shortens(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_timeout=50)
        await manager.extend(lock, 2)
        assert sorted(ask(port, "PTTL", "r") for port in ports)[1] > 2_000

    run(make, body)


@pytest.mark.parametrize("timeout", [0, -1])
def test_extend_by_nothing_is_refused(make: Make, timeout: float) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_timeout=5)
        with pytest.raises(ValueError, match="lease time"):
            await manager.extend(lock, timeout)
        assert lock.valid

    run(make, body)


def test_a_lock_that_was_unlocked_cannot_be_extended(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r")
        await manager.unlock(lock)
        with pytest.raises(RuntimeError, match="not valid"):
            await manager.extend(lock)

    run(make, body)


def test_extend_of_a_lock_that_another_has_taken(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_timeout=20)
        for port in ports:
            ask(port, "SET", "r", "other", "PX", 20_000)
        with pytest.raises(LockAcquiringError) as raised:
            await manager.extend(lock)
        assert isinstance(raised.value.__cause__, asio_redlock.LockLost)
        assert not lock.valid
        assert values(ports, "r") == ["other"] * 3

    run(make, body)


def test_unlock_frees_the_name(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r")
        await manager.unlock(lock)
        assert lock.valid is False
        assert await manager.is_locked("r") is False
        other = make(retry_count=1)
        assert (await other.lock("r")).valid
        await other.destroy()

    run(make, body)


def test_unlock_twice_does_nothing(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r")
        await lock.release()
        later = await manager.lock("r")
        await lock.release()
        assert later.valid
        assert await manager.is_locked("r")

    run(make, body)


def test_unlock_of_a_lock_that_another_has_taken(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_timeout=20)
        for port in ports:
            ask(port, "SET", "r", "other", "PX", 20_000)
        with pytest.raises(LockAcquiringError):
            await manager.unlock(lock)
        assert lock.valid is False
        assert values(ports, "r") == ["other"] * 3

    run(make, body)


def test_unlock_of_a_lock_whose_key_has_gone(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_timeout=20)
        for port in ports:
            ask(port, "DEL", "r")
        with pytest.raises(LockAcquiringError) as raised:
            await manager.unlock(lock)
        assert isinstance(raised.value.__cause__, asio_redlock.LockLost)

    run(make, body)


@pytest.mark.parametrize("call", ["extend", "unlock"])
def test_only_a_lock_is_a_lock(make: Make, call: str) -> None:
    async def body(manager: Aioredlock) -> None:
        with pytest.raises(TypeError, match="give a Lock, not str"):
            await getattr(manager, call)("r")

    run(make, body)


def test_is_locked_of_a_name_and_of_a_lock(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        assert await manager.is_locked("r") is False
        lock = await manager.lock("r")
        assert await manager.is_locked("r") is True
        assert await manager.is_locked(lock) is True
        assert await lock.is_locked() is True
        other = make()
        assert await other.is_locked("r") is True
        await other.destroy()

    run(make, body)


def test_is_locked_of_a_lock_asks_for_its_resource(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        for port in ports:
            ask(port, "SET", "r", "other", "PX", 20_000)
        assert await manager.is_locked(Lock(manager, "r", "mine"))

    run(make, body)


@pytest.mark.parametrize("other", [None, 5, ["r"]])
def test_is_locked_of_anything_else(make: Make, other: Any) -> None:
    async def body(manager: Aioredlock) -> None:
        with pytest.raises(TypeError, match="Lock or the name"):
            await manager.is_locked(other)

    run(make, body)


def test_active_locks_are_those_of_this_manager(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        assert await manager.get_active_locks() == []
        one, two = await manager.lock("1"), await manager.lock("2", lock_timeout=10)
        other = make()
        await other.lock("3")
        assert await manager.get_active_locks() == [one, two]
        await manager.unlock(one)
        assert await manager.get_active_locks() == [two]
        await other.destroy()

    run(make, body)


def test_active_locks_leave_out_what_has_ended(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_timeout=0.05)
        while lock.valid:
            await asyncio.sleep(0.005)
        assert await manager.get_active_locks() == []

    run(make, body)


def test_get_lock_finds_the_lock_of_another_manager(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_timeout=20)
        other = make()
        found = await other.get_lock("r", lock.id)
        assert (found.resource, found.id, found.valid) == ("r", lock.id, True)
        assert found.lock_manager is other
        assert await other.get_active_locks() == []
        await other.extend(found, 50)
        assert sorted(ask(port, "PTTL", "r") for port in ports)[1] > 20_000
        await other.unlock(found)
        assert not await manager.is_locked("r")
        await other.destroy()

    run(make, body)


def test_get_lock_of_an_own_lock_is_that_lock(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", lock_identifier="me")
        assert await manager.get_lock("r", "me") is lock

    run(make, body)


@pytest.mark.parametrize("name", ["r", "nobody's"])
def test_get_lock_of_what_nobody_holds(make: Make, name: str) -> None:
    async def body(manager: Aioredlock) -> None:
        await manager.lock("r", lock_identifier="me")
        with pytest.raises(LockAcquiringError):
            await manager.get_lock(name, "somebody else")

    run(make, body)


def test_what_get_lock_found_outlives_the_manager_that_found_it(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r")
        other = make()
        found = await other.get_lock("r", lock.id)
        await other.destroy()
        assert not found.valid
        another = make()
        await another.get_lock("r", lock.id)
        await another.destroy()
        assert lock.valid
        await lock.extend()

    run(make, body)


def test_a_cancelled_get_lock_releases_nothing(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r")
        other = make()
        await other.get_lock("r", lock.id)
        answers = inbox_of(asyncio.get_running_loop()).fileno()
        for passes in range(-3, 6):
            looking = asyncio.ensure_future(other.get_lock("r", lock.id))
            for _ in range(3):
                await asyncio.sleep(0)
            if passes >= 0:
                # The answer is there, and comes to the task within the next passes of the loop.
                assert select.select([answers], [], [], 20)[0]
            for _ in range(passes):
                await asyncio.sleep(0)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        # What was cancelled has come to its end, too.
        await other.get_lock("r", lock.id)
        await lock.extend()
        await other.destroy()

    run(make, body)


def test_a_lock_made_by_hand_can_be_used(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        await manager.lock("r", lock_timeout=5, lock_identifier="me")
        other = make()
        known = Lock(other, "r", "me", valid=True)
        assert known.valid
        await asyncio.gather(*(other.extend(known, 50) for _ in range(3)))
        assert sorted(ask(port, "PTTL", "r") for port in ports)[1] > 5_000
        await other.unlock(known)
        assert not known.valid
        assert not await other.is_locked("r")
        await other.destroy()

    run(make, body)


def test_a_lock_made_by_hand_that_nobody_holds(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        with pytest.raises(LockAcquiringError):
            await manager.extend(Lock(manager, "r", "me", valid=True))
        with pytest.raises(RuntimeError, match="not valid"):
            await manager.extend(Lock(manager, "r", "me"))
        await manager.unlock(Lock(manager, "r", "me"))

    run(make, body)


def test_destroy_releases_all_locks(make: Make, ports: list[int]) -> None:
    async def whole() -> None:
        manager = make()
        locks = [await manager.lock("1"), await manager.lock("2", lock_timeout=30)]
        await manager.destroy()
        assert [lock.valid for lock in locks] == [False, False]
        # The last node may hear of it a little later.
        eventually(lambda: values(ports, "1") == values(ports, "2") == [None] * 3)
        assert await manager.get_active_locks() == []
        await manager.destroy()

    asyncio.run(whole())


def test_after_destroy_nothing_can_be_locked(make: Make) -> None:
    async def whole() -> None:
        manager = make()
        lock = await manager.lock("r")
        await manager.destroy()
        for call in manager.lock("r"), manager.is_locked("r"), manager.get_lock("r", "x"):
            with pytest.raises(LockRuntimeError) as raised:
                await call
            assert isinstance(raised.value.__cause__, asio_redlock.Closed)
        with pytest.raises(RuntimeError):
            await lock.extend()
        await lock.release()

    asyncio.run(whole())


def test_destroy_of_a_manager_that_was_not_used(make: Make) -> None:
    asyncio.run(make().destroy())


def test_a_cancelled_lock_leaves_nothing(make: Make, ports: list[int]) -> None:
    async def body(manager: Aioredlock) -> None:
        holder = await manager.lock("r")
        waiting = asyncio.ensure_future(manager.lock("r"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await holder.release()
        eventually(lambda: values(ports, "r") == [None] * 3)

    run(make, body, retry_count=1000)


def test_many_locks_that_are_left_to_their_leases_are_forgotten(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        for number in range(400):
            last = await manager.lock(f"r{number}", lock_timeout=0.02)
            while number % 50 == 49 and last.valid:
                await asyncio.sleep(0.001)
        assert len(manager._locks) < 200

    run(make, body)


def test_reprs_say_what_it_is(make: Make) -> None:
    async def body(manager: Aioredlock) -> None:
        lock = await manager.lock("r", 5, "me")
        assert repr(lock) == "Lock(resource='r', id='me', lock_timeout=5, valid=True)"
        assert "3 nodes" in repr(manager)
        assert "retry_count=3" in repr(manager)

    run(make, body)

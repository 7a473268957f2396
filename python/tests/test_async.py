"""The main path for asyncio: to acquire, wait, renew, extend and release."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from support import is_free, manager, on_how_many, run, start, values

import asio_redlock as redlock


def test_block_holds_the_lock_on_a_majority_and_releases_it(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name) as lock:
                assert on_how_many(nodes, name) >= 2
                assert lock.valid and lock
                assert lock.resource == name
                assert lock.resources == (name,)
                assert lock.mode == "exclusive"
                assert lock.slot is None
            assert not lock.valid and not lock

    run(body())
    is_free(nodes, name)


def test_token_is_the_key_s_value(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name) as lock:
            assert lock.token.encode() in values(nodes, name)
            assert str(lock.fencing_token) == lock.token.split("-")[0]

    run(body())


def test_awaited_lock_is_released_by_hand(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name)
            assert lock.valid
            await lock.release()
            assert not lock.valid
            assert not await locks.is_locked(name)

    run(body())


def test_lock_that_was_awaited_can_guard_a_block(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name)
            async with lock as same:
                assert same is lock and lock.valid
            assert not lock.valid

    run(body())


def test_lock_guards_one_block_at_a_time(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name) as lock:
            with pytest.raises(RuntimeError, match="another block"):
                async with lock:
                    pytest.fail("a second block ran")
            assert lock.valid

    run(body())


def test_acquisition_guards_one_block_at_a_time(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            acquisition = locks.lock(name)
            async with acquisition:
                with pytest.raises(RuntimeError, match="guards a block already"):
                    await acquisition.__aenter__()
            async with acquisition as again:
                assert again.valid

    run(body())


def test_nothing_happens_before_the_acquisition_is_awaited(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            locks.lock(name)
            assert locks.statistics().attempts == 0
            assert on_how_many(nodes, name) == 0

    run(body())


def test_no_wait_raises_contended_with_the_holder(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            async with locks.lock(name, label="the holder") as lock:
                with pytest.raises(redlock.Contended) as caught:
                    await others.lock(name, wait=0)
                assert caught.value.holder is not None
                assert caught.value.holder.token == lock.token
                assert caught.value.holder.label == "the holder"
                assert caught.value.holder.fencing_token == lock.fencing_token

    run(body())


@pytest.mark.parametrize("wait", [0.05, timedelta(milliseconds=50), Fraction(1, 20)])
def test_wait_runs_out(nodes: list[str], name: str, wait: Any) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            async with locks.lock(name):
                with pytest.raises(redlock.TimedOut) as caught:
                    await others.lock(name, wait=wait)
                assert isinstance(caught.value, TimeoutError)
                assert caught.value.holder is not None

    run(body())


@pytest.mark.parametrize("options", [{}, {"wait": None}, {"wait": float("inf")}, {"wait": 1e300}])
def test_without_a_bound_it_waits_for_its_turn(
    nodes: list[str], name: str, options: dict[str, Any]
) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            first = await locks.lock(name)
            second = start(others.lock(name, **options))
            done, _ = await asyncio.wait([second], timeout=0.05)
            assert not done
            await first.release()
            async with await second as lock:
                assert lock.fencing_token > first.fencing_token

    run(body())


def test_attempts_are_counted(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            async with locks.lock(name):
                with pytest.raises(redlock.Contended):
                    await others.lock(name, attempts=4, delay=0.001)
            assert others.statistics().attempts == 4

    run(body())


@pytest.mark.parametrize(
    "delay",
    [None, 0.001, (0.001, 0.002), [timedelta(milliseconds=1), 0.002], (0, 0)],
)
def test_delay_between_attempts(nodes: list[str], name: str, delay: Any) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            first = await locks.lock(name)
            waiting = start(others.lock(name, attempts=1000, delay=delay))
            await asyncio.wait([waiting], timeout=0.02)
            assert not waiting.done()
            await first.release()
            async with await waiting as lock:
                assert lock.valid

    run(body())


def test_try_lock_returns_none_while_somebody_holds_it(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.try_lock(name)
            assert lock is not None
            assert await locks.try_lock(name) is None
            await lock.release()
            assert await locks.try_lock(name)

    run(body())


def test_fencing_tokens_only_grow(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            tokens: list[int] = []
            for one in [locks, others] * 10:
                async with one.lock(name) as lock:
                    tokens.append(lock.fencing_token)
            assert tokens == sorted(set(tokens))

    run(body())


def test_without_fencing_the_token_is_zero(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes, fencing=False) as locks, locks.lock(name) as lock:
            assert lock.valid
            assert lock.fencing_token == 0

    run(body())


def test_label_is_shown(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name, label="röm \N{SNOWMAN}"):
            assert (await locks.status(name)).label == "röm \N{SNOWMAN}"

    run(body())


def test_identifier_is_the_token(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name, identifier="mine") as lock:
            assert lock.token == "mine"
            assert b"mine" in values(nodes, name)

    run(body())


def test_min_hold_outlasts_the_release(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name, min_hold=30) as lock:
                token = lock.token
            assert await locks.is_locked(name)
            assert await locks.try_lock(name) is None
            status = await locks.status(name)
            assert status.token == token
            assert status.remaining is not None and 20 < status.remaining <= 30

    run(body())


def test_lease_of_its_own_is_not_renewed(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name, lease_time=0.2)
            assert 0 < lock.remaining < 0.2
            with pytest.raises(redlock.LockLost):
                await lock.wait_lost()
            async with locks.lock(name, wait=5):
                assert not lock.valid

    run(body())


@pytest.mark.parametrize("lease", [0.3, timedelta(milliseconds=300)])
def test_renewal_keeps_a_short_lease(nodes: list[str], name: str, lease: Any) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name, lease_time=lease, renew=True)
            lost = asyncio.ensure_future(lock.wait_lost())
            done, _ = await asyncio.wait([lost], timeout=1.0)
            assert not done
            assert lock.valid
            await lock.release()
            await lost

    run(body())


def test_manager_s_lease_time_is_the_default(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes, lease_time=30) as locks, locks.lock(name) as lock:
            assert 20 < lock.remaining < 30

    run(body())


def test_renew_false_leaves_the_manager_s_lease_to_end(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes, lease_time=0.2) as locks:
            lock = await locks.lock(name, renew=False)
            with pytest.raises(redlock.LockLost):
                await lock.wait_lost()

    run(body())


@pytest.mark.parametrize("lease", [20, timedelta(seconds=20)])
def test_extend_lengthens_the_lease(nodes: list[str], name: str, lease: Any) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name, lease_time=1) as lock:
            await lock.extend(lease)
            assert 15 < lock.remaining < 20

    run(body())


def test_extend_without_a_time_resets_the_lease(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock(name, lease_time=5) as lock:
            before = lock.remaining
            await asyncio.sleep(0.02)
            assert lock.remaining < before
            until = lock.remaining
            await lock.extend()
            assert lock.remaining > until

    run(body())


def test_extend_after_the_release_raises_lost(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name)
            await lock.release()
            with pytest.raises(redlock.LockLost):
                await lock.extend()
            with pytest.raises(redlock.LockLost):
                await lock.release()

    run(body())


def test_release_within_the_block_is_no_loss(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name) as lock:
                await lock.release()
                async with locks.lock(name, wait=0) as next_one:
                    assert next_one.valid and not lock.valid
            async with locks.lock(name, wait=0):
                pass

    run(body())


def test_release_within_the_block_leaves_the_body_s_own_error(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(KeyError):
                async with locks.lock(name) as lock:
                    await lock.release()
                    raise KeyError

    run(body())


def test_detach_leaves_the_lock_to_its_token(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            lock = await locks.lock(name)
            token, fencing = lock.token, lock.fencing_token
            assert lock.detach() == token
            assert not lock.valid
            assert await others.is_locked(name)
            attached = await others.attach(name, token)
            assert attached.valid
            assert attached.token == token
            assert attached.fencing_token == fencing
            await attached.release()
            assert not await others.is_locked(name)

    run(body())


def test_detach_within_the_block_is_no_loss(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name) as lock:
                token = lock.detach()
            assert await locks.is_locked(name)
            async with await locks.attach(name, token):
                pass
            assert not await locks.is_locked(name)

    run(body())


def test_attach_takes_options(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            token = (await locks.lock(name)).detach()
            lock = await locks.attach(name, token, lease_time=30, renew=True, stop_margin=0.1)
            assert lock.remaining > 5
            await lock.extend()
            assert lock.remaining > 20
            await lock.release()

    run(body())


def test_attach_of_a_strange_token_raises_lost(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(redlock.LockLost):
                await locks.attach(name, "nobody's")
            async with locks.lock(name):
                with pytest.raises(redlock.LockLost):
                    await locks.attach(name, "nobody's")

    run(body())


def test_body_s_exception_passes_and_the_lock_is_released(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(ZeroDivisionError):
                async with locks.lock(name):
                    _ = 1 / 0
            assert not await locks.is_locked(name)

    run(body())


def test_collected_lock_is_released(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            lock = await locks.lock(name)
            del lock
            async with locks.lock(name, wait=5):
                pass

    run(body())


def test_hand_over_within_the_manager(nodes: list[str], name: str) -> None:
    async def holders(**options: Any) -> int:
        async with manager(nodes, hand_over_time=5) as locks:

            async def one() -> None:
                async with locks.lock(name, **options):
                    pass

            await asyncio.gather(*(one() for _ in range(20)))
            return locks.statistics().handed_over

    assert run(holders()) > 10
    assert run(holders(hand_over=False)) == 0


def test_unfair_acquisition_gets_it_too(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            first = await locks.lock(name)
            waiting = start(others.lock(name, fair=False))
            await asyncio.wait([waiting], timeout=0.02)
            await first.release()
            async with await waiting:
                pass

    run(body())


def test_64_contenders_never_hold_it_together(nodes: list[str], name: str) -> None:
    inside = 0
    entered = 0

    async def one(locks: redlock.LockManager) -> None:
        nonlocal inside, entered
        async with locks.lock(name):
            inside += 1
            entered += 1
            assert inside == 1
            await asyncio.sleep(0)
            assert inside == 1
            inside -= 1

    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            await asyncio.gather(*(one([locks, others][i % 2]) for i in range(64)))

    run(body())
    assert entered == 64


def test_aclose_releases_everything_and_may_be_repeated(nodes: list[str], name: str) -> None:
    async def body() -> None:
        locks = manager(nodes)
        lock = await locks.lock(name)
        await locks.aclose()
        assert not lock.valid
        assert on_how_many(nodes, name) == 0
        await locks.aclose()
        with pytest.raises(redlock.Closed):
            await locks.lock(name)

    run(body())


def test_aclose_ends_acquisitions_with_closed(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as holder, holder.lock(name):
            locks = manager(nodes)
            waiting = start(locks.lock(name))
            await asyncio.wait([waiting], timeout=0.02)
            await locks.aclose()
            with pytest.raises(redlock.Closed):
                await waiting

    run(body())


def test_repr_tells_the_state(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock(name) as lock:
                assert repr(lock) == f"<Lock {name!r}, held>"
            assert repr(lock) == f"<Lock {name!r}, not held>"

    run(body())


def test_manager_that_was_not_closed_warns(nodes: list[str]) -> None:
    async def body() -> None:
        with pytest.warns(ResourceWarning, match="was not closed"):
            manager(nodes)

    run(body())

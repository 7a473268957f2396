"""The main path for threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from support import eventually, is_free, on_how_many, values

import asio_redlock as redlock

Locks = redlock.SyncLockManager


def test_block_holds_and_releases(locks: Locks, nodes: list[str], name: str) -> None:
    with locks.lock(name, wait=5) as lock:
        assert lock.valid and lock
        lock.check()
        assert lock.token.encode() in values(nodes, name)
        assert repr(lock) == f"<SyncLock {name!r}, held>"
    assert not lock
    is_free(nodes, name)


def test_lock_by_hand(locks: Locks, name: str) -> None:
    lock = locks.lock(name).acquire()
    assert locks.is_locked(name)
    lock.release()
    assert not locks.is_locked(name)
    with pytest.raises(redlock.LockLost):
        lock.check()


def test_acquired_lock_can_guard_a_block(locks: Locks, name: str) -> None:
    with locks.lock(name).acquire() as lock:
        assert lock.valid
    assert not lock.valid


def test_acquisition_guards_one_block_at_a_time(locks: Locks, name: str) -> None:
    acquisition = locks.lock(name)
    with acquisition:
        with pytest.raises(RuntimeError, match="guards a block already"):
            acquisition.__enter__()
    with acquisition as again:
        assert again.valid


def test_contended(locks: Locks, other: Locks, name: str) -> None:
    with locks.lock(name, label="me") as lock:
        with pytest.raises(redlock.Contended) as caught:
            other.lock(name, wait=0).acquire()
        assert caught.value.holder is not None
        assert (caught.value.holder.token, caught.value.holder.label) == (lock.token, "me")


@pytest.mark.parametrize("wait", [0.03, timedelta(milliseconds=30)])
def test_wait_runs_out(locks: Locks, other: Locks, name: str, wait: Any) -> None:
    with locks.lock(name), pytest.raises(redlock.TimedOut):
        other.lock(name, wait=wait).acquire()


def test_attempts(locks: Locks, other: Locks, name: str) -> None:
    with locks.lock(name), pytest.raises(redlock.Contended):
        other.lock(name, attempts=3, delay=(0.001, 0.002)).acquire()
    assert other.statistics().attempts == 3


def test_try_lock(locks: Locks, other: Locks, name: str) -> None:
    lock = locks.try_lock(name)
    assert lock is not None
    assert other.try_lock(name) is None
    lock.release()
    with other.lock(name, wait=5):
        assert locks.try_lock(name) is None


def test_waiting_thread_gets_its_turn(locks: Locks, other: Locks, name: str) -> None:
    first = locks.lock(name).acquire()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: other.lock(name, wait=10).acquire())
        eventually(lambda: other.statistics().attempts > 0)
        assert not waiting.done()
        first.release()
        second = waiting.result()
    assert second.fencing_token > first.fencing_token
    second.release()


def test_lock_of_one_thread_is_released_by_another(locks: Locks, name: str) -> None:
    lock = locks.lock(name).acquire()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lock.release).result()
    assert not locks.is_locked(name)


def test_threads_exclude_each_other(locks: Locks, name: str) -> None:
    inside = entered = 0

    def work() -> None:
        nonlocal inside, entered
        for _ in range(10):
            with locks.lock(name):
                inside += 1
                entered += 1
                assert inside == 1
                inside -= 1

    with ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(work) for _ in range(8)]:
            one.result()
    assert entered == 80


def test_extend(locks: Locks, name: str) -> None:
    with locks.lock(name, lease_time=1) as lock:
        lock.extend(20)
        assert 15 < lock.remaining < 20
        lock.extend()
        lock.extend(timedelta(seconds=25))
        assert 20 < lock.remaining < 25


def test_lease_of_its_own_ends(locks: Locks, name: str) -> None:
    lock = locks.lock(name, lease_time=0.15).acquire()
    with pytest.raises(redlock.LockLost):
        lock.wait_lost()
    assert not lock.valid
    with pytest.raises(redlock.LockLost):
        lock.check()


def test_wait_lost_with_a_timeout(locks: Locks, name: str) -> None:
    lock = locks.lock(name).acquire()
    assert lock.wait_lost(timeout=0.02) is False
    assert lock.wait_lost(timeout=0) is False
    lock.release()
    assert lock.wait_lost() is True


def test_wait_lost_returns_when_another_thread_releases(locks: Locks, name: str) -> None:
    lock = locks.lock(name).acquire()
    began = threading.Event()

    def wait() -> bool:
        began.set()
        return lock.wait_lost()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        began.wait()
        lock.release()
        assert waiting.result() is True


def test_min_hold(locks: Locks, name: str) -> None:
    with locks.lock(name, min_hold=timedelta(seconds=20)):
        pass
    assert locks.try_lock(name) is None


def test_detach_and_attach(locks: Locks, other: Locks, name: str) -> None:
    with locks.lock(name) as lock:
        token = lock.detach()
    assert other.is_locked(name)
    with other.attach(name, token, lease_time=5) as attached:
        assert attached.token == token
    assert not other.is_locked(name)
    with pytest.raises(redlock.LockLost):
        other.attach(name, token)


def test_release_within_the_block(locks: Locks, name: str) -> None:
    with locks.lock(name) as lock:
        lock.release()
        assert locks.try_lock(name)


def test_body_s_error_passes(locks: Locks, name: str) -> None:
    with pytest.raises(ZeroDivisionError):
        with locks.lock(name):
            _ = 1 / 0
    assert not locks.is_locked(name)


def test_collected_lock_is_released(locks: Locks, name: str) -> None:
    lock = locks.lock(name).acquire()
    del lock
    locks.lock(name, wait=5).acquire().release()


def test_close_ends_waiting_threads(locks: Locks, nodes: list[str], name: str) -> None:
    with locks.lock(name), ThreadPoolExecutor(1) as pool:
        closing = Locks(nodes)
        waiting = pool.submit(lambda: closing.lock(name).acquire())
        eventually(lambda: closing.statistics().attempts > 0)
        closing.close()
        with pytest.raises(redlock.Closed):
            waiting.result()
        closing.close()


def test_close_releases(nodes: list[str], name: str) -> None:
    with Locks(nodes) as closing:
        lock = closing.lock(name).acquire()
    assert not lock.valid
    assert on_how_many(nodes, name) == 0


def test_lock_lost_within_the_block_is_raised_at_its_end(locks: Locks, name: str) -> None:
    with pytest.raises(redlock.LockLost):
        with locks.lock(name, lease_time=0.1) as lock:
            with pytest.raises(redlock.LockLost):
                lock.wait_lost()


def test_loss_has_the_body_s_error_as_its_cause(locks: Locks, name: str) -> None:
    with pytest.raises(redlock.LockLost) as caught:
        with locks.lock(name, lease_time=0.1) as lock:
            with pytest.raises(redlock.LockLost):
                lock.wait_lost()
            raise KeyError("its own")
    assert isinstance(caught.value.__cause__, KeyError)


def test_loss_leaves_a_keyboard_interrupt(locks: Locks, name: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        with locks.lock(name, lease_time=0.1) as lock:
            with pytest.raises(redlock.LockLost):
                lock.wait_lost()
            raise KeyboardInterrupt


def test_shapes(locks: Locks, other: Locks, names: Callable[[str], str]) -> None:
    with locks.shared_lock(names("r")) as one, other.shared_lock(names("r")) as two:
        assert one.mode == two.mode == "shared"
        assert other.try_lock(names("r")) is None
        third = other.try_shared_lock(names("r"))
        assert third is not None
        third.release()
    with locks.lock_all([names("b"), names("a")]) as both:
        assert both.resources == (names("a"), names("b"))
        assert other.try_lock_all([names("b"), names("c")]) is None
    with locks.permit(names("s"), 2) as permit:
        assert permit.slot in (0, 1)
        last = other.try_permit(names("s"), 2)
        assert last is not None and {permit.slot, last.slot} == {0, 1}
        assert other.try_permit(names("s"), 2) is None
        last.release()
    with locks.leadership(names("l")) as term:
        assert isinstance(term, redlock.SyncTerm)
        term.proclaim("here")
        assert other.status(names("l")).proclaimed == "here"


def test_downgrade(locks: Locks, other: Locks, name: str) -> None:
    with locks.lock(name) as lock:
        lock.downgrade()
        assert lock.mode == "shared"
        reader = other.try_shared_lock(name)
        assert reader is not None
        reader.release()


def test_attach_of_each_shape(locks: Locks, other: Locks, names: Callable[[str], str]) -> None:
    pair = [names("a"), names("b")]
    token = locks.lock_all(pair).acquire().detach()
    with other.attach_all(pair, token) as both:
        assert both.resources == tuple(pair)
    permit = locks.permit(names("s"), 3).acquire()
    slot = permit.slot
    with other.attach_permit(names("s"), 3, permit.detach()) as attached:
        assert attached.slot == slot
    token = locks.shared_lock(names("r")).acquire().detach()
    with other.attach(names("r"), token) as reader:
        assert reader.mode == "shared"


def test_observe_sees_a_leader_come_and_go(locks: Locks, other: Locks, name: str) -> None:
    views = locks.observe(name)
    assert not next(views)
    with other.leadership(name, label="machine 7") as term:
        view = next(views)
        assert view and view.term == term.fencing_token and view.label == "machine 7"
    while next(views):
        pass

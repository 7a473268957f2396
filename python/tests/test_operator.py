"""What operators ask: status, lists, vouching, the doctor, statistics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from support import Servers, command, hasty, manager, run

import asio_redlock as redlock

Names = Callable[[str], str]


def test_status_of_a_lock(locks: redlock.SyncLockManager, nodes: list[str], name: str) -> None:
    with locks.lock(name, label="me") as lock:
        status = locks.status(name)
        assert status.verdict == "held" and status.mode == "exclusive"
        assert (status.resource, status.token, status.label) == (name, lock.token, "me")
        assert status.fencing_token == lock.fencing_token
        assert status.remaining is not None and 5 < status.remaining <= 10
        assert [node.name for node in status.nodes] == nodes
        assert [node.node for node in status.nodes] == [0, 1, 2]
        assert sum(node.token == lock.token for node in status.nodes) >= 2
        assert all(node.error == "" and node.vote_error == "" for node in status.nodes)
    free = locks.status(name)
    assert (free.verdict, free.mode, free.token, free.remaining) == ("free", None, "", None)


def test_status_of_readers(locks: redlock.SyncLockManager, name: str) -> None:
    with locks.shared_lock(name, label="one") as one, locks.shared_lock(name) as two:
        status = locks.status(name)
        assert (status.verdict, status.mode, status.reader_count) == ("held", "shared", 2)
        assert {reader.token for reader in status.readers} == {one.token, two.token}
        assert "one" in {reader.label for reader in status.readers}


def test_status_of_a_semaphore(locks: redlock.SyncLockManager, name: str) -> None:
    with locks.permit(name, 3) as permit:
        status = locks.semaphore_status(name, 3)
        assert status.name == name and status.remembered_permits == 3
        assert [slot.slot for slot in status.slots] == [0, 1, 2]
        held = [slot for slot in status.slots if slot.verdict == "held"]
        assert [(one.slot, one.token) for one in held] == [(permit.slot, permit.token)]


def test_status_with_too_few_nodes_is_unknown(servers: Servers) -> None:
    async def body() -> None:
        async with hasty(servers) as locks:
            servers.kill(0, 1)
            status = await locks.status("x")
            assert status.verdict == "unknown"
            assert status.nodes[0].error and status.nodes[0].message
            assert status.nodes[2].error == ""
            with pytest.raises(redlock.NoQuorum):
                await locks.is_locked("x")
            with pytest.raises(redlock.NoQuorum):
                await locks.list()

    run(body())


def test_status_shows_another_library_s_lock(
    locks: redlock.SyncLockManager, nodes: list[str], name: str
) -> None:
    for url in nodes:
        command(url, "SET", name, "theirs", "NX", "PX", 60_000)
    status = locks.status(name)
    assert (status.verdict, status.token, status.fencing_token) == ("held", "theirs", 0)
    assert locks.is_locked(name)
    assert locks.try_lock(name) is None


def test_status_shows_a_key_that_is_no_lock(
    locks: redlock.SyncLockManager, nodes: list[str], name: str
) -> None:
    for url in nodes:
        command(url, "RPUSH", name, "a list")
    assert any(node.key_message or node.message for node in locks.status(name).nodes)


def test_list(locks: redlock.SyncLockManager, names: Names) -> None:
    with locks.lock(names("a")), locks.lock(names("b")), locks.shared_lock(names("c")):
        pattern = names("") + "*"
        assert locks.list(pattern) == [names("a"), names("b"), names("c")]
        assert locks.list(pattern.encode()) == [names("a"), names("b"), names("c")]
        assert len(locks.list(pattern, limit=2)) == 2
        assert locks.list(names("[ab]")) == [names("a"), names("b")]
        assert set(locks.list()) >= {names("a"), names("b"), names("c")}
    assert names("a") in locks.list()
    assert locks.list(pattern) == []


def test_list_of_semaphores(locks: redlock.SyncLockManager, name: str) -> None:
    with locks.permit(name, 5), locks.permit(name, 5):
        found = dict(locks.list_semaphores())
        assert 2 <= found[name] <= 5
        assert dict(locks.list_semaphores(name)) == {name: found[name]}
        assert locks.list_semaphores("nothing:*") == []


def test_active_locks(locks: redlock.SyncLockManager, names: Names) -> None:
    assert locks.active_locks() == []
    with locks.lock(names("a")) as one, locks.shared_lock(names("b")) as two:
        active = {(it.resource, it.token, it.mode) for it in locks.active_locks()}
        assert active == {
            (names("a"), one.token, "exclusive"),
            (names("b"), two.token, "shared"),
        }
    assert locks.active_locks() == []


def test_statistics_only_grow(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            assert locks.statistics().acquired == 0
            for _ in range(3):
                async with locks.lock(name):
                    assert await locks.try_lock(name) is None
            with pytest.raises(redlock.LockLost):
                async with locks.lock(name, lease_time=0.05):
                    await asyncio.sleep(60)
            numbers = locks.statistics()
            assert (numbers.acquired, numbers.lost) == (4, 1)
            assert numbers.attempts >= 7
            assert numbers.waited > 0
            assert numbers.acquired == 4, "a snapshot does not change"

    run(body())


def test_restarted_node_votes_again_once_it_is_vouched_for() -> None:
    async def body(urls: list[str]) -> None:
        async with hasty(urls) as locks:
            with pytest.raises(redlock.NoQuorum):
                await locks.lock("x", wait=0)
            assert (await locks.status("x")).nodes[0].quarantine is not None
            await locks.vouch(0)
            await locks.vouch()
            async with locks.lock("x", wait=5):
                pass

    def nobody_vouches(*_: object) -> None:
        pass

    starting = redlock.local(nodes=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redlock.SyncLockManager, "vouch", nobody_vouches)
        urls = starting.__enter__()
    try:
        run(body(urls))
    finally:
        starting.__exit__(None, None, None)


def test_vouch_with_a_dead_node(servers: Servers) -> None:
    async def body() -> None:
        async with hasty(servers) as locks:
            servers.kill(1)
            with pytest.raises(redlock.Indeterminate):
                await locks.vouch()
            await locks.vouch(0)
            with pytest.raises(redlock.NoQuorum):
                await locks.vouch(1)

    run(body())


def test_examination(locks: redlock.SyncLockManager, nodes: list[str], name: str) -> None:
    health = locks.examine(samples=5, resource=name)
    assert [one.name for one in health] == nodes
    for one in health:
        assert one.error == "" and one.role == "master"
        assert one.server in ("Redis", "Valkey") and one.version
        assert one.round_trip is not None and one.round_trip.samples == 5
        assert 0 < one.round_trip.median <= one.round_trip.p99
        assert one.clock is not None and abs(one.clock.ahead) < 1
        assert one.missing == ()


def test_doctor(servers: Servers) -> None:
    with redlock.SyncLockManager(servers, node_timeout=0.2, connect_timeout=0.3) as locks:
        assert {one.level for one in locks.diagnose(samples=5)} <= {"ok", "note"}
        servers.kill(2)
        findings = locks.diagnose(samples=5)
        worst = [one for one in findings if one.level in ("warning", "problem")]
        assert worst and worst[0].node == 2 and worst[0].what
        assert [one.node for one in findings if one.level == "ok"] == [0, 1]


def test_doctor_of_asyncio(nodes: list[str]) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            findings = await locks.diagnose(samples=3)
            assert [one.code for one in findings if one.level == "ok"] == ["ok"] * 3

    run(body())


def test_missing_right_is_found(servers: Servers) -> None:
    for url in servers:
        command(url, "ACL", "SETUSER", "poor", "on", ">pw", "~*", "&*", "+@all", "-evalsha")
    urls = [url.replace("redis://", "redis://poor:pw@") for url in servers]
    with redlock.SyncLockManager(urls, node_timeout=0.2, quorum_timeout=0.2) as locks:
        health = locks.examine(samples=3)
        assert health[0].user == "poor"
        rights = [(one.what, one.essential) for one in health[0].missing]
        assert ("EVALSHA", True) in [(what.upper(), needed) for what, needed in rights]
        assert any(one.advice for one in locks.diagnose(samples=3) if one.level == "problem")

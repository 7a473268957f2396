"""Names have any bytes."""

from __future__ import annotations

import pytest
from support import command, eventually, manager, on_how_many, run

import asio_redlock as redlock

NAMES: list[str | bytes] = [
    "orders:42",
    "with space\tand\nnewline\r\n",
    "\x00",
    "nul\x00inside",
    "Grüße",
    "\N{SNAKE}\N{LOCK}",
    "\u202eright to left",
    "{hash}tag",
    "*",
    "[a-z]?\\",
    "redlock",
    "%s%n{0}",
    b"bytes",
    b"\xff\xfe\x00",
    bytes(range(256)),
    "\udcff\udc80",
    "x" * 65536,
    b"\xc3" * 65536,
]


@pytest.mark.parametrize("given", NAMES, ids=[f"{one!r:.20}" for one in NAMES])
def test_any_bytes(nodes: list[str], given: str | bytes) -> None:
    key = given if isinstance(given, bytes) else given.encode("utf-8", "surrogateescape")
    text = key.decode("utf-8", "surrogateescape")

    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            async with locks.lock(given) as lock:
                assert lock.resource == text
                assert on_how_many(nodes, key) >= 2
                assert repr(lock).startswith("<Lock ")
                assert await others.try_lock(key) is None
                assert await others.try_lock(text) is None
                assert (await others.status(given)).resource == text
                assert [one.resource for one in locks.active_locks()] == [text]
                assert text in await others.list()
            assert not await others.is_locked(text)
            async with locks.lock_all([key, b"another"]) as both:
                assert text in both.resources
            async with locks.permit(given, 2) as permit:
                assert permit.resource == text
                assert (text, 2) in [(n, 2) for n, _ in await others.list_semaphores()]

    run(body())


def test_str_and_bytes_name_the_same(locks: redlock.SyncLockManager, name: str) -> None:
    with locks.lock(name.encode()):
        assert locks.try_lock(name) is None


def test_reserved_names(locks: redlock.SyncLockManager) -> None:
    with pytest.raises(ValueError, match="reserved"):
        locks.lock("redlock:epoch", wait=0).acquire()


def test_surrogates_that_no_file_name_has(locks: redlock.SyncLockManager) -> None:
    with pytest.raises(UnicodeEncodeError):
        locks.lock("\ud800", wait=0).acquire()


def test_names_differ_by_their_bytes_alone(locks: redlock.SyncLockManager, name: str) -> None:
    composed, decomposed = name + "é", name + "e\u0301"
    with locks.lock(composed), locks.lock(decomposed, wait=0), locks.lock(composed + "\0", wait=0):
        pass


@pytest.mark.parametrize("text", ["", "a\0b", "\N{SNAKE}", "\udcff", "x" * 4095])
def test_label_and_token_have_any_bytes_too(
    locks: redlock.SyncLockManager, name: str, text: str
) -> None:
    with locks.lock(name, label=text, identifier=text + "!") as lock:
        assert lock.token == text + "!"
        status = locks.status(name)
        assert status.label == text
        assert status.token == text + "!"
        if len(text) <= 256:
            lock.proclaim(text)
            assert locks.status(name).proclaimed == text


def test_events_and_errors_show_odd_names(locks: redlock.SyncLockManager) -> None:
    odd = b"\xff\n\x00"
    events = locks.events()
    with locks.lock(odd):
        with pytest.raises(redlock.Contended) as caught:
            locks.lock(odd, wait=0).acquire()
        assert str(caught.value)
    for event in events:
        if event.resource:
            assert event.resource.encode("utf-8", "surrogateescape") == odd
            break


def test_another_library_s_lock_with_odd_value(nodes: list[str], name: str) -> None:
    for url in nodes:
        assert command(url, "SET", name, b"\xff\x00", "PX", 60_000) == b"OK"
    with redlock.SyncLockManager(nodes) as locks:
        with pytest.raises(redlock.Contended) as caught:
            locks.lock(name, wait=0).acquire()
        assert caught.value.holder is not None
        assert caught.value.holder.token == "\udcff\x00"
        assert caught.value.holder.fencing_token == 0
        locks.attach(name, b"\xff\x00").release()
        eventually(lambda: on_how_many(nodes, name) == 0)

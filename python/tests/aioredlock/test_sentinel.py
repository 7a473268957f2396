"""`Sentinel`: its forms, and a real one with its master."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from support import eventually

from asio_redlock.aioredlock import Aioredlock, LockRuntimeError, Sentinel, SentinelConfigError

from .servers import ask, server

PASSWORD = "p@ss/w:rd"


@contextmanager
def sentinel_and_master() -> Generator[tuple[int, int]]:
    with server(password=PASSWORD) as master:
        conf = (
            f"sentinel monitor leader 127.0.0.1 {master} 1\nsentinel auth-pass leader {PASSWORD}\n"
        )
        with server(sentinel=conf) as sentinel:
            eventually(lambda: ask(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "leader"))
            yield sentinel, master


@pytest.fixture(scope="module")
def watched() -> Generator[tuple[int, int]]:
    """The ports of a Sentinel and of the master that it calls 'leader'."""
    with sentinel_and_master() as ports:
        yield ports


def locks_by(sentinel: Sentinel, master: int, db: int = 0) -> None:
    async def whole() -> None:
        manager = Aioredlock([sentinel], node_timeout=5, connect_timeout=5)
        lock = await manager.lock("behind", lock_timeout=10)
        assert ask(master, "GET", "behind", password=PASSWORD, db=db) == lock.id
        assert await manager.is_locked("behind")
        await manager.destroy()

    asyncio.run(whole())


FORMS: list[Callable[[int], Any]] = [
    lambda port: ("127.0.0.1", port),
    lambda port: {"host": "127.0.0.1", "port": port},
    lambda port: [("127.0.0.1", port)],
    lambda port: [("127.0.0.1", 1), ["127.0.0.1", port]],
    lambda port: [{"host": "127.0.0.1", "port": str(port)}],
    lambda port: f"redis://127.0.0.1:{port}/0?master=leader",
]


@pytest.mark.parametrize("form", FORMS)
def test_the_master_that_a_sentinel_names(
    watched: tuple[int, int], form: Callable[[int], Any]
) -> None:
    sentinel, master = watched

    locks_by(Sentinel(form(sentinel), master="leader", password=PASSWORD), master)


def test_all_in_a_dict(watched: tuple[int, int]) -> None:
    sentinel, master = watched
    settings = {"host": "127.0.0.1", "port": sentinel, "master": "leader", "password": PASSWORD}
    locks_by(Sentinel({**settings, "db": 3, "minsize": 1, "maxsize": 5}), master, db=3)


def test_all_in_a_url(watched: tuple[int, int]) -> None:
    sentinel, master = watched
    from urllib.parse import quote

    login = f":{quote(PASSWORD, safe='')}@127.0.0.1:{sentinel}"
    locks_by(Sentinel(f"redis://{login}/4?master=leader&encoding=utf-8"), master, db=4)
    parameters = f"master=leader&password={quote(PASSWORD, safe='')}&db=4&timeout=2"
    locks_by(Sentinel(f"redis://127.0.0.1:{sentinel}?{parameters}"), master, db=4)


def test_arguments_go_before_what_the_connection_says(watched: tuple[int, int]) -> None:
    sentinel, master = watched
    url = f"redis://:wrong@127.0.0.1:{sentinel}/4?master=nobody"
    locks_by(Sentinel(url, master="leader", password=PASSWORD, db=5), master, db=5)


def test_a_sentinel_beside_plain_servers() -> None:
    async def whole(one: int, other: int, sentinel: int, master: int) -> None:
        behind = Sentinel(("127.0.0.1", sentinel), "leader", PASSWORD)
        manager = Aioredlock(
            [("127.0.0.1", one), f"redis://127.0.0.1:{other}", behind], guard="off"
        )
        lock = await manager.lock("mixed")
        places = [ask(one, "GET", "mixed"), ask(other, "GET", "mixed")]
        places.append(ask(master, "GET", "mixed", password=PASSWORD))
        assert places.count(lock.id) >= 2
        await manager.destroy()

    with server() as one, server() as other, sentinel_and_master() as watched:
        asyncio.run(whole(one, other, *watched))


def test_a_master_that_nobody_knows(watched: tuple[int, int]) -> None:
    async def whole() -> None:
        manager = Aioredlock([Sentinel(("127.0.0.1", watched[0]), master="nobody")])
        with pytest.raises(LockRuntimeError, match="nobody"):
            await manager.lock("r")
        await manager.destroy()

    asyncio.run(whole())


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize(
    ("made", "url"),
    [
        (Sentinel(("h", 1), master="m"), "redis+sentinel://h:1/m"),
        (Sentinel([("h", 1), ("i", 2)], "m", "p", 3), "redis+sentinel://:p@h:1,i:2/m/3"),
        (Sentinel(("::1", 1), master="a/b"), "redis+sentinel://[::1]:1/a%2Fb"),
        (Sentinel({"host": "h", "master": "m"}), "redis+sentinel://h:26379/m"),
        (Sentinel(("h", 1), master="m", ssl_context=True), "rediss+sentinel://h:1/m"),
        (
            Sentinel(("h", 1), master="m", ssl_context=unverified()),
            "rediss+sentinel://h:1/m?verify=none",
        ),
        (
            Sentinel("rediss://:p@h:26379/5?master=m&encoding=utf-8&ssl_cert_reqs=CERT_NONE"),
            "rediss+sentinel://:p@h:26379/m/5?verify=none",
        ),
        (
            Sentinel("rediss://h/5?master=m&ssl_cert_reqs=required&sentinel_password=q"),
            "rediss+sentinel://h:26379/m/5?sentinel_password=q",
        ),
        (Sentinel("redis://u:p@h/0?master=m"), "redis+sentinel://u:p@h:26379/m/0"),
    ],
)
def test_the_url_of_a_sentinel(made: Sentinel, url: str) -> None:
    assert made._url() == url  # pyright: ignore[reportPrivateUsage]


def test_what_a_sentinel_tells() -> None:
    made = Sentinel([("h", 1), {"host": "i", "port": "2"}], master="m", password="secret")
    assert made.master == "m"
    assert made.connection == [("h", 1), ("i", 2)]
    assert "secret" not in repr(made)


REFUSED: list[tuple[tuple[Any, ...], str]] = [
    ((("h", 1),), "the name of the master is missing"),
    (("redis://h:1/0?master=",), "the name of the master is missing"),
    ((("h", 1), 5), "the name of the master is missing"),
    (([], "m"), "the list of Sentinels is empty"),
    ((("h",), "m"), "a host and a port, not 1 values"),
    ((("h", "x"), "m"), "a port must be a whole number"),
    (({"port": 1}, "m"), "'host' is missing"),
    (({"host": "h", "foo": 1}, "m"), "there is no setting 'foo'"),
    (([{"host": "h", "db": 1}], "m"), "has host and port only"),
    ((["h", 1], "m"), "must be a tuple or a dict, not str"),
    (("h:26379", "m"), "the URL must be redis://"),
    (("http://secret@h", "m"), "the URL must be redis://"),
    (("redis://[secret", "m"), "the URL cannot be read"),
    (("redis://h:1/x", "m"), "db must be a whole number"),
    (("rediss://h?ssl_cert_reqs=perhaps", "m"), "ssl_cert_reqs must be one of"),
    ((b"redis://h", "m"), "not bytes"),
    ((None, "m"), "not NoneType"),
    ((("h", 1), "m", 5), "a password must be a str or bytes"),
    ((("h", 1), "m", None, 1.5), "db must be an int"),
    ((("h", 1), "m", None, None, ssl.create_default_context()), "rediss:// URL with ca="),
]


@pytest.mark.parametrize(("arguments", "why"), REFUSED)
def test_sentinels_that_cannot_be(arguments: tuple[Any, ...], why: str) -> None:
    with pytest.raises(SentinelConfigError, match=why) as raised:
        Sentinel(*arguments)
    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__

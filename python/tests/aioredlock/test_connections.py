"""Each form of a connection, and each that cannot be one."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import asio_redlock
from asio_redlock.aioredlock import Aioredlock, LockRuntimeError
from asio_redlock.aioredlock._nodes import urls_of

from .servers import ask, server

PASSWORD = "p@ss:w/rd?#%&ł"


def locks_by(connection: Any, port: int, **where: Any) -> None:
    """A lock through this connection is on that server."""

    async def whole() -> None:
        manager = Aioredlock([connection], node_timeout=5, connect_timeout=5)
        lock = await manager.lock("through", lock_timeout=10)
        assert ask(port, "GET", "through", **where) == lock.id
        await manager.destroy()

    asyncio.run(whole())


def with_port(form: Any, port: Any) -> Any:
    if isinstance(form, str):
        return form.replace("PORT", str(port))
    if "port" in form:
        return {**form, "port": port}
    return type(form)([form[0], port])


@pytest.fixture(scope="module")
def plain() -> Iterator[int]:
    with server() as port:
        yield port


@pytest.fixture(scope="module")
def guarded() -> Iterator[int]:
    with server(password=PASSWORD) as port:
        yield port


@pytest.fixture(scope="module")
def socket_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    path = str(tmp_path_factory.mktemp("a b") / "redis.sock")
    with server("--unixsocket", path) as port:
        yield path, port


@pytest.mark.parametrize(
    "form",
    [
        ("127.0.0.1", "PORT"),
        ["127.0.0.1", "PORT"],
        {"host": "127.0.0.1", "port": "PORT"},
        {"port": "PORT"},
        {
            "host": "127.0.0.1",
            "port": "PORT",
            "db": None,
            "password": None,
            "ssl": None,
            "encoding": "utf-8",
            "minsize": 1,
            "maxsize": 5,
            "timeout": 2,
            "parser": None,
            "loop": None,
            "pool_cls": None,
            "connection_cls": None,
        },
        "redis://127.0.0.1:PORT",
        "redis://127.0.0.1:PORT/0?encoding=utf-8",
        "redis://127.0.0.1:PORT?timeout=3&minsize=1&maxsize=2&ssl=false",
    ],
)
@pytest.mark.parametrize("text", [False, True])
def test_forms_of_one_server(plain: int, form: Any, text: bool) -> None:
    """The port as a number, and as text."""
    locks_by(with_port(form, str(plain) if text else plain), plain)


@pytest.mark.parametrize(
    "form",
    [
        {"host": "127.0.0.1", "port": "PORT", "db": 2},
        {"host": "127.0.0.1", "port": "PORT", "db": "2"},
        "redis://127.0.0.1:PORT/2",
        "redis://127.0.0.1:PORT?db=2",
        "redis://127.0.0.1:PORT/?db=2&encoding=utf-8",
    ],
)
def test_forms_with_a_database(plain: int, form: Any) -> None:
    locks_by(with_port(form, plain), plain, db=2)


@pytest.mark.parametrize("password", [PASSWORD, PASSWORD.encode()])
def test_a_dict_with_a_password(guarded: int, password: Any) -> None:
    locks_by(
        {"host": "127.0.0.1", "port": guarded, "password": password}, guarded, password=PASSWORD
    )


def test_a_dict_with_a_user(guarded: int) -> None:
    form = {"host": "127.0.0.1", "port": guarded, "username": "default", "password": PASSWORD}
    locks_by(form, guarded, password=PASSWORD)


@pytest.mark.parametrize("form", ["redis://:{}@127.0.0.1:{}", "redis://127.0.0.1:{1}?password={0}"])
def test_urls_with_a_password(guarded: int, form: str) -> None:
    from urllib.parse import quote

    locks_by(form.format(quote(PASSWORD, safe=""), guarded), guarded, password=PASSWORD)


def test_a_wrong_password_is_an_error_that_does_not_show_it(guarded: int) -> None:
    async def whole() -> None:
        manager = Aioredlock([{"host": "127.0.0.1", "port": guarded, "password": "not-this-one"}])
        with pytest.raises(LockRuntimeError) as raised:
            await manager.lock("r")
        text = "".join([str(raised.value), repr(raised.value), repr(raised.value.__cause__)])
        assert "not-this-one" not in text + repr(manager)
        assert isinstance(raised.value.__cause__, asio_redlock.NoQuorum)
        await manager.destroy()

    asyncio.run(whole())


@pytest.mark.parametrize("prefix", ["", "unix://"])
def test_a_path_of_a_socket(socket_path: tuple[str, int], prefix: str) -> None:
    path, port = socket_path
    locks_by(prefix + (path.replace(" ", "%20") if prefix else path), port)


def test_the_default_is_the_local_server() -> None:
    manager = Aioredlock()
    assert urls_of(manager.redis_connections) == ["redis://localhost:6379"]
    asyncio.run(manager.destroy())


@pytest.mark.parametrize(
    ("form", "url"),
    [
        (("::1", 6379), "redis://[::1]:6379"),
        ({}, "redis://localhost:6379"),
        ({"host": "h", "ssl": True}, "rediss://h:6379"),
        ({"host": "h", "ssl": False}, "redis://h:6379"),
        ("redis://h?ssl=true", "rediss://h"),
        ("redis://h:1/2?durable=yes&timeout=1", "redis://h:1/2?durable=yes"),
        ("rediss://h?ssl_cert_reqs=CERT_NONE", "rediss://h?ssl_cert_reqs=CERT_NONE"),
        ("redis+cluster://h", "redis+cluster://h"),
        ("unix:@name", "unix:@name"),
    ],
)
def test_urls_of_forms(form: Any, url: str) -> None:
    assert urls_of([form]) == [url]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2", "-subj", "/CN=h"],
            *["-pkeyopt", "ec_paramgen_curve:prime256v1"],
            *["-addext", "subjectAltName=IP:127.0.0.1"],
            *["-keyout", str(key), "-out", str(made)],
        ],
        check=True,
        capture_output=True,
    )
    return key, made


@pytest.mark.parametrize("how", ["context", "url", "ca"])
def test_tls(certificate: tuple[Path, Path], how: str) -> None:
    from .servers import free_port

    key, made = certificate
    port = free_port()
    words = ["--tls-port", port, "--tls-cert-file", made, "--tls-key-file", key]
    with server(*words, "--tls-ca-cert-file", made, "--tls-auth-clients", "no") as open_port:
        if how == "context":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            locks_by({"host": "127.0.0.1", "port": port, "ssl": context}, open_port)
        elif how == "url":
            locks_by(f"rediss://127.0.0.1:{port}/0?ssl_cert_reqs=CERT_NONE", open_port)
        else:
            locks_by(f"rediss://127.0.0.1:{port}?ca={made}", open_port)


class Pool:
    """Stands for a pool or a client of another library."""


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (Pool(), r"\.Pool; instead of a pool or a client pass the URL of its server"),
        (None, "must be a URL"),
        (5, "must be a URL"),
        (b"redis://h", "must be a URL"),
        ((b"h", 1), "a host must be a str, not bytes"),
        (("h", None), "a port must be an int, not NoneType"),
        (("h", True), "a port must be an int, not bool"),
        ({"host": "h", "password": 5}, "a password must be a str or bytes"),
        ({"host": "h", "foo": 1}, "has no setting 'foo'; there are host, port"),
        ({"host": "h", "db": 1.5}, "db must be an int"),
        ({"host": "h", "ssl": ssl.create_default_context()}, "rediss:// URL with ca="),
        ({"host": "h", "ssl": "yes"}, "ssl must be True, False or an SSLContext"),
    ],
)
def test_what_is_of_the_wrong_type(form: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        Aioredlock([form])


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (("h",), "a host and a port, not 1 values"),
        (("h", 1, 2), "a host and a port, not 3 values"),
        (("h", "x"), "a port must be a whole number"),
        (("h", 70_000), "port"),
        ({"host": "h", "username": "u"}, "a username, but no password"),
        ("localhost", "must be a URL"),
        ("http://h", "scheme"),
        ("redis://h?foo=1", "parameter"),
        ("redis://h/1?db=2", "a database in its path and in its parameter"),
        ("redis://:secret@h?password=secret", "a password before its host and in its parameter"),
        ("redis://h?ssl=yes", "'true' or 'false'"),
    ],
)
def test_what_cannot_be_read(form: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why) as raised:
        Aioredlock([form])
    assert "secret" not in str(raised.value)


def test_no_connections() -> None:
    with pytest.raises(ValueError):
        Aioredlock([])


@pytest.mark.parametrize("form", ["redis://h", b"redis://h", {"host": "h"}])
def test_one_connection_without_a_list(form: Any) -> None:
    with pytest.raises(TypeError, match="a list, even if there is only one"):
        Aioredlock(form)


def test_the_same_server_twice(plain: int) -> None:
    async def whole() -> None:
        manager = Aioredlock([("127.0.0.1", plain), {"port": plain, "db": 1}])
        with pytest.raises(LockRuntimeError, match="the same server") as raised:
            await manager.lock("r")
        assert isinstance(raised.value.__cause__, asio_redlock.SameServerTwice)
        await manager.destroy()

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"retry_count": 0}, "retry_count must be at least 1"),
        ({"retry_count": -1}, "retry_count must be at least 1"),
        ({"retry_delay_min": 0}, "retry_delay_min and retry_delay_max"),
        ({"retry_delay_max": -0.1}, "retry_delay_min and retry_delay_max"),
        ({"internal_lock_timeout": 0}, "internal_lock_timeout must be greater"),
        ({"internal_lock_timeout": -1}, "internal_lock_timeout must be greater"),
        ({"internal_lock_timeout": "x"}, "could not convert"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Aioredlock(**options)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"retry_count": None}, "int()"),
        ({"lease_time": 5}, "lease_time is internal_lock_timeout here"),
        ({"nod_timeout": 5}, "nod_timeout"),
    ],
)
def test_options_of_the_wrong_kind(options: dict[str, Any], why: str) -> None:
    with pytest.raises(TypeError, match=re.escape(why)):
        Aioredlock(**options)


def test_options_are_numbers_afterwards() -> None:
    text: Any = "4"
    manager = Aioredlock([("localhost", 1)], text, 1, 2, 5)
    assert (manager.retry_count, manager.retry_delay_min, manager.retry_delay_max) == (4, 1.0, 2.0)
    assert manager.internal_lock_timeout == 5.0
    asyncio.run(manager.destroy())


def test_longer_leases_need_one_more_option(plain: int) -> None:
    async def lock_for(seconds: float, **options: Any) -> None:
        manager = Aioredlock([("127.0.0.1", plain)], **options)
        try:
            lock = await manager.lock("long", lock_timeout=seconds)
            assert ask(plain, "PTTL", "long") > 60_000
            assert lock.valid
        finally:
            await manager.destroy()

    with pytest.raises(ValueError, match="raise max_lease_time"):
        asyncio.run(lock_for(300))


@pytest.mark.parametrize("options", [{"max_lease_time": 300}, {"internal_lock_timeout": 300}])
def test_longer_leases(options: dict[str, Any]) -> None:
    async def whole(port: int) -> None:
        manager = Aioredlock([("127.0.0.1", port)], **options)
        await manager.lock("long", lock_timeout=300)
        assert ask(port, "PTTL", "long") > 200_000
        await manager.destroy()

    with server() as port:
        asyncio.run(whole(port))


def test_log_is_passed_on(plain: int, caplog: pytest.LogCaptureFixture) -> None:
    import logging

    from support import eventually

    async def whole() -> None:
        manager = Aioredlock([("127.0.0.1", plain)], log=logging.getLogger("mine"))
        await manager.lock("logged", lock_timeout=5)
        await manager.destroy()

    with caplog.at_level(logging.DEBUG, logger="mine"):
        asyncio.run(whole())
        eventually(lambda: any("logged" in record.getMessage() for record in caplog.records))

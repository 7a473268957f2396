"""Servers of the tests' own, and what a test has to ask of them itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Waits for a condition; the time is only the end of a test that fails."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.005)
    return value


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def ask(port: int, *words: Any, password: str | None = None, db: int = 0) -> Any:
    """One command to a server, and its reply."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        stream = connection.makefile("rwb")
        if password is not None:
            _exchange(stream, ("AUTH", password))
        if db:
            _exchange(stream, ("SELECT", db))
        return _exchange(stream, words)


def _exchange(stream: Any, words: tuple[Any, ...]) -> Any:
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    stream.write(b"*%d\r\n" % len(parts))
    for part in parts:
        stream.write(b"$%d\r\n%s\r\n" % (len(part), part))
    stream.flush()
    return _reply(stream)


def _reply(stream: Any) -> Any:
    line: bytes = stream.readline()[:-2]
    kind, rest = line[:1], line[1:]
    if kind == b"-":
        raise RuntimeError(rest.decode())
    if kind == b"+":
        return rest.decode()
    if kind == b":":
        return int(rest)
    if int(rest) < 0:
        return None
    if kind == b"*":
        return [_reply(stream) for _ in range(int(rest))]
    text: bytes = stream.read(int(rest) + 2)[:-2]
    return text.decode()


def process_of(port: int) -> int:
    info: str = ask(port, "INFO", "server")
    return int(info.split("process_id:")[1].split()[0])


@contextmanager
def frozen(port: int) -> Generator[None]:
    """The server answers nothing during the block, and its connections stay."""
    process = process_of(port)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@contextmanager
def server(*arguments: Any, password: str | None = None, sentinel: str = "") -> Generator[int]:
    """A server with arguments of its own; yields its port. `sentinel`: the file of a Sentinel."""
    port = free_port()
    words = ["redis-server"]
    with tempfile.TemporaryDirectory() as directory:
        if sentinel:
            file = Path(directory) / "sentinel.conf"
            file.write_text(sentinel)
            words += [str(file), "--sentinel"]
        else:
            words += ["--save", "", "--appendonly", "no"]
        words += ["--port", str(port), "--bind", "127.0.0.1", "--dir", directory]
        if password is not None:
            words += ["--requirepass", password]
        words += [str(argument) for argument in arguments]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        try:
            until(lambda: _answers(port, process, password))
            yield port
        finally:
            process.kill()
            process.wait()


def _answers(port: int, process: subprocess.Popen[bytes], password: str | None) -> bool:
    assert process.poll() is None, "the server ended"
    try:
        return bool(ask(port, "PING", password=password) == "PONG")
    except OSError:
        return False

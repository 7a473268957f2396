"""Servers of the tests' own, and what a test has to ask of them itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support import Connection, eventually, process_of


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def ask(port: int, *words: Any, password: str | None = None, db: int = 0) -> Any:
    """One command to a server, and its reply as text."""
    with Connection(f"redis://127.0.0.1:{port}") as server:
        if password is not None:
            server.command("AUTH", password)
        if db:
            server.command("SELECT", db)
        return _as_text(server.command(*words))


def _as_text(reply: Any) -> Any:
    if isinstance(reply, list):
        return [_as_text(each) for each in reply]
    return reply.decode() if isinstance(reply, bytes) else reply


@contextmanager
def frozen(port: int) -> Generator[None]:
    """The server answers nothing during the block, and its connections stay."""
    process = process_of(f"redis://127.0.0.1:{port}")
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
            eventually(lambda: _answers(port, process, password), "the server's answer")
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

"""What the tests share: raw commands to the servers, servers to maltreat, child processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asio_redlock as redlock

T = TypeVar("T")

#: Beyond any wait that is not meant to run out.
PATIENCE = 15.0


def run(body: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(body)


def start(acquisition: redlock.Acquisition) -> asyncio.Task[redlock.Lock]:
    """A task that acquires."""

    async def acquire() -> redlock.Lock:
        return await acquisition

    return asyncio.get_running_loop().create_task(acquire())


class Connection:
    """Speaks RESP 2 to one server, without any library that is under test."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None and parts.port is not None
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def command(self, *words: str | bytes | int) -> Any:
        encoded = [w if isinstance(w, bytes) else os.fsencode(str(w)) for w in words]
        self._socket.sendall(
            b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in encoded)
        )
        return self._reply()

    def _reply(self) -> Any:
        line = self._stream.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self._reply() for _ in range(int(rest))]
        raise AssertionError(f"the server replied {line!r}")


def command(url: str, *words: str | bytes | int) -> Any:
    with Connection(url) as server:
        return server.command(*words)


def on_how_many(nodes: Iterable[str], name: str | bytes) -> int:
    """On how many of the nodes the lock key exists."""
    return sum(command(url, "EXISTS", name) for url in nodes)


def delete(nodes: Iterable[str], name: str) -> None:
    for url in nodes:
        command(url, "DEL", name)


def values(nodes: Iterable[str], name: str) -> set[bytes | None]:
    return {command(url, "GET", name) for url in nodes}


def eventually(condition: Callable[[], bool], what: str = "the condition") -> None:
    """Returns once it is true; fails if it never is."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not come true"
        time.sleep(0.005)


async def eventually_in_loop(condition: Callable[[], bool], what: str = "the condition") -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not come true"
        await asyncio.sleep(0.005)


def is_free(nodes: Iterable[str], name: str) -> None:
    """Waits until no node has the lock: a release goes on behind the back of its caller."""
    urls = list(nodes)
    eventually(lambda: on_how_many(urls, name) == 0, f"the end of the lock on {name!r}")


class Servers(list[str]):
    """URLs of servers that can be stopped for a while, and killed."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__(urls)
        self._processes = [process_of(url) for url in urls]

    def freeze(self, *which: int) -> None:
        for one in which:
            os.kill(self._processes[one], signal.SIGSTOP)

    def thaw(self, *which: int) -> None:
        for one in which or range(len(self)):
            try:
                os.kill(self._processes[one], signal.SIGCONT)
            except ProcessLookupError:
                pass

    def kill(self, *which: int) -> None:
        for one in which:
            os.kill(self._processes[one], signal.SIGKILL)

    def processes(self) -> list[int]:
        return list(self._processes)


def process_of(url: str) -> int:
    text: bytes = command(url, "INFO", "server")
    return int(text.split(b"process_id:")[1].split(b"\r\n")[0])


#: Options of a manager whose patience with silent nodes is short.
HASTY: dict[str, float] = {
    "node_timeout": 0.1,
    "connect_timeout": 0.2,
    "quorum_timeout": 0.4,
    "close_timeout": 0.2,
}


def manager(nodes: list[str], **options: Any) -> redlock.LockManager:
    return redlock.LockManager(nodes, **options)


def hasty(nodes: list[str], **options: Any) -> redlock.LockManager:
    return manager(nodes, **{**HASTY, **options})


def start_python(program: str, *arguments: str, **settings: Any) -> subprocess.Popen[str]:
    """A fresh interpreter with the program, its pipes open. It prints with ``say``."""
    prologue = "import asio_redlock as redlock, sys\ndef say(*what): print(*what, flush=True)\n"
    return subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", prologue + program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **settings,
    )


def python(program: str, *arguments: str, code: int = 0) -> str:
    """What the program printed, after it has ended with this code and without complaints."""
    process = start_python(program, *arguments)
    out, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (code, ""), complaints
    return out


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")

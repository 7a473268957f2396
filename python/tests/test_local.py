"""Throwaway servers: they come up, and they end however their owner does."""

# pyright: reportPrivateUsage=false, reportPossiblyUnboundVariable=false

from __future__ import annotations

import os
import signal
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from support import Servers, command, eventually, line_of, start_python

import asio_redlock as redlock


def _is_gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def _are_gone(processes: list[int]) -> None:
    """They were killed: the kernel ends them."""
    eventually(lambda: all(_is_gone(one) for one in processes), "the end of the servers")


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_servers_are_up_for_the_block(count: int) -> None:
    with redlock.local(nodes=count) as urls:
        servers = Servers(urls)
        assert len(set(urls)) == count
        with redlock.SyncLockManager(urls) as locks, locks.lock("x", wait=0) as lock:
            assert lock.valid
    _are_gone(servers.processes())


def test_they_listen_on_this_machine_only_and_keep_nothing() -> None:
    with redlock.local(nodes=1) as (url,):
        assert command(url, "CONFIG", "GET", "bind") == [b"bind", b"127.0.0.1"]
        assert command(url, "CONFIG", "GET", "save") == [b"save", b""]
        assert command(url, "CONFIG", "GET", "appendonly") == [b"appendonly", b"no"]


def test_they_end_on_an_exception() -> None:
    with pytest.raises(KeyError):
        with redlock.local(nodes=2) as urls:
            processes = Servers(urls).processes()
            raise KeyError
    _are_gone(processes)


def test_they_can_be_started_again() -> None:
    servers = redlock.local(nodes=1)
    with servers as first:
        assert command(first[0], "PING") == b"PONG"
    with servers as second:
        assert command(second[0], "PING") == b"PONG"


_PROGRAM = """
import os, signal
with redlock.local(nodes=2) as urls:
    say(*urls)
    {ending}
"""


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os._exit(3)", 3),
        ("sys.exit(4)", 4),
        ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("raise SystemExit(5)", 5),
    ],
)
def test_they_end_with_the_process(ending: str, code: int) -> None:
    ending = f"sys.stdin.readline(); {ending}"
    process = start_python(_PROGRAM.format(ending=ending))
    servers = Servers(line_of(process).split())
    process.communicate("\n", timeout=20)
    assert process.returncode == code
    _are_gone(servers.processes())


def test_ctrl_c_of_the_terminal_is_the_program_s_alone() -> None:
    program = """
with redlock.local(nodes=2) as urls:
    try:
        say(*urls)
        sys.stdin.readline()
    except KeyboardInterrupt:
        with redlock.SyncLockManager(urls) as locks, locks.lock("x", wait=0):
            say("still up")
"""
    process = start_python(program, start_new_session=True)
    servers = Servers(line_of(process).split())
    assert process.pid not in {os.getpgid(one) for one in servers.processes()}
    os.killpg(process.pid, signal.SIGINT)
    assert line_of(process) == "still up"
    _, complaints = process.communicate(timeout=20)
    assert (complaints, process.returncode) == ("", 0)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_child_that_lives_on_does_not_hold_them_up() -> None:
    with redlock.local(nodes=1) as urls:
        servers = Servers(urls)
        awake, asleep = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(asleep)
            os.read(awake, 1)
            os._exit(0)
    try:
        _are_gone(servers.processes())
    finally:
        os.close(asleep)
        os.close(awake)
        os.waitpid(child, 0)


@pytest.mark.parametrize("count", [0, -1])
def test_too_few_nodes(count: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        redlock.local(nodes=count)


@pytest.mark.parametrize("count", ["3", 1.5, None, True])
def test_nodes_must_be_an_int(count: Any) -> None:
    with pytest.raises(TypeError, match="nodes must be an int"):
        redlock.local(nodes=count)


def test_no_server_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REDLOCK_SERVER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"no redis-server: install one.*REDLOCK_SERVER"):
        redlock.local()
    monkeypatch.setenv("REDLOCK_SERVER", "my-server")
    with pytest.raises(FileNotFoundError, match="no my-server"):
        redlock.local()


def test_named_server_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError, match="no /nowhere/redis-server"):
        redlock.local(server="/nowhere/redis-server")


def test_program_that_is_no_server(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_text("#!/bin/sh\necho 'it cannot run here' >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(RuntimeError, match="does not start: it cannot run here"):
        redlock.local(1, server=str(program)).__enter__()


def test_port_that_is_taken_at_the_last_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    from asio_redlock import _local

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free = _local._free_port
        ports = iter([taken.getsockname()[1], taken.getsockname()[1], free()])
        monkeypatch.setattr(_local, "_free_port", lambda: next(ports))
        with redlock.local(nodes=1) as (url,):
            assert command(url, "PING") == b"PONG"

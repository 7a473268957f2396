"""Throwaway servers to try and to test with."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from types import TracebackType
    from typing import IO

#: Ends its process group, the server too, when its standard input ends, however this process does.
_KEEPER = '"$@" & echo "pid $!"; read -r _; kill -9 0'


class local:
    """Starts `nodes` Redis servers on free ports of this machine, for a block::

        with redlock.local(nodes=3) as nodes:
            with redlock.SyncLockManager(nodes) as locks: ...

    They keep nothing on disk, and end with the block or with this process. `server`: the program;
    default: ``$REDLOCK_SERVER``, else ``redis-server`` or ``valkey-server``, whichever is there.
    Raises FileNotFoundError if there is none, RuntimeError, with its last words, if one does not
    start. A child that is forked within the block keeps them alive after the parent was killed.
    """

    def __init__(self, nodes: int = 3, *, server: str | None = None) -> None:
        if not isinstance(nodes, int) or isinstance(nodes, bool):
            raise TypeError(f"nodes must be an int, not {type(nodes).__name__}")
        if nodes < 1:
            raise ValueError("nodes must be at least 1")
        self._count = nodes
        self._process = 0
        self._server = _find_server(server)
        self._running: list[subprocess.Popen[bytes]] = []
        #: The servers' process numbers while they run, in the order of the URLs: to stop one by
        #: SIGSTOP, for instance, and see that nobody waits for it.
        self.pids: list[int] = []

    def __enter__(self) -> list[str]:
        import os

        self._process = os.getpid()
        from ._manager import SyncLockManager

        try:
            nodes = [self._start() for _ in range(self._count)]
            # New servers have no vote for a while, since nobody knows that they are new.
            with SyncLockManager(nodes) as locks:
                locks.vouch()
            return nodes
        except BaseException:
            self._stop()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _start(self) -> str:
        import tempfile

        words = ""
        # Between the choice of a port and its use another may take it.
        for _ in range(20):
            port = _free_port()
            with tempfile.TemporaryFile() as log:
                process = self._run(port, log)
                self._running.append(process)
                pid = _pid_once_up(log)
                if pid is not None:
                    self.pids.append(pid)
                    return f"redis://127.0.0.1:{port}"
                words = _last_line(log)
                _end(self._running.pop())
        raise RuntimeError(f"{self._server} does not start{words and ': ' + words}")

    def _run(self, port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        import subprocess

        return subprocess.Popen(
            [
                *("/bin/sh", "-c", _KEEPER, "sh", self._server),
                *("--port", str(port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--daemonize", "no"),
            ],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _stop(self) -> None:
        import os

        if os.getpid() != self._process:
            # A forked child leaves the block, too: the servers are its parent's.
            return
        for process in self._running:
            _end(process)
        self._running.clear()
        self.pids.clear()


def _find_server(wanted: str | None) -> str:
    import os
    import shutil

    named = wanted or os.environ.get("REDLOCK_SERVER")
    for name in [named] if named else ["redis-server", "valkey-server"]:
        found = shutil.which(name)
        if found:
            return found
    raise FileNotFoundError(
        f"there is no {named or 'redis-server'}: install one, or name it in REDLOCK_SERVER"
    )


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _pid_once_up(log: IO[bytes]) -> int | None:
    """Reads what keeper and server write until the server accepts connections; None if it ends,
    or does not say so within ten seconds.
    """
    import time

    end = time.monotonic() + 10
    while time.monotonic() < end:
        # Keeper and server write at once: the number need not come first.
        *lines, _ = _said(log).split(b"\n")
        numbers = [int(line[4:]) for line in lines if line.startswith(b"pid ")]
        if numbers:
            pid = numbers[0]
            if any(b"eady to accept connections" in line for line in lines):
                return pid
            if _has_ended(pid):
                return None
        time.sleep(0.002)
    return None


def _said(log: IO[bytes]) -> bytes:
    """Without moving the file's offset, which the writers share."""
    import os

    return os.pread(log.fileno(), 1 << 20, 0)


def _last_line(log: IO[bytes]) -> str:
    text = _said(log).decode(errors="replace")
    lines = [line for line in text.splitlines() if line and not line.startswith("pid ")]
    return lines[-1] if lines else ""


def _has_ended(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b") ")[2][:1] in b"ZX"
    except FileNotFoundError:
        return True


def _end(process: subprocess.Popen[bytes]) -> None:
    import os
    import signal

    assert process.stdin is not None
    process.stdin.close()
    try:
        # A forked child may have the pipe open still.
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()

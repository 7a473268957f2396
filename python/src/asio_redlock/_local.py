"""Throwaway servers to try and to test with."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from types import TracebackType
    from typing import IO

#: Ends its process group, the server too, when its standard input ends, however this process does.
_KEEPER = '("$@"; echo ended) & read -r _; kill -9 0'


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
        self._server = _find_server(server)
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> list[str]:
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

        # Between the choice of a port and its use another may take it.
        last_words = ""
        for _ in range(20):
            port = _free_port()
            with tempfile.TemporaryFile() as log:
                process = self._run(port, log)
                self._running.append(process)
                if _is_up(log):
                    return f"redis://127.0.0.1:{port}"
                _end(self._running.pop())
                last_words = _last_words(log)
        raise RuntimeError(f"{self._server} does not start: {last_words}")

    def _run(self, port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        import subprocess

        return subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "sh", self._server]
            + ["--port", str(port), "--bind", "127.0.0.1"]
            + ["--save", "", "--appendonly", "no", "--daemonize", "no"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _stop(self) -> None:
        for process in self._running:
            _end(process)
        self._running.clear()


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


def _is_up(log: IO[bytes]) -> bool:
    """Reads the server's log until it accepts connections, or has ended."""
    import time

    while True:
        log.seek(0)
        text = log.read()
        if b"eady to accept connections" in text:
            return True
        if text.endswith(b"ended\n"):
            return False
        time.sleep(0.002)


def _last_words(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").removesuffix("ended\n").splitlines()
    return lines[-1] if lines else "it says nothing"


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

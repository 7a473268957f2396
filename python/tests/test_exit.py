"""The interpreter's end, and signals."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import signal
import subprocess
import time

import pytest
from support import PATIENCE, eventually, is_free, line_of, on_how_many, python, start_python

import asio_redlock as redlock

HELD = """
name, *nodes = sys.argv[1:]
locks = redlock.SyncLockManager(nodes, lease_time=60)
lock = locks.lock(name).acquire()
"""


@pytest.mark.parametrize(
    ("ending", "code"),
    [("", 0), ("sys.exit(3)", 3), ("del locks", 0), ("lock = locks = None", 0)],
)
def test_key_is_gone_once_the_process_has_ended(
    nodes: list[str], name: str, ending: str, code: int
) -> None:
    python(
        "import warnings; warnings.simplefilter('ignore')\n" + HELD + ending,
        name,
        *nodes,
        code=code,
    )
    assert on_how_many(nodes, name) == 0


def test_key_is_gone_after_an_uncaught_exception(nodes: list[str], name: str) -> None:
    process = start_python(HELD + "raise KeyError('its own')", name, *nodes)
    _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert complaints.rstrip().splitlines()[-1] == "KeyError: 'its own'"
    assert on_how_many(nodes, name) == 0


def test_key_is_gone_when_a_coroutine_ends_the_program(nodes: list[str], name: str) -> None:
    python(
        """
import asyncio
name, *nodes = sys.argv[1:]
async def main():
    async with redlock.LockManager(nodes) as locks:
        async with locks.lock(name): sys.exit(4)
asyncio.run(main())
""",
        name,
        *nodes,
        code=4,
    )
    assert on_how_many(nodes, name) == 0


def test_key_of_asyncio_is_gone_without_any_close(nodes: list[str], name: str) -> None:
    python(
        """
import asyncio, warnings
warnings.simplefilter("ignore")
name, *nodes = sys.argv[1:]
async def main():
    global locks, lock
    locks = redlock.LockManager(nodes)
    lock = await locks.lock(name)
asyncio.run(main())
""",
        name,
        *nodes,
    )
    assert on_how_many(nodes, name) == 0


def test_exit_with_a_daemon_thread_in_an_acquisition(nodes: list[str], name: str) -> None:
    with redlock.SyncLockManager(nodes) as locks, locks.lock(name):
        began = time.monotonic()
        python(
            """
import threading, time
name, *nodes = sys.argv[1:]
locks = redlock.SyncLockManager(nodes)
def wait(): locks.lock(name).acquire()
def wait_for_loss(): mine.wait_lost()
mine = locks.lock(name + ":mine").acquire()
for target in (wait, wait, wait_for_loss):
    threading.Thread(target=target, daemon=True).start()
while locks.statistics().attempts < 2: time.sleep(0.001)
""",
            name,
            *nodes,
        )
        assert time.monotonic() - began < PATIENCE / 2
        assert on_how_many(nodes, f"{name}:mine") == 0


def test_exit_with_a_daemon_thread_that_works(nodes: list[str], name: str) -> None:
    for _ in range(3):
        process = start_python(
            """
import threading, time
name, *nodes = sys.argv[1:]
locks = redlock.SyncLockManager(nodes)
threading.excepthook = lambda _: None
def work(i):
    while True:
        with locks.lock(f"{name}:{i}"): pass
for i in range(2): threading.Thread(target=work, args=(i,), daemon=True).start()
while locks.statistics().acquired < 20: time.sleep(0.001)
""",
            name,
            *nodes,
        )
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    for i in range(2):
        assert on_how_many(nodes, f"{name}:{i}") == 0


def test_exit_with_event_streams_and_the_log_running(nodes: list[str], name: str) -> None:
    out = python(
        """
import logging, threading
logged = threading.Event()
class Handler(logging.Handler):
    def emit(self, record):
        if record.getMessage().startswith("acquired"): logged.set()
logging.basicConfig(level=logging.DEBUG, handlers=[Handler()])
name, *nodes = sys.argv[1:]
locks = redlock.SyncLockManager(nodes, log=True)
seen = threading.Event()
def read():
    for event in locks.events():
        if event.kind == "acquired": seen.set()
thread = threading.Thread(target=read, daemon=True)
thread.start()
while not (seen.is_set() and logged.is_set()):
    with locks.lock(name): pass
say("seen and logged")
lock = locks.lock(name).acquire()
""",
        name,
        *nodes,
    )
    assert out == "seen and logged\n"
    assert on_how_many(nodes, name) == 0


def test_exit_hooks_of_the_program_run_before_and_after(nodes: list[str], name: str) -> None:
    out = python(
        """
import atexit, warnings
warnings.simplefilter("ignore")
name, *nodes = sys.argv[1:]
def late():
    # The package was imported later than that: it has ended already.
    try: locks.lock(name).acquire()
    except redlock.Closed as error: say("late:", error)
    try: redlock.SyncLockManager(nodes)
    except redlock.Closed as error: say("late:", error)
    say(len(list(stream)) > 0)
atexit.unregister(redlock._native.shut_down)
atexit.register(late)
atexit.register(redlock._native.shut_down)
atexit.register(lambda: say("early:", lock.valid))
locks = redlock.SyncLockManager(nodes)
stream = locks.events()
lock = locks.lock(name).acquire()
""",
        name,
        *nodes,
    )
    assert out.splitlines() == [
        "early: True",
        "late: the interpreter is ending",
        "late: the interpreter is ending",
        "True",
    ]
    assert on_how_many(nodes, name) == 0


def test_exit_with_every_node_dead_does_not_take_long(nodes: list[str], name: str) -> None:
    with redlock.local(nodes=3) as urls:
        process = start_python(HELD + "say('held'); sys.stdin.readline()", name, *urls)
        assert line_of(process) == "held"
    began = time.monotonic()
    process.communicate("\n", timeout=PATIENCE)
    assert process.returncode == 0
    assert time.monotonic() - began < 5


def test_killed_process_leaves_its_lock_to_the_lease(nodes: list[str], name: str) -> None:
    process = start_python(
        HELD.replace("60", "0.5") + "say(lock.token); sys.stdin.readline()", name, *nodes
    )
    token = line_of(process)
    process.kill()
    process.communicate()
    with redlock.SyncLockManager(nodes) as locks, locks.lock(name, wait=PATIENCE) as lock:
        assert lock.token != token


WAITS = """
import signal, threading, time
name, *nodes = sys.argv[1:]
locks = redlock.SyncLockManager(nodes)
def tell():
    while not locks.statistics().attempts: time.sleep(0.001)
    say("waiting")
threading.Thread(target=tell).start()
"""


def _waiting(program: str, name: str, nodes: list[str]) -> subprocess.Popen[str]:
    process = start_python(WAITS + program, name, *nodes)
    assert line_of(process) == "waiting"
    return process


def test_ctrl_c_ends_a_wait(nodes: list[str], name: str) -> None:
    with redlock.SyncLockManager(nodes) as locks, locks.lock(name) as lock:
        process = _waiting(
            """
try: locks.lock(name).acquire()
except KeyboardInterrupt: say("interrupted")
sys.stdin.readline()
locks.close()
""",
            name,
            nodes,
        )
        process.send_signal(signal.SIGINT)
        assert line_of(process) == "interrupted"
        # Its place in the line is given up, and nothing comes to it later.
        lock.release()
        with locks.lock(name, wait=PATIENCE):
            pass
        eventually(lambda: on_how_many(nodes, name) == 0)
        _, complaints = process.communicate("\n", timeout=PATIENCE)
        assert (process.returncode, complaints) == (0, "")


def test_handler_that_only_notes_it_lets_the_wait_go_on(nodes: list[str], name: str) -> None:
    with redlock.SyncLockManager(nodes) as locks, locks.lock(name) as lock:
        process = _waiting(
            """
signal.signal(signal.SIGUSR1, lambda *_: say("noted"))
with locks.lock(name) as lock: say("acquired")
locks.close()
""",
            name,
            nodes,
        )
        for _ in range(3):
            process.send_signal(signal.SIGUSR1)
            assert line_of(process) == "noted"
        lock.release()
        assert line_of(process) == "acquired"
        _, complaints = process.communicate(timeout=PATIENCE)
        assert (process.returncode, complaints) == (0, "")


def test_ctrl_c_ends_each_kind_of_wait(nodes: list[str], name: str) -> None:
    with redlock.SyncLockManager(nodes) as locks, locks.lock(name):
        process = start_python(
            """
name, *nodes = sys.argv[1:]
locks = redlock.SyncLockManager(nodes)
mine = locks.lock(name + ":mine").acquire()
events = locks.events()
def read():
    for _ in events: pass
def observe():
    for _ in locks.observe("nobody"): pass
for wait in (mine.wait_lost, read, observe, locks.lock(name, wait=60).acquire):
    try:
        say("ready")
        wait()
        say("ended")
    except KeyboardInterrupt:
        say("interrupted")
say(mine.valid)
locks.close()
""",
            name,
            *nodes,
        )
        for _ in range(4):
            assert line_of(process) == "ready"
            process.send_signal(signal.SIGINT)
            assert line_of(process) == "interrupted"
        assert line_of(process) == "True"
        _, complaints = process.communicate(timeout=PATIENCE)
        assert (complaints, process.returncode) == ("", 0)


def test_ctrl_c_in_asyncio_run(nodes: list[str], name: str) -> None:
    with redlock.SyncLockManager(nodes) as locks, locks.lock(name):
        process = start_python(
            """
import asyncio
name, *nodes = sys.argv[1:]
async def main():
    async with redlock.LockManager(nodes) as locks, locks.lock(name + ":mine"):
        say("waiting")
        async with locks.lock(name): pass
try: asyncio.run(main())
except KeyboardInterrupt: say("interrupted")
""",
            name,
            *nodes,
        )
        assert line_of(process) == "waiting"
        process.send_signal(signal.SIGINT)
        assert line_of(process) == "interrupted"
        _, complaints = process.communicate(timeout=PATIENCE)
        assert (process.returncode, complaints) == (0, "")
    assert on_how_many(nodes, f"{name}:mine") == 0


def test_storm_of_signals_at_any_moment(nodes: list[str], name: str) -> None:
    """A handler that raises may run between any two steps: no call may hang, no lock may stay."""
    out = python(
        """
import signal
class Now(Exception): pass
def handler(*_): raise Now
signal.signal(signal.SIGALRM, handler)
name, *nodes = sys.argv[1:]
locks = redlock.SyncLockManager(nodes)
raised = cycles = 0
while raised < 300:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0001 + (raised % 37) * 0.00007)
        for _ in range(10):
            with locks.lock(name, wait=20): cycles += 1
    except Now: raised += 1
    else: raised += 1
signal.setitimer(signal.ITIMER_REAL, 0)
with locks.lock(name, wait=20): say("free")
say(locks.active_locks())
locks.close()
""",
        name,
        *nodes,
    )
    assert out.splitlines() == ["free", "[]"]
    assert on_how_many(nodes, name) == 0


def test_handler_that_raises_during_a_delivery_is_heard(nodes: list[str], name: str) -> None:
    """An event loop's own code runs there, and a signal may come; the others get their results."""

    class Target:
        """As a future of asyncio; what its loop does raises."""

        def __init__(self, error: type[BaseException] | None = None) -> None:
            self.error = error
            self.results: list[object] = []

        def done(self) -> bool:
            return bool(self.results)

        def set_result(self, result: object) -> None:
            self.results.append(result)
            if self.error is not None:
                raise self.error

    with redlock.SyncLockManager(nodes) as locks:
        locks.is_locked(name)
        inbox = redlock._native.Inbox()
        targets = [Target(), Target(KeyboardInterrupt), Target()]
        for target in targets:
            locks._native.is_locked(inbox, target, name)
        heard = 0
        while not all(target.results for target in targets):
            inbox.wait(redlock._native.Box(), PATIENCE)
            try:
                inbox.drain()
            except KeyboardInterrupt:
                heard += 1
    assert heard == 1
    assert [target.results for target in targets] == [[False]] * 3


def test_daemon_threads_do_not_disturb_the_end(nodes: list[str]) -> None:
    """They are everywhere in the package when the interpreter ends: in waits and in errors."""
    for _ in range(8):
        python(
            """
import threading, time
locks = redlock.SyncLockManager(sys.argv[1:])
def work(name):
    while True:
        try:
            with locks.lock(name, wait=0.001): pass
        except redlock.LockError: pass
for number in range(6):
    threading.Thread(target=work, args=[f"busy:{number % 2}"], daemon=True).start()
while locks.statistics().acquired < 20: time.sleep(0.001)
locks._closed = True
""",
            *nodes,
        )


def test_process_of_multiprocessing_releases_at_its_end(nodes: list[str], name: str) -> None:
    program = """
import multiprocessing
def child(name, nodes):
    global locks, lock
    locks = redlock.SyncLockManager(nodes)
    lock = locks.lock(name).acquire()
    locks._closed = True
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    process = context.Process(target=child, args=[sys.argv[1], sys.argv[2:]])
    process.start()
    process.join()
    say(process.exitcode)
"""
    assert python(program, name, *nodes) == "0\n"
    is_free(nodes, name)


def test_sub_interpreter_is_refused(nodes: list[str], name: str) -> None:
    out = python(
        """
name = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
interpreters = __import__(name)
def create():
    return interpreters.create("legacy") if name == "_interpreters" else interpreters.create()
with redlock.SyncLockManager(sys.argv[2:]) as locks:
    own = create()
    try:
        failure = interpreters.run_string(own, "import sys; sys.path[:] = " + repr(sys.path)
            + chr(10) + "import asio_redlock")
    except Exception as error:
        failure = error
    say("main interpreter only" in str(failure))
    interpreters.destroy(own)
    with locks.lock(sys.argv[1]) as lock: say(lock.valid)
""",
        name,
        *nodes,
    )
    assert out == "True\nTrue\n"

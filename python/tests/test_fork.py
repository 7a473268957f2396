"""Children: by os.fork, prefork servers, multiprocessing."""

from __future__ import annotations

import subprocess

import pytest
from support import on_how_many, python

import asio_redlock as redlock

#: Runs a function in a forked child, and says what it returned or raised.
PROLOGUE = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
name, *nodes = sys.argv[1:]

def in_child(what):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            say("child:", what())
            code = 0
        except BaseException as error:
            say("child:", type(error).__name__)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def _run(program: str, name: str, nodes: list[str]) -> list[str]:
    return python(PROLOGUE + program, name, *nodes).splitlines()


def test_copies_raise_forked_and_the_parent_s_lock_is_untouched(
    nodes: list[str], name: str
) -> None:
    out = _run(
        """
with redlock.SyncLockManager(nodes) as locks:
    lock = locks.lock(name).acquire()
    events = locks.events()
    streams = iter(events)
    copies = [
        lambda: locks.lock(name, wait=0).acquire(), lambda: locks.try_lock("y"),
        lambda: locks.status(name), lambda: locks.is_locked(name), locks.list, locks.close,
        locks.vouch, locks.examine, locks.events, lambda: next(streams), lock.extend,
        lock.release, lock.downgrade, lambda: lock.proclaim("x"), lock.wait_lost,
        lambda: locks.attach(name, lock.token), lambda: next(locks.observe(name)),
    ]
    for copy in copies:
        in_child(copy)
    in_child(lambda: (lock.valid, bool(lock), locks.active_locks()))
    in_child(lambda: lock.detach() == lock.token or "a token")
    lock.extend()
    say(lock.valid, locks.is_locked(name))
    lock.release()
""",
        name,
        nodes,
    )
    assert out[:-3] == ["child: Forked"] * 17
    assert out[-3].startswith("child: (False, False, ")
    assert out[-1] == "True True"


def test_copies_of_asyncio_raise_forked(nodes: list[str], name: str) -> None:
    out = _run(
        """
import asyncio
async def parent():
    global lock
    lock = await locks.lock(name)
locks = redlock.LockManager(nodes)
asyncio.run(parent())
async def use(): await locks.lock(name, wait=0)
async def guard():
    async with lock: pass
for copy in (use, guard, lambda: lock.extend(), lambda: lock.release(), lambda: locks.aclose()):
    async def run(copy=copy): await copy()
    in_child(lambda: asyncio.run(run()))
say(lock.valid)
asyncio.run(locks.aclose())
""",
        name,
        nodes,
    )
    assert out == ["child: Forked"] * 5 + ["True"]


def test_child_makes_a_manager_of_its_own(nodes: list[str], name: str) -> None:
    out = _run(
        """
def child():
    with redlock.SyncLockManager(nodes) as own:
        taken = own.try_lock(name)
        with own.lock(name + ":2", wait=5) as mine:
            return taken, mine.valid
with redlock.SyncLockManager(nodes) as locks, locks.lock(name) as lock:
    code = in_child(child)
    say(code, lock.valid, locks.is_locked(name + ":2"))
""",
        name,
        nodes,
    )
    assert out == ["child: (None, True)", "0 True False"]


def test_fork_inside_a_block_leaves_the_child_s_end_of_it_silent(
    nodes: list[str], name: str
) -> None:
    out = _run(
        """
locks = redlock.SyncLockManager(nodes)
with locks.lock(name) as lock:
    child = os.fork()
if child == 0:
    say("child left the block")
    os._exit(0)
os.waitpid(child, 0)
say("parent", locks.is_locked(name))
locks.close()
""",
        name,
        nodes,
    )
    assert out == ["child left the block", "parent False"]


def test_fork_inside_a_coroutine(nodes: list[str], name: str) -> None:
    out = _run(
        """
import asyncio
async def child():
    async with redlock.LockManager(nodes) as own, own.lock(name + ":2", wait=5) as mine:
        return mine.valid, await own.try_lock(name)
async def parent():
    async with redlock.LockManager(nodes) as locks:
        async with locks.lock(name) as lock:
            pid = os.fork()
            if pid == 0:
                asyncio.events._set_running_loop(None)
                say("child:", *asyncio.run(child()))
                os._exit(0)
            await asyncio.to_thread(os.waitpid, pid, 0)
            await lock.extend()
            say("parent:", lock.valid)
asyncio.run(parent())
""",
        name,
        nodes,
    )
    assert out == ["child: True None", "parent: True"]


def test_child_that_exits_by_itself_touches_nothing(nodes: list[str], name: str) -> None:
    """Its interpreter ends as any does, with copies of managers and locks in its globals."""
    out = _run(
        """
import threading
locks = redlock.SyncLockManager(nodes)
lock = locks.lock(name).acquire()
child = os.fork()
if child == 0:
    say("threads of the child:", len(os.listdir("/proc/self/task")))
    sys.exit(7)
say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lock.valid)
lock.extend()
say(locks.is_locked(name))
lock.release()
locks.close()
""",
        name,
        nodes,
    )
    assert out == ["threads of the child: 1", "7 True", "True"]


def test_copies_start_no_engine(nodes: list[str], name: str) -> None:
    out = _run(
        """
locks = redlock.SyncLockManager(nodes)
lock = locks.lock(name).acquire()
def child():
    for copy in (locks.close, lock.release, locks.events):
        try: copy()
        except redlock.Forked: pass
    repr(locks), repr(lock)
    return len(os.listdir("/proc/self/task"))
in_child(child)
lock.release()
locks.close()
""",
        name,
        nodes,
    )
    assert out == ["child: 1"]


def test_grandchild(nodes: list[str], name: str) -> None:
    out = _run(
        """
def grandchild():
    with redlock.SyncLockManager(nodes) as own:
        return own.try_lock(name), bool(own.try_lock(name + ":3"))
def child():
    with redlock.SyncLockManager(nodes) as own, own.lock(name + ":2"):
        in_child(grandchild)
        return own.is_locked(name + ":2")
with redlock.SyncLockManager(nodes) as locks, locks.lock(name):
    in_child(child)
""",
        name,
        nodes,
    )
    assert out == ["child: (None, True)", "child: True"]


def test_prefork_server(nodes: list[str], name: str) -> None:
    """As gunicorn and Celery do it: the application is loaded, perhaps used, then forked."""
    out = _run(
        """
import asyncio
locks = None
def application():
    global locks, owner
    if locks is None or owner != os.getpid():
        locks, owner = redlock.LockManager(nodes), os.getpid()
    return locks
async def request(i):
    async with application().lock(name, wait=20):
        await asyncio.sleep(0)
async def serve(count):
    await asyncio.gather(*(request(i) for i in range(count)))
    await application().aclose()
async def preload():
    async with application().lock(name): pass
asyncio.run(preload())
children = []
for _ in range(4):
    pid = os.fork()
    if pid == 0:
        asyncio.run(serve(10))
        os._exit(0)
    children.append(pid)
say([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children])
asyncio.run(locks.aclose())
""",
        name,
        nodes,
    )
    assert out == ["[0, 0, 0, 0]"]
    assert on_how_many(nodes, name) == 0


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(nodes: list[str], name: str, method: str, tmp_path: object) -> None:
    program = f"""
import multiprocessing, os, sys, warnings
import asio_redlock as redlock
warnings.simplefilter("ignore", DeprecationWarning)

def work(nodes, name, counter):
    with redlock.SyncLockManager(nodes) as locks:
        for _ in range(5):
            with locks.lock(name, wait=20):
                counter.value += 1

if __name__ == "__main__":
    name, *nodes = sys.argv[1:]
    context = multiprocessing.get_context({method!r})
    counter = context.Value("i", 0, lock=False)
    with redlock.SyncLockManager(nodes) as locks, locks.lock(name + ":held") as lock:
        children = [context.Process(target=work, args=(nodes, name, counter)) for _ in range(3)]
        for child in children: child.start()
        for child in children: child.join()
        print([child.exitcode for child in children], counter.value, lock.valid)
"""
    import pathlib
    import sys

    assert isinstance(tmp_path, pathlib.Path)
    file = tmp_path / "program.py"
    file.write_text(program)
    done = subprocess.run(
        [sys.executable, str(file), name, *nodes], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[0, 0, 0] 15 True\n", "")


def test_lock_is_passed_to_a_child_by_its_token(nodes: list[str], name: str) -> None:
    out = _run(
        """
with redlock.SyncLockManager(nodes) as locks:
    token = locks.lock(name).acquire().detach()
    def child():
        with redlock.SyncLockManager(nodes) as own, own.attach(name, token, renew=True) as mine:
            return mine.valid
    in_child(child)
    say(locks.is_locked(name))
""",
        name,
        nodes,
    )
    assert out == ["child: True", "False"]


def test_fork_while_the_engine_is_busy(nodes: list[str], name: str) -> None:
    out = _run(
        """
import threading
stop = False
with redlock.SyncLockManager(nodes) as locks:
    def load(i):
        while not stop:
            with locks.lock(f"{name}:{i}"): pass
    threads = [threading.Thread(target=load, args=(i,)) for i in range(3)]
    for thread in threads: thread.start()
    def child():
        with redlock.SyncLockManager(nodes) as own, own.lock(name, wait=10):
            return "fine"
    codes = [in_child(child) for _ in range(10)]
    stop = True
    for thread in threads: thread.join()
    say(codes)
""",
        name,
        nodes,
    )
    assert out == ["child: fine"] * 10 + [str([0] * 10)]


def test_forked_is_an_error_of_the_package() -> None:
    assert issubclass(redlock.Forked, redlock.LockError)

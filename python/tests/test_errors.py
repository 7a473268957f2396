"""Each exception, reached for real: its sentence, its nodes, its holder. No secret in any."""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support import HASTY, Servers, command, delete, hasty, python, run

import asio_redlock as redlock

PASSWORD = "s3cr3t-p4ssw0rd"


def _contended(nodes: Servers) -> None:
    with redlock.SyncLockManager(nodes) as locks, locks.lock("x", label="me"):
        locks.lock("x", wait=0).acquire()


def _timed_out(nodes: Servers) -> None:
    with redlock.SyncLockManager(nodes) as locks, locks.lock("x", label="me"):
        locks.lock("x", wait=0.01).acquire()


def _no_quorum(nodes: Servers) -> None:
    nodes.kill(0, 1)
    with redlock.SyncLockManager(nodes, **HASTY) as locks:  # type: ignore[arg-type]
        locks.lock("x", wait=0).acquire()


def _lost(nodes: Servers) -> None:
    with redlock.SyncLockManager(nodes) as locks:
        lock = locks.lock("x").acquire()
        delete(nodes, "x")
        lock.release()


def _indeterminate(nodes: Servers) -> None:
    with redlock.SyncLockManager(nodes, **HASTY) as locks:  # type: ignore[arg-type]
        lock = locks.lock("x").acquire()
        nodes.freeze(0, 1)
        lock.release()


def _closed(nodes: Servers) -> None:
    locks = redlock.SyncLockManager(nodes)
    locks.close()
    locks.lock("x").acquire()


def _same_server_twice(nodes: Servers) -> None:
    twin = nodes[0].replace("127.0.0.1", "localhost")
    with redlock.SyncLockManager([*nodes, twin]) as locks:
        locks.lock("x").acquire()


def _different_nodes(nodes: Servers) -> None:
    with redlock.SyncLockManager(nodes) as locks, locks.lock("x"):
        with redlock.SyncLockManager(nodes[:1]) as other:
            other.lock("y", wait=0).acquire()


def _permits_mismatch(nodes: Servers) -> None:
    with redlock.SyncLockManager(nodes) as locks, locks.permit("x", 3):
        locks.permit("x", 4).acquire()


REACHED: list[tuple[Callable[[Servers], None], type[redlock.LockError]]] = [
    (_contended, redlock.Contended),
    (_timed_out, redlock.TimedOut),
    (_no_quorum, redlock.NoQuorum),
    (_lost, redlock.LockLost),
    (_indeterminate, redlock.Indeterminate),
    (_closed, redlock.Closed),
    (_same_server_twice, redlock.SameServerTwice),
    (_different_nodes, redlock.DifferentNodes),
    (_permits_mismatch, redlock.PermitsMismatch),
]


@pytest.mark.parametrize(("reach", "kind"), REACHED, ids=[kind.__name__ for _, kind in REACHED])
def test_reached_for_real(
    servers: Servers, reach: Callable[[Servers], None], kind: type[redlock.LockError]
) -> None:
    with pytest.raises(kind) as caught:
        reach(servers)
    error = caught.value
    assert type(error) is kind
    assert isinstance(error, redlock.LockError)
    assert len(str(error)) > 10 and "lock::" not in str(error)
    assert isinstance(error.nodes, tuple)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and str(again) == str(error)
    assert (again.nodes, again.holder) == ((), None)
    assert str(copy.copy(error)) == str(error)
    if kind in (redlock.NoQuorum, redlock.Indeterminate):
        assert {failure.node for failure in error.nodes} >= {0, 1}
        assert all(failure.message for failure in error.nodes)
        assert "127.0.0.1" in str(error)
    if kind in (redlock.Contended, redlock.TimedOut):
        assert error.holder is not None and error.holder.label == "me"
    else:
        assert error.holder is None


def test_kinds_are_told_apart_and_have_one_base() -> None:
    for kind in (*(kind for _, kind in REACHED), redlock.Forked, redlock.Resigned):
        assert issubclass(kind, redlock.LockError) and issubclass(kind, Exception)
        assert kind.__doc__
        assert pickle.loads(pickle.dumps(kind("why"))).args == ("why",)
    assert issubclass(redlock.TimedOut, TimeoutError)
    assert not issubclass(redlock.Contended, TimeoutError)
    assert redlock.LockError().nodes == ()


def test_error_of_a_task_carries_through_a_process_pool(nodes: list[str], name: str) -> None:
    out = python(
        """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

def work(nodes, name):
    with redlock.SyncLockManager(nodes) as locks:
        locks.lock(name, wait=0).acquire()

if __name__ == "__main__":
    name, *nodes = sys.argv[1:]
    with redlock.SyncLockManager(nodes) as locks, locks.lock(name):
        with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
            try:
                pool.submit(work, nodes, name).result()
            except redlock.Contended as error:
                say("contended:", bool(str(error)))
""".replace(
            "import multiprocessing",
            "import multiprocessing, warnings\nwarnings.simplefilter('ignore')",
            1,
        ),
        name,
        *nodes,
    )
    assert out == "contended: True\n"


def _with_password(nodes: list[str]) -> list[str]:
    for url in nodes:
        assert command(url, "CONFIG", "SET", "requirepass", PASSWORD) == b"OK"
    return [f"redis://:{PASSWORD}@{urlsplit(url).netloc}" for url in nodes]


def test_password_appears_nowhere(servers: Servers, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[object] = []
    caplog.set_level(logging.DEBUG)

    async def body() -> None:
        urls = _with_password(servers)
        wrong = [url.replace(PASSWORD, PASSWORD + "x") for url in urls]
        async with hasty(urls, log=True) as locks, hasty(wrong) as refused:
            events = locks.events()
            async with locks.lock("x") as lock:
                seen.extend([locks, lock, await locks.status("x"), await locks.examine()])
                seen.extend([await locks.diagnose(), locks.active_locks(), locks.statistics()])
                with pytest.raises(redlock.Contended) as contended:
                    await locks.lock("x", wait=0)
            with pytest.raises(redlock.NoQuorum) as no_quorum:
                await refused.lock("x", wait=0)
            servers.kill(0, 1, 2)
            with pytest.raises(redlock.LockError) as dead:
                await locks.lock("x", wait=0)
            for caught in (contended, no_quorum, dead):
                seen.extend([caught.value, caught.value.nodes, caught.value.holder])
                seen.append("".join(traceback.format_exception(caught.value)))
        async for event in events:
            seen.append(event)

    run(body())
    assert len(seen) > 20
    for one in seen:
        assert PASSWORD not in repr(one)
        assert PASSWORD not in str(one)
    assert caplog.records
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{PASSWORD}@a",
        f"redis://user:{PASSWORD}@a:99999",
        f"redis://user:{PASSWORD}@",
        f"redis://user:{PASSWORD}@a/x",
        f"redis://user:{PASSWORD}@a b",
        f"redis://user:{PASSWORD}@a?nonsense=1",
        f"redis://:{PASSWORD}%zz@a",
    ],
)
def test_password_of_a_url_that_cannot_be_read(url: str) -> None:
    with pytest.raises(ValueError, match="node 1: ") as caught:
        redlock.LockManager(["redis://fine", url])
    assert PASSWORD not in str(caught.value)
    # A traceback shows lines of the source, and no values.
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_password_of_a_node_listed_twice() -> None:
    url = f"redis://:{PASSWORD}@a"
    with pytest.raises(ValueError, match="redis://a") as caught:
        redlock.LockManager([url, url])
    assert PASSWORD not in str(caught.value)


def test_warning_about_a_manager_that_was_not_closed() -> None:
    with pytest.warns(ResourceWarning) as caught:
        redlock.LockManager([f"redis://:{PASSWORD}@127.0.0.1:1"])
    assert PASSWORD not in str(caught[0].message)


def test_from_file(nodes: list[str], name: str, tmp_path: Path) -> None:
    listed = ", ".join(f'"{url}"' for url in nodes)
    file = tmp_path / "redlock.toml"
    file.write_text(f'nodes = [{listed}]\nlease_time = "30s"\n')
    with redlock.SyncLockManager.from_file(file) as locks, locks.lock(name) as lock:
        assert 20 < lock.remaining < 30
    with redlock.SyncLockManager.from_file(str(file), lease_time=5) as locks:
        with locks.lock(name) as lock:
            assert lock.remaining < 5

    async def body() -> None:
        async with redlock.LockManager.from_file(file) as own, own.lock(name) as held:
            assert held.valid

    run(body())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "redlock.toml"),
        ("nodes = 7\n", "nodes"),
        ('nodes = ["redis://a"]\nleese_time = "5s"\n', "line 2.*a key that is not known"),
        ('nodes = ["redis://a"\n', "redlock.toml"),
        (f'nodes = ["http://:{PASSWORD}@a"]\n', "node 0: the scheme"),
    ],
)
def test_file_that_cannot_be_used(tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "redlock.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises((ValueError, OSError), match=says) as caught:
        redlock.LockManager.from_file(file)
    assert PASSWORD not in str(caught.value)


def test_unread_error_of_an_abandoned_task_is_not_reported(servers: Servers) -> None:
    """What nobody waits for any more ends silently."""
    complaints: list[object] = []

    async def body() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
        async with hasty(servers) as locks:
            lock = await locks.lock("x")
            servers.freeze(0, 1)
            for start in (lock.release, locks.aclose):
                task = asyncio.ensure_future(start())
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await asyncio.sleep(0.3)

    run(body())
    assert complaints == []


def test_printed_traceback_ends_with_the_sentence(servers: Servers) -> None:
    servers.kill(0, 1)
    with redlock.SyncLockManager(servers, **HASTY) as locks:  # type: ignore[arg-type]
        try:
            locks.lock("x", wait=0).acquire()
        except redlock.NoQuorum as error:
            out = io.StringIO()
            traceback.print_exception(error, file=out)
            assert out.getvalue().rstrip().endswith(str(error))


def test_sentences_are_pythons(name: str) -> None:
    with redlock.SyncLockManager(["redis://127.0.0.1:1"]) as locks:
        with pytest.raises(redlock.NoQuorum) as raised:
            locks.is_locked(name)
    assert str(raised.value) == "too few nodes answered for a majority"

"""The recipes run with the real packages, on real servers."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any

import pytest

import asio_redlock as redlock

RECIPES = pathlib.Path(__file__).resolve().parents[2] / "recipes"


@pytest.fixture
def settings(nodes: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a machine of the user's has: the recipes on the path, and the nodes' URLs."""
    monkeypatch.syspath_prepend(str(RECIPES))
    monkeypatch.setenv("REDLOCK_NODES", ",".join(nodes))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(RECIPES), *sys.path]))
    yield nodes


@pytest.fixture
def others(settings: list[str]) -> Iterator[redlock.SyncLockManager]:
    """Another machine."""
    with redlock.SyncLockManager(settings) as locks:
        yield locks


class Program:
    """A Python program, whose output is read line by line."""

    def __init__(self, place: pathlib.Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.output: IO[str] = self.process.stdout

    def line_with(self, word: str) -> str:
        said = ""
        for line in self.output:
            said += line
            if word in line:
                return line
        raise AssertionError(f"ended without {word!r}: {said}")

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.output.close()
        self.process.wait()


@pytest.fixture
def start(tmp_path: pathlib.Path) -> Iterator[Callable[..., Program]]:
    """Starts a program in a folder of its own."""
    running: list[Program] = []

    def begin(*arguments: str) -> Program:
        program = Program(tmp_path, *arguments)
        running.append(program)
        return program

    yield begin
    for program in running:
        if program.process.poll() is None:
            os.killpg(program.process.pid, signal.SIGKILL)
        program.end()


def test_fastapi_refuses_an_order_that_is_being_shipped(
    settings: list[str], others: redlock.SyncLockManager
) -> None:
    pytest.importorskip("fastapi")
    testclient = pytest.importorskip("starlette.testclient")
    import fastapi_orders

    with testclient.TestClient(fastapi_orders.app) as client:
        with others.lock("orders:7") as lock:
            refused = client.post("/orders/7/ship")
            assert refused.status_code == 409
            assert refused.headers["Retry-After"] == "1"
        shipped = client.post("/orders/7/ship")
        assert shipped.status_code == 200
        assert shipped.json()["fencing_token"] > lock.fencing_token


def test_fastapi_is_unavailable_without_servers(
    settings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fastapi")
    testclient = pytest.importorskip("starlette.testclient")
    import fastapi_orders

    monkeypatch.setattr(fastapi_orders, "NODES", ["redis://127.0.0.1:1"])
    with testclient.TestClient(fastapi_orders.app) as client:
        assert client.post("/orders/7/ship").status_code == 503


@pytest.fixture
def django(settings: list[str]) -> Any:
    django = pytest.importorskip("django")
    from django.conf import settings as configured

    if not configured.configured:
        configured.configure(
            INSTALLED_APPS=["shop"],
            CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        )
        django.setup()
    from shop.locks import _manager_of

    yield django
    for number in [os.getpid()]:
        _manager_of(number).close()
    _manager_of.cache_clear()


def test_django_command_runs_once(django: Any) -> None:
    import io

    from django.core.management import call_command

    said = []
    for _ in range(2):
        output = io.StringIO()
        call_command("nightly", stdout=output)
        said.append(output.getvalue())
    assert said[0].startswith("reporting, fencing token ")
    assert said[1] == "another machine reports tonight\n"


def test_django_computes_a_cached_value_once(django: Any) -> None:
    from shop.cache import cached

    computed: list[int] = []
    all_there = threading.Barrier(8)

    def compute() -> str:
        computed.append(1)
        return "dear"

    def request(found: list[str]) -> None:
        all_there.wait()
        found.append(cached("front-page", compute, 60))

    found: list[str] = []
    requests = [threading.Thread(target=request, args=[found]) for _ in range(8)]
    for each in requests:
        each.start()
    for each in requests:
        each.join()
    assert found == ["dear"] * 8
    assert len(computed) == 1


@pytest.fixture
def broker(settings: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    pytest.importorskip("celery")
    with redlock.local(nodes=1) as urls:
        monkeypatch.setenv("CELERY_BROKER", urls[0])
        yield urls[0]


def test_celery_task_runs_by_itself(broker: str, start: Callable[..., Program]) -> None:
    worker = start("-m", "celery", "-A", "celery_tasks", "worker", "-c", "3", "-l", "info")
    worker.line_with("ready.")
    import celery_tasks

    task: Any = celery_tasks.import_feed
    results = [task.delay("news") for _ in range(3)]
    tokens = [result.get(timeout=60) for result in results]
    # Each had the lock by itself: no two have one token.
    assert len(set(tokens)) == 3
    celery_tasks.app.close()


def test_celery_has_one_beat(broker: str, start: Callable[..., Program]) -> None:
    first = start(str(RECIPES / "celery_beat.py"))
    first.line_with("beat: Starting")
    second = start(str(RECIPES / "celery_beat.py"))
    # As a service manager ends it: the script alone, whose end must be that of its beat.
    first.process.send_signal(signal.SIGTERM)
    # It has the same output, which ends with the last of the two.
    first.output.read()
    assert first.process.wait() == 143
    second.line_with("beat: Starting")


def test_scheduler_goes_on_elsewhere(settings: list[str], start: Callable[..., Program]) -> None:
    pytest.importorskip("apscheduler")
    first = start(str(RECIPES / "scheduler.py"))
    before = first.line_with("tick in term ")
    second = start(str(RECIPES / "scheduler.py"))
    first.end()
    after = second.line_with("tick in term ")
    assert int(after.split()[-1]) > int(before.split()[-1])

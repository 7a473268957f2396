"""Fixtures: shared servers, servers of a test's own, and a name that no other test uses."""

from __future__ import annotations

import itertools
import re
import signal
from collections.abc import Callable, Iterator

import pytest
from support import Servers

import asio_redlock as redlock

# A job in the background has it ignored, and so have its children.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def nodes() -> Iterator[list[str]]:
    """Three servers for all tests that do them no harm."""
    with redlock.local(nodes=3) as urls:
        yield urls


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Three servers of the test's own, which it may freeze and kill."""
    with redlock.local(nodes=3) as urls:
        own = Servers(urls)
        try:
            yield own
        finally:
            own.thaw()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A resource that no other test uses."""
    return f"{re.sub(r'[^a-z0-9_]', '-', request.node.name)}:{next(_numbers)}"


@pytest.fixture
def locks(nodes: list[str]) -> Iterator[redlock.SyncLockManager]:
    """A manager for threads."""
    with redlock.SyncLockManager(nodes) as manager:
        yield manager


@pytest.fixture
def other(nodes: list[str]) -> Iterator[redlock.SyncLockManager]:
    """Another process, as the nodes see it."""
    with redlock.SyncLockManager(nodes) as manager:
        yield manager


@pytest.fixture
def names(name: str) -> Callable[[str], str]:
    """More of them, by a word."""
    return lambda word: f"{name}:{word}"

"""What the tests of the aioredlock interface share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import asio_redlock
from asio_redlock.aioredlock import Aioredlock

from .servers import ask, port_of


@pytest.fixture(scope="module")
def servers() -> Iterator[list[str]]:
    with asio_redlock.local(nodes=3) as urls:
        yield urls


@pytest.fixture
def ports(servers: list[str]) -> list[int]:
    """Three servers without locks."""
    found = [port_of(url) for url in servers]
    for port in found:
        for key in ask(port, "KEYS", "*"):
            if not key.startswith("redlock:epoch"):
                ask(port, "DEL", key)
    return found


@pytest.fixture
def connections(ports: list[int]) -> list[tuple[str, int]]:
    return [("127.0.0.1", port) for port in ports]


@pytest.fixture
def make(connections: list[tuple[str, int]]) -> Callable[..., Aioredlock]:
    """A manager over the three servers."""

    def made(**options: Any) -> Aioredlock:
        # On a busy machine a server may be slow without being at fault.
        options.setdefault("node_timeout", 5)
        options.setdefault("connect_timeout", 5)
        return Aioredlock(connections, **options)

    return made

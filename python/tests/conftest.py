"""What the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import asio_redlock as redlock


@pytest.fixture(scope="session")
def nodes() -> Iterator[list[str]]:
    with redlock.local(nodes=3) as urls:
        yield urls

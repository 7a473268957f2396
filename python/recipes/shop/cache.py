"""A value that is dear to compute is computed once, however many requests miss it at once."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.core.cache import cache

import asio_redlock as redlock

from .locks import locks

MISSING = object()


def cached(key: str, compute: Callable[[], Any], seconds: int, patience: float = 30) -> Any:
    """`patience`: seconds that a request waits for another one's value before it computes one."""
    value = cache.get(key, MISSING)
    if value is not MISSING:
        return value
    lock = None
    # The lock saves work, and guards nothing: without it, everybody computes.
    with suppress(redlock.LockError):
        lock = locks().lock(f"cache:{key}", wait=patience).acquire()
    try:
        # Who waited finds what the holder has stored.
        value = cache.get(key, MISSING)
        if value is MISSING:
            value = compute()
            cache.set(key, value, seconds)
        return value
    finally:
        if lock is not None:
            with suppress(redlock.LockError):
                lock.release()

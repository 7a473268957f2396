"""A value that is dear to compute is computed once, however many requests miss it at once."""

from collections.abc import Callable
from typing import Any

from django.core.cache import cache

import asio_redlock as redlock

from .locks import locks


def cached(key: str, compute: Callable[[], Any], seconds: int) -> Any:
    value = cache.get(key)
    if value is not None:
        return value
    try:
        with locks().lock(f"cache:{key}", wait=5):
            # Who waited finds what the holder has stored.
            value = cache.get(key)
            if value is None:
                value = compute()
                cache.set(key, value, seconds)
            return value
    except redlock.LockError:
        # The lock saves work, it guards nothing: without it, everybody computes.
        return compute()

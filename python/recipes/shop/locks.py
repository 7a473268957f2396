"""One manager for each process, made when it is first needed: after a prefork server's fork."""

import functools
import os

import asio_redlock as redlock


@functools.cache
def _manager_of(process: int) -> redlock.SyncLockManager:
    return redlock.SyncLockManager(os.environ["REDLOCK_NODES"].split(","))


def locks() -> redlock.SyncLockManager:
    return _manager_of(os.getpid())

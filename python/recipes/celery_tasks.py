"""A task that must not run twice at once, whichever worker gets it."""

import functools
import os
import time
from typing import Any

from celery import Celery

import asio_redlock as redlock

app = Celery("tasks", broker=os.environ["CELERY_BROKER"], backend=os.environ["CELERY_BROKER"])


@functools.cache
def locks_of(process: int) -> redlock.SyncLockManager:
    # Celery forks its workers: each needs a manager of its own.
    return redlock.SyncLockManager(os.environ["REDLOCK_NODES"].split(","))


@app.task(bind=True, max_retries=None)
def import_feed(self: Any, feed: str) -> int:
    try:
        with locks_of(os.getpid()).lock(f"import:{feed}", wait=0) as lock:
            time.sleep(0.2)
            return lock.fencing_token
    except redlock.Contended as held:
        # Later, and without keeping a worker busy until then.
        raise self.retry(countdown=0.1) from held

"""A task that must not run twice at once, whichever worker gets it."""

import os
import time
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown

import asio_redlock as redlock

app = Celery("tasks", broker=os.environ["CELERY_BROKER"], backend=os.environ["CELERY_BROKER"])
locks: redlock.SyncLockManager


@worker_process_init.connect
def open_locks(**_: Any) -> None:
    # Celery forks its workers: each needs a manager of its own.
    global locks
    locks = redlock.SyncLockManager(os.environ["REDLOCK_NODES"].split(","))


@worker_process_shutdown.connect
def close_locks(**_: Any) -> None:
    locks.close()


@app.task(bind=True, max_retries=None)
def import_feed(self: Any, feed: str) -> int:
    try:
        with locks.lock(f"import:{feed}", wait=0) as lock:
            time.sleep(0.2)
            return lock.fencing_token
    except redlock.Contended as held:
        # Later, and without keeping a worker busy until then.
        raise self.retry(countdown=0.1) from held

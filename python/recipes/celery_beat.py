"""One beat for all machines: each runs this in place of ``celery beat``."""

import os
import signal
import socket
import subprocess
import sys
import time

import asio_redlock as redlock

BEAT = [sys.executable, "-m", "celery", "-A", "celery_tasks", "beat", "--loglevel", "info"]


def beat_while(term: redlock.SyncLock) -> None:
    beat = subprocess.Popen(BEAT)
    try:
        # wait_lost raises LockLost half a second before another machine can lead.
        while beat.poll() is None:
            term.wait_lost(timeout=1)
    finally:
        beat.terminate()
        beat.wait()


def main() -> None:
    # What systemd and Docker send would end this program without its `finally`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with redlock.SyncLockManager(os.environ["REDLOCK_NODES"].split(",")) as locks:
        while True:
            try:
                with locks.leadership("celery-beat", label=socket.gethostname()) as term:
                    beat_while(term)
            except redlock.LockLost:
                continue
            except redlock.NoQuorum:
                # The servers will come back.
                time.sleep(1)


if __name__ == "__main__":
    main()

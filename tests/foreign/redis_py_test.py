"""Locks of redis-py, a client that many use, beside the command's: each respects the other's.

usage: redlock local -n 3 -- python3 redis_py_test.py REDLOCK
REDLOCK_NODES names three servers that are guarded by nobody else.
"""
import os
import subprocess
import sys

import redis
from redis.lock import Lock

redlock = sys.argv[1]
nodes = [redis.Redis.from_url(url) for url in os.environ["REDLOCK_NODES"].split(",")]
contended = 75
shapes = {
    "exclusive": [],
    "shared": ["--shared"],
    "several": ["--also", "shelf"],
}
failures = []


def expect(what, holds):
    """Notes what does not hold."""
    if not holds:
        failures.append(what)


def acquire_on(servers):
    """As a Redlock client by hand: the locks that it got, one on each server that gave one."""
    locks = [Lock(server, "stock", timeout=30) for server in servers]
    return [each for each in locks if each.acquire(blocking=False)]


def respects_redis_py(shape, options):
    """A majority that redis-py has is nobody else's."""
    theirs = acquire_on(nodes[:2])
    expect(f"{shape}: redis-py got {len(theirs)} of 2", len(theirs) == 2)
    tried = subprocess.run([redlock, "run", "-n", *options, "stock", "--", "true"],
                           capture_output=True, text=True, timeout=60, check=False)
    expect(f"{shape}: beside redis-py {tried.returncode} {tried.stderr}",
           tried.returncode == contended)
    for each in theirs:
        each.release()  # Throws if anybody has taken it away.
    free = subprocess.run([redlock, "run", "-n", *options, "stock", "--", "true"],
                          capture_output=True, text=True, timeout=60, check=False)
    expect(f"{shape}: after redis-py {free.returncode} {free.stderr}", free.returncode == 0)


def is_respected_by_redis_py(shape, options):
    """What the command holds, redis-py gets on no majority."""
    command = [redlock, "run", *options, "stock", "--", "sh", "-c", "echo held; cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as ours:
        expect(f"{shape}: it holds", ours.stdout.readline() == "held\n")
        got = acquire_on(nodes)
        expect(f"{shape}: redis-py got {len(got)} beside it", len(got) < 2)
        for each in got:
            each.release()
        ours.stdin.close()
    expect(f"{shape}: ended with {ours.returncode}", ours.returncode == 0)
    got = acquire_on(nodes)
    expect(f"{shape}: afterwards redis-py got {len(got)}", len(got) == 3)
    for each in got:
        each.release()


for name, arguments in shapes.items():
    respects_redis_py(name, arguments)
    is_respected_by_redis_py(name, arguments)
print("\n".join(failures) or "each respects the other's")
sys.exit(1 if failures else 0)

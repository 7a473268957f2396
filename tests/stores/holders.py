"""Two holders of one lock, of which the first does not know that it is late. The locks are real: the
redlock command takes them, on the three servers that REDLOCK_NODES names.
"""
import itertools
import json
import os
import subprocess
from typing import NamedTuple

REDLOCK = os.environ.get("REDLOCK_COMMAND", "redlock")
_numbers = itertools.count(1)


class Held(NamedTuple):
    """What `redlock acquire --json` says of a lock."""
    resource: str
    token: str
    fence: int
    slot: int


class Pair(NamedTuple):
    """The fencing tokens of two holders, one after the other."""
    late: int
    newer: int
    resource: str


def redlock(*arguments):
    """Runs the command; its output. Fails with what it said."""
    done = subprocess.run([REDLOCK, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"redlock {' '.join(arguments)}: {done.returncode} {done.stderr}"
    return done.stdout


def acquire(resource, *options):
    """Takes a lock. It waits for as long as another holder has it."""
    said = json.loads(redlock("acquire", "--json", *options, resource))
    return Held(resource, said["token"], said["fencing_token"], said.get("slot"))


def new_name(word):
    """A resource that no other test uses."""
    return f"{word}:{next(_numbers)}"


def one_after_the_other(word="orders", *options):
    """The first holder's lock was released behind its back, as an operator may do."""
    name = new_name(word)
    late = acquire(name, *options)
    redlock("release", name, late.token)
    newer = acquire(name, *options)
    return Pair(late.fence, newer.fence, name)


def paused_beyond_its_lease(word="orders"):
    """The first holder's lease has run out, which it does not know yet, since it was paused."""
    name = new_name(word)
    late = acquire(name, "--lease-time", "100ms")
    newer = acquire(name)  # Waits for the end of that lease.
    return Pair(late.fence, newer.fence, name)

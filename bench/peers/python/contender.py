# What each contender in Python does around its peer's acquire and release: it reads the arguments,
# warms up, waits for the word to go, works for the time asked and prints what happened. The words of
# this protocol are in bench/peers/README.md.
import argparse
import asyncio
import importlib.metadata
import json
import os
import sys
import time

HOLD = 0.002
PAUSE = 0.02
GRACE = 3


def task():
    parser = argparse.ArgumentParser()
    parser.add_argument('--nodes', required=True, type=lambda text: text.split(','))
    parser.add_argument('--workload', default='cycles')
    parser.add_argument('--at', type=int, default=1)
    parser.add_argument('--names', type=int, default=1024)
    parser.add_argument('--seconds', type=float, required=True)
    parser.add_argument('--warm-up', type=float, default=0)
    asked = parser.parse_args()
    asked.hand_over = asked.workload == 'hand-over'
    return asked


def quantile(ordered, share):
    return ordered[round(share * (len(ordered) - 1))] if ordered else 0


class Worker:
    def __init__(self):
        self.busy = False  # Something of it has no result yet.
        self.waiting_since = None  # That something is an acquisition.


class Run:
    """One stretch of work by `asked.at` workers."""

    def __init__(self, asked, peer, acquire, seconds):
        self.asked = asked
        self.peer = peer
        self.acquire = acquire
        self.seconds = seconds
        self.cycles = self.errors = self.overlaps = self.holding = 0
        self.error = ''
        self.waits = []
        self.workers = [Worker() for _ in range(asked.at)]
        self.cpu = None

    def name(self, number, turn):
        if self.asked.hand_over:
            return f'redlock-bench:{self.peer}:contended'
        stretch = self.asked.names // self.asked.at
        return f'redlock-bench:{self.peer}:{number * stretch + turn % stretch:06}'

    async def cycle(self, worker, name):
        worker.waiting_since = time.monotonic()
        release = await self.acquire(name)
        self.waits.append(time.monotonic() - worker.waiting_since)
        worker.waiting_since = None
        if self.asked.hand_over:
            self.holding += 1
            if self.holding > 1:
                self.overlaps += 1
            await asyncio.sleep(HOLD)
            self.holding -= 1
        await release()
        if time.monotonic() < self.end:
            self.cycles += 1

    async def work(self, worker, number):
        turn = 0
        while time.monotonic() < self.end:
            worker.busy = True
            try:
                await self.cycle(worker, self.name(number, turn))
            except Exception as problem:  # Whatever a peer throws is a failed cycle.
                self.errors += 1
                self.error = f'{type(problem).__name__}: {problem}'
            worker.busy = False
            worker.waiting_since = None
            turn += 1
            if self.asked.hand_over:
                await asyncio.sleep(PAUSE)

    def note_cpu(self, before):
        if self.cpu is None:
            self.cpu = time.process_time() - before

    async def whole(self):
        before = time.process_time()
        self.end = time.monotonic() + self.seconds
        asyncio.get_running_loop().call_later(self.seconds, self.note_cpu, before)
        tasks = [asyncio.ensure_future(self.work(worker, number))
                 for number, worker in enumerate(self.workers)]
        await asyncio.wait(tasks, timeout=self.seconds + GRACE)
        self.note_cpu(before)
        now = time.monotonic()
        self.waits += [now - worker.waiting_since for worker in self.workers
                       if worker.waiting_since is not None]
        return self

    def result(self, version):
        ordered = sorted(wait * 1e6 for wait in self.waits)
        return {
            'peer': self.peer,
            'version': version,
            'workload': self.asked.workload,
            'nodes': len(self.asked.nodes),
            'at': self.asked.at,
            'cycles': self.cycles,
            'seconds': self.seconds,
            'errors': self.errors,
            'error': self.error,
            'unfinished': sum(worker.busy for worker in self.workers),
            'overlaps': self.overlaps,
            'acquire_us': {
                'median': quantile(ordered, 0.5),
                'p99': quantile(ordered, 0.99),
                'max': quantile(ordered, 1),
            },
            'cpu_us_a_cycle': self.cpu * 1e6 / max(self.cycles, 1),
        }


async def contend(asked, peer, package, acquire):
    """`acquire` takes a name and gives a coroutine function that releases; both throw on failure."""
    await Run(asked, peer, acquire, asked.warm_up).whole()
    print('ready', flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    measured = await Run(asked, peer, acquire, asked.seconds).whole()
    print(json.dumps(measured.result(importlib.metadata.version(package))), flush=True)
    os._exit(0)  # What hangs is not waited for.

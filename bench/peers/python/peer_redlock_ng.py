# redlock-ng as a peer, in its asyncio form.
import asyncio

from redlock import AsyncRedlock

from contender import contend, task

LEASE_MS = 10_000


async def main():
    asked = task()
    # It gives up after three attempts unless told otherwise; in a hand-over it shall wait.
    manager = AsyncRedlock(asked.nodes, **({'retry_count': 1000000} if asked.hand_over else {}))

    async def acquire(name):
        lock = await manager.acquire(name, LEASE_MS, blocking=True)
        if lock is None:
            raise RuntimeError('not acquired')
        return lambda: manager.release(lock)

    await contend(asked, 'redlock-ng', 'redlock-ng', acquire)


asyncio.run(main())

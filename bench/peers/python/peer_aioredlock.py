# aioredlock as a peer.
import asyncio
import logging

from aioredlock import Aioredlock

from contender import contend, task


async def main():
    asked = task()
    logging.disable()
    # It gives up after three attempts unless told otherwise; in a hand-over it shall wait.
    manager = Aioredlock(asked.nodes, **({'retry_count': 1000000} if asked.hand_over else {}))

    async def acquire(name):
        lock = await manager.lock(name)
        return lambda: manager.unlock(lock)

    await contend(asked, 'aioredlock', 'aioredlock', acquire)


asyncio.run(main())

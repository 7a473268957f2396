# Our own package for Python, beside its peers.
import asyncio

import asio_redlock

from contender import contend, task


async def main():
    asked = task()
    locks = asio_redlock.LockManager(asked.nodes)

    async def acquire(name):
        lock = await locks.lock(name)
        return lock.release

    await contend(asked, 'redlock-python', 'asio-redlock', acquire)


asyncio.run(main())

# pottery as a peer, in its asyncio form.
import asyncio

from pottery import AIORedlock
from redis.asyncio import Redis

from contender import contend, task


async def main():
    asked = task()
    masters = {Redis.from_url(url) for url in asked.nodes}

    async def acquire(name):
        lock = AIORedlock(key=name, masters=masters)
        if not await lock.acquire():
            raise RuntimeError('not acquired')
        return lock.release

    await contend(asked, 'pottery', 'pottery', acquire)


asyncio.run(main())

# redis-py's own Lock as a peer, in its asyncio form. It knows one server.
import asyncio

from redis.asyncio import Redis

from contender import contend, task


async def main():
    asked = task()
    [url] = asked.nodes
    client = Redis.from_url(url)

    async def acquire(name):
        lock = client.lock(name, timeout=10)
        if not await lock.acquire():
            raise RuntimeError('not acquired')
        return lock.release

    await contend(asked, 'redis-py', 'redis', acquire)


asyncio.run(main())

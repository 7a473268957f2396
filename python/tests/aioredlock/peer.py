"""The real aioredlock, in a Python that has it: carries out what it reads, one call a line.

Runs without anything of this package, on the Pythons that aioredlock can still be imported on.
"""

import asyncio
import importlib
import json
import sys
from typing import Any


class Calls:
    """The calls that both libraries carry out, on the locks by their names."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.locks: dict[str, Any] = {}

    async def lock(self, name: str, *more: Any) -> Any:
        self.locks[name] = await self.manager.lock(name, *more)
        return self.locks[name].id

    async def get_lock(self, name: str, identifier: str) -> Any:
        self.locks[name] = await self.manager.get_lock(name, identifier)
        return self.locks[name].valid

    async def extend(self, name: str, *more: Any) -> None:
        await self.manager.extend(self.locks[name], *more)

    async def unlock(self, name: str) -> None:
        await self.manager.unlock(self.locks[name])

    async def is_locked(self, name: Any) -> Any:
        return await self.manager.is_locked(name)

    async def valid(self, name: str) -> Any:
        return self.locks[name].valid

    async def active(self) -> Any:
        return sorted(lock.resource for lock in await self.manager.get_active_locks())

    async def destroy(self) -> None:
        await self.manager.destroy()


class Peer(Calls):
    def __init__(self, ports: list[int], options: dict[str, Any]) -> None:
        self.library: Any = importlib.import_module("aioredlock")
        connections = [("127.0.0.1", port) for port in ports]
        super().__init__(self.library.Aioredlock(connections, **options))
        self.port = ports[0]

    async def make(self, **options: Any) -> None:
        self.library.Aioredlock(**options)

    async def count(self, name: str, rounds: int) -> None:
        """Adds one so many times to a number that is read, and written a little later."""
        redis = await importlib.import_module("aioredis").create_redis(("127.0.0.1", self.port))
        while rounds > 0:
            try:
                async with await self.manager.lock(name):
                    value = int(await redis.get("number") or 0)
                    await asyncio.sleep(0.001)
                    await redis.set("number", value + 1)
            except self.library.LockError:
                await asyncio.sleep(0.003)
            else:
                rounds -= 1
        redis.close()
        await redis.wait_closed()


async def main() -> None:
    peer = Peer(*json.loads(sys.argv[1]))
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        name, arguments, options = json.loads(line)
        try:
            answer = {"value": await getattr(peer, name)(*arguments, **options)}
        except Exception as error:
            answer = {"error": type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())

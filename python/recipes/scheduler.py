"""Periodic work on one machine of many: the others stand by, and one goes on if it dies."""

import asyncio
import os
import socket

from apscheduler.schedulers.asyncio import AsyncIOScheduler

import asio_redlock as redlock


async def tick(term: redlock.Term) -> None:
    print(f"tick in term {term.fencing_token}", flush=True)


async def lead(term: redlock.Term) -> None:
    scheduler = AsyncIOScheduler()
    scheduler.add_job(tick, "interval", seconds=0.1, args=[term])
    scheduler.start()
    try:
        # Until it is cancelled: before another machine can lead.
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)


async def main() -> None:
    nodes = os.environ["REDLOCK_NODES"].split(",")
    async with redlock.LockManager(nodes, log=True) as locks:
        while True:
            try:
                await locks.campaign("scheduler", lead, label=socket.gethostname())
            except redlock.NoQuorum:
                # The servers will come back.
                await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())

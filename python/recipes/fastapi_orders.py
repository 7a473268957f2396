"""One request at a time ships an order: others get 409, on whichever machine they arrive."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

import asio_redlock as redlock

NODES = os.environ["REDLOCK_NODES"].split(",")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # In each worker process, after the fork, and closed with it.
    async with redlock.LockManager(NODES) as locks:
        app.state.locks = locks
        yield


app = FastAPI(lifespan=lifespan)


@app.exception_handler(redlock.NoQuorum)
async def unavailable(request: Request, error: redlock.NoQuorum) -> JSONResponse:
    return JSONResponse({"detail": "the lock servers cannot be reached"}, 503)


@app.post("/orders/{order}/ship")
async def ship(order: int, request: Request) -> dict[str, int]:
    locks: redlock.LockManager = request.app.state.locks
    try:
        async with locks.lock(f"orders:{order}", wait=0) as lock:
            await hand_to_carrier(order, lock.fencing_token)
            return {"order": order, "fencing_token": lock.fencing_token}
    except redlock.Contended:
        raise HTTPException(409, "this order is being shipped", {"Retry-After": "1"}) from None


async def hand_to_carrier(order: int, fencing_token: int) -> None:
    await asyncio.sleep(0.2)

"""``python -m asio_redlock demo`` and ``python -m asio_redlock doctor URL...``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys

from . import LockError, LockLost, LockManager, SyncLockManager, __version__, local

EX_USAGE = 64
EX_UNAVAILABLE = 69


async def _take_turns(nodes: list[str]) -> None:
    print("Three tasks want one lock, twice each. The fencing token grows with each holder:")
    async with LockManager(nodes) as locks:

        async def worker(name: str) -> None:
            for _ in range(2):
                async with locks.lock("demo:report", label=name) as lock:
                    print(f"  {name} holds {lock.resource!r}, fencing token {lock.fencing_token}")
                    await asyncio.sleep(0.05)

        await asyncio.gather(*(worker(f"task {number}") for number in (1, 2, 3)))


async def _go_on_without_a_node(nodes: list[str], frozen: int) -> None:
    print("One of the servers is stopped. Nobody waits for it:")
    os.kill(frozen, signal.SIGSTOP)
    try:
        async with LockManager(nodes) as locks, locks.lock("demo:report", wait=5) as lock:
            print(f"  held by {len(nodes) - 1} of {len(nodes)} nodes, token {lock.fencing_token}")
    finally:
        os.kill(frozen, signal.SIGCONT)


async def _lose_a_lock(nodes: list[str]) -> None:
    print("A lock is lost: somebody deletes it. Its block is cancelled:")
    async with LockManager(nodes) as locks, LockManager(nodes) as others:
        try:
            async with locks.lock("demo:report", lease_time=2, renew=True) as lock:
                thief = await others.attach("demo:report", lock.token)
                await thief.release()
                await asyncio.sleep(60)
        except LockLost as error:
            print(f"  LockLost: {error}")


def demo() -> int:
    servers = local(nodes=3)
    with servers as nodes:
        asyncio.run(_take_turns(nodes))
        asyncio.run(_go_on_without_a_node(nodes, servers.pids[-1]))
        asyncio.run(_lose_a_lock(nodes))
    return 0


def doctor(urls: list[str]) -> int:
    with SyncLockManager(urls) as locks:
        findings = locks.diagnose()
    for finding in findings:
        where = "all nodes" if finding.node is None else f"node {finding.node}"
        print(f"{finding.level:8} {where}: {finding.what}")
        for more in (finding.why, finding.advice):
            if more:
                print(f"{'':8} {more}")
    return 1 if any(finding.level == "problem" for finding in findings) else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m asio_redlock", description="Distributed locks over Redis servers."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="show locks on throwaway servers of this machine")
    nodes = commands.add_parser("doctor", help="examine servers, and say what is wrong")
    nodes.add_argument("urls", nargs="+", metavar="URL")
    try:
        asked = parser.parse_args()
    except SystemExit as end:
        return EX_USAGE if end.code else 0
    try:
        return demo() if asked.command == "demo" else doctor(asked.urls)
    except ValueError as error:
        print(f"asio_redlock: {error}", file=sys.stderr)
        return EX_USAGE
    except (LockError, FileNotFoundError, RuntimeError) as error:
        print(f"asio_redlock: {error}", file=sys.stderr)
        return EX_UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main())

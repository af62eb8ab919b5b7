"""Gateways that start in milliseconds: a process that has loaded everything forks one whenever it is told to.

Run as a module: each line of its input is a JSON list of the gateway's arguments. It waits for the gateway before, which
somebody has killed, forks the next one and prints its process id.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Nursery:
    """The process that forks, seen from the test."""

    def __init__(self, arguments: list[str]) -> None:
        self._arguments = (json.dumps(arguments) + "\n").encode()
        self._process: Process | None = None
        self._replacing = asyncio.Lock()
        self._pid = 0

    async def start(self) -> None:
        command = [sys.executable, "-m", "tests.unit.mllp.nursery"]
        self._process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        await self._next()

    async def replace(self) -> None:
        """Kill the gateway, whatever it is doing, and start the next one."""
        async with self._replacing:
            os.kill(self._pid, signal.SIGKILL)
            await self._next()

    async def _next(self) -> None:
        assert self._process
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(self._arguments)
        self._pid = int(await self._process.stdout.readline())

    async def stop(self) -> None:
        assert self._process
        assert self._process.stdin
        os.kill(self._pid, signal.SIGTERM)
        self._process.stdin.close()
        await self._process.wait()


def _main() -> None:
    from penstock_mllp import __main__ as gateway

    child = 0
    for line in iter(sys.stdin.readline, ""):
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if not child:
            os.close(0)
            os._exit(gateway.main(json.loads(line)))
        print(child, flush=True)
    os.waitpid(child, 0)


if __name__ == "__main__":
    _main()

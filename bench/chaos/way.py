"""One machine's way to the database: a program that passes on what comes to a port of this machine to a Unix socket.

    python -m bench.chaos.way PORT SOCKET

Whoever kills it cuts every connection, and refuses new ones. Whoever stops it (SIGSTOP) lets the network hang: what was
sent before arrives once it goes on, also from a client that has long given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

MOST = 1 << 16
"""Bytes that are passed on at once."""

BACKLOG = 128
"""Connections that the kernel accepts while the program is stopped."""


async def lead(port: int, target: str) -> None:
    """Pass on all connections, for ever."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_unix_connection(target)
            await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", port, backlog=BACKLOG)
    async with server:
        await server.serve_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on all that comes from one side, until it ends; then end the other."""
    with contextlib.suppress(OSError):
        while data := await reader.read(MOST):
            writer.write(data)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(lead(int(sys.argv[1]), sys.argv[2]))

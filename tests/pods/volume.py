"""Sending a lot through a forwarded port to what echoes, and telling whether it comes back as it was."""

from __future__ import annotations

import asyncio
import hashlib
import os

from tests.pods.forwards import connection

MIB = 1 << 20


async def there_and_back(port: int, size: int) -> tuple[str, str]:
    """Digests of what is sent, and of what comes back meanwhile."""
    piece = os.urandom(MIB)
    sent, received = hashlib.sha256(), hashlib.sha256()
    async with connection(port) as (reader, writer):

        async def send() -> None:
            for number in range(size // MIB):
                data = number.to_bytes(8) + piece[8:]
                sent.update(data)
                writer.write(data)
                await writer.drain()

        sending = asyncio.create_task(send())
        left = size
        while left:
            data = await reader.read(min(left, MIB))
            assert data
            received.update(data)
            left -= len(data)
        await sending
    return sent.hexdigest(), received.hexdigest()

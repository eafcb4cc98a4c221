"""The signals that end a server in order."""

from __future__ import annotations

import asyncio
import signal


def told_to_stop() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set from now on."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told

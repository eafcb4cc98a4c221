"""Which event loop serves: asyncio's own, or uvloop, which answers sooner and comes with the extra `fast`."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mcp_kubernetes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from mcp_kubernetes.settings import EventLoop


def run(main: Coroutine[object, object, None], wanted: EventLoop) -> None:
    """Run `main` to its end. Raises ConfigError where uvloop is wanted and not installed."""
    if wanted == "asyncio" or (wanted == "auto" and find_spec("uvloop") is None):
        return asyncio.run(main)
    try:
        import uvloop
    except ImportError:
        main.close()
        raise ConfigError(
            'server.event_loop is uvloop, which is not installed: `pip install "mcp-kubernetes[fast]"` brings it.'
        ) from None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)

"""One TCP connection to a port of a pod, over channels of a WebSocket of its own (k8s.io/kubelet portforward).

The first message of each channel holds the port. What went wrong, such as a port that nobody listens on, comes as text
on the channel for errors. There is no way to say that one direction ends: who closes, closes both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from mcp_kubernetes.errors import ConnectionFailed
from mcp_kubernetes.kube.wire.websocket import DATA, ERROR, Channels
from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import clean

_PORT_BYTES = 2
_MOST_ERROR = 4_096
_MOST_WORDS = 500


@dataclass(frozen=True)
class Tunnel:
    """Iterate over it once, for what comes."""

    channels: Channels

    async def send(self, data: bytes) -> None:
        """Send to the pod. Returns when it is on its way, so that nobody sends faster. Raises Disconnected."""
        await self.channels.send(DATA, data)

    async def __aiter__(self) -> AsyncIterator[memoryview]:
        """What the pod sends, until it closes. Raises ConnectionFailed, or Disconnected where it broke off."""
        heads = {DATA: _PORT_BYTES, ERROR: _PORT_BYTES}
        error = bytearray()
        async for channel, message in self.channels:
            data = message[heads.pop(channel, 0) :]
            if channel == DATA and data:
                yield data
            elif channel == ERROR and len(error) < _MOST_ERROR:
                error += data
        if error:
            words = clean(redact(error.decode(errors="replace")))[:_MOST_WORDS].rstrip(". ")
            raise ConnectionFailed(f"The pod's node answers: {words}.")

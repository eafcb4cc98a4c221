"""How fast one identity may ask one cluster: client-go's QPS and burst, as a token bucket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class TokenBucket:
    """Lets `burst` requests go at once, then `qps` per second, first come first served.

    Kept as the single time at which the bucket would be full again (GCRA). `qps` 0 means no limit.
    """

    def __init__(self, qps: float, burst: int, clock: Callable[[], float]) -> None:
        self._interval = 1 / qps if qps else 0.0
        self._burst = burst
        self._clock = clock
        self._full_at = 0.0

    @property
    def free(self) -> float:
        """Requests that could go out now without a wait; infinite without a limit."""
        if not self._interval:
            return float("inf")
        return self._burst - max(0.0, self._full_at - self._clock()) / self._interval

    @property
    def wait(self) -> float:
        """Seconds until a request may go out."""
        return max(0.0, self._full_at - self._clock() - (self._burst - 1) * self._interval)

    def take(self) -> float:
        """Take one token, if need be one that is yet to come. Returns the seconds until it is there."""
        wait = self.wait
        self._full_at = max(self._clock(), self._full_at) + self._interval
        return wait

    async def acquire(self) -> float:
        """Take one token, waiting for it if needed. Returns the seconds waited."""
        if wait := self.take():
            await asyncio.sleep(wait)
        return wait

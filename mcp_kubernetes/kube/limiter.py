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

    async def acquire(self) -> float:
        """Take one token, waiting for it if needed. Returns the seconds waited."""
        now = self._clock()
        self._full_at = max(now, self._full_at) + self._interval
        wait = self._full_at - now - self._burst * self._interval
        if wait <= 0:
            return 0.0
        await asyncio.sleep(wait)
        return wait

"""The event loop of the tests."""

from __future__ import annotations

import asyncio
import selectors

_PAUSE, _PAUSES = 0.01, 100


class EndingLoop(asyncio.SelectorEventLoop):
    """Is closed when what is being closed has closed: over TLS, that takes a word from the other side.

    What nobody closes is open for a second more, and then reported by Python as it is with any other loop.
    """

    def __init__(self) -> None:
        self._watched = selectors.DefaultSelector()
        super().__init__(self._watched)
        self._own = len(self._watched.get_map())

    def close(self) -> None:
        """Wait, and close."""
        for _ in range(0 if self.is_closed() else _PAUSES):
            if len(self._watched.get_map()) <= self._own:
                break
            self.run_until_complete(asyncio.sleep(_PAUSE))
        super().close()

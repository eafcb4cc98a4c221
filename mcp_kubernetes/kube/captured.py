"""What a program prints, as much of it as is worth keeping: its beginning and its end."""

from __future__ import annotations


class Captured:
    """Keeps at most `limit` bytes of a stream, half of them from its beginning and half from its end.

    `size` counts all that came. Bytes are decoded at the very end, so a character may come in pieces.
    """

    def __init__(self, limit: int) -> None:
        self.size = 0
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()

    def feed(self, data: memoryview) -> None:
        """Take the next bytes."""
        self.size += len(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room > 0 else data
        if len(self._tail) > 2 * self._half:
            del self._tail[: len(self._tail) - self._half]

    @property
    def left_out(self) -> int:
        """Bytes in the middle that were not kept."""
        return self.size - len(self._head) - min(len(self._tail), self._half)

    @property
    def text(self) -> str:
        """The beginning, a line that tells what is missing, and the end. What is no UTF-8 is replaced."""
        head, tail = bytes(self._head), bytes(self._tail[-self._half :])
        if not self.left_out:
            return (head + tail).decode(errors="replace")
        gap = f"\n… {self.left_out:,} bytes are left out here …\n"
        return head.decode(errors="replace") + gap + tail.decode(errors="replace")

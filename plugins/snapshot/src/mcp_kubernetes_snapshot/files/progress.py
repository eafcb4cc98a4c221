"""How far the opening of a snapshot is."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1 << 20


@dataclass
class Progress:
    """How many bytes of a snapshot were gone through, of how many. One thread counts, others may look at any time.

    What is compressed counts twice: as it is unpacked, and as it is read.
    """

    done: int = 0
    total: int = 0

    @property
    def part(self) -> float:
        """From 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    def __str__(self) -> str:
        return f"{self.done // _MIB:,} of {self.total // _MIB:,} MiB"

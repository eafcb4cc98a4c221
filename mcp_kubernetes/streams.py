"""Standard input and output belong to the protocol: taken before any plugin's code runs, and kept from everybody."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class StandardStreams:
    """Private descriptors of what were standard input and output when the process started."""

    stdin: int
    stdout: int

    @classmethod
    def claim(cls) -> Self:
        """Take them. Descriptor 0 then reads nothing, and what is written to descriptor 1 goes to stderr."""
        claimed = cls(os.dup(0), os.dup(1))
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        return claimed

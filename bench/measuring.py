"""Pairs of measurements: ours and a peer's, taken in turns, so that a noisy machine troubles both alike."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

Measure = Callable[[], float]
"""Measures once: seconds, or another unit of which less is better."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. `scale` turns what was measured into `unit`; a rate is the inverse."""

    what: str
    peer: str
    pairs: Sequence[tuple[float, float]]
    unit: str
    scale: float = 1.0
    inverse: bool = False

    @property
    def ratio(self) -> float:
        """The median of ours over the peer's, pair by pair."""
        return median(ours / peer for ours, peer in self.pairs)

    def row(self) -> str:
        """The line, in Markdown."""
        ours, peers = zip(*self.pairs, strict=True)
        ratios = [mine / peer for mine, peer in self.pairs]
        cells = (self.what, self._spread(ours), self.peer, self._spread(peers), _shown(ratios, 2))
        return f"| {' | '.join(cells)} |"

    def _spread(self, values: Iterable[float]) -> str:
        scaled = [self.scale / value if self.inverse else self.scale * value for value in values]
        return f"{_shown(scaled, 0 if median(scaled) >= 100 else 1)} {self.unit}"


HEAD = (
    "| what | ours: median (min-max) | peer | median (min-max) | ours / peer in the same run |\n|---|---|---|---|---|"
)


def paired(times: int, ours: Measure, peer: Measure, *, warm: int = 1) -> list[tuple[float, float]]:
    """Both, in turns, after `warm` rounds that do not count. Neither is always the first."""
    return [_pair(ours, peer, ours_first=turn % 2 == 0) for turn in range(warm + times)][warm:]


def _pair(ours: Measure, peer: Measure, *, ours_first: bool) -> tuple[float, float]:
    if ours_first:
        return ours(), peer()
    second = peer()
    return ours(), second


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _shown(values: Sequence[float], digits: int) -> str:
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def memory(process: int, name: str) -> float:
    """What the kernel says that a process holds, in MiB: VmRSS is now, VmHWM the most so far."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else float("nan")

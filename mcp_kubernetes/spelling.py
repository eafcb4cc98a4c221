"""Near misses: every name that configuration gets wrong is answered with the names that come close."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_CUTOFF = 0.7
"""How alike two names must be, from 0 to 1. Below it the guesses stop helping."""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A bracket to append to a sentence, such as " (did you mean --debug?)"; empty when nothing is near."""
    known = {_fold(each): each for each in sorted(words)}
    folded = _fold(word)
    close = [folded] if folded in known else get_close_matches(folded, known, n=2, cutoff=_CUTOFF)
    return f" (did you mean {' or '.join(known[each] for each in close)}?)" if close else ""


def _fold(word: str) -> str:
    """Case and hyphens are the most common slips, and count as none."""
    return word.lower().replace("-", "_")

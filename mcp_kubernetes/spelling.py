"""Near misses: every name that configuration gets wrong is answered with the names that come close."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A bracket to append to a sentence, such as " (did you mean --debug?)"; empty when nothing is near."""
    close = get_close_matches(word, sorted(words), n=3)
    return f" (did you mean {' or '.join(close)}?)" if close else ""

"""Containers that print, and answers taken apart."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

Ask = Callable[..., Awaitable[str]]


def printing(script: str) -> list[str]:
    """A command that prints by a shell script, then waits."""
    return ["sh", "-c", f"{script}\nsleep 2147483647"]


def body(answer: str) -> list[str]:
    """The lines between the fences."""
    found = re.search(r"<<<data (\w+)\n(.*)\n\1>>>", answer, re.DOTALL)
    assert found, answer
    return found[2].split("\n")


def cursor(answer: str) -> str:
    """The one in the notes."""
    found = re.search(r"continue=([\w-]+)", answer)
    assert found, answer
    return found[1]

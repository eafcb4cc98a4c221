"""What a plugin's command is made of: `mcp-kubernetes NAME`, with options of its own beside those of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp_kubernetes.app import App
    from mcp_kubernetes.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One command as it was typed.

    `options` are the command's own, validated. `rest` are the other arguments, which are the server's: `app` makes an
    App of the installed plugins with them (and raises ConfigError), and a command that starts a server hands them on.
    """

    options: Any
    rest: Sequence[str]
    app: Callable[[], App]


Run = Callable[[Invocation], Awaitable[int]]
"""Carries a command out, and returns the exit code of the process."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, asked for by its name. `options` declares what it takes; each of them has a flag and nothing else."""

    name: str
    description: str
    options: type[Settings]
    run: Run

"""What an MCP prompt is made of: a tool that writes it, and those that complete its arguments.

These tools are hidden, as those of resources are: nobody can call them by name, and getting a prompt is a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from mcp_kubernetes.tools import Tool


@dataclass(frozen=True)
class Prompt:
    """A text for the user's client to begin a conversation with. Name, description and arguments are those of `write`.

    `write` is a READ tool whose parameters are texts, as all arguments of prompts are; each part of its answer becomes
    a message of the user's. `complete` holds, by argument, a READ tool that is given what was typed as `value`, and
    those of the other arguments that it has parameters for. Its answer is made by `completion`.
    """

    write: Tool
    complete: Mapping[str, Tool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What clients call it."""
        return self.write.name

    @property
    def description(self) -> str:
        """What it is for."""
        return self.write.description

    @property
    def tools(self) -> tuple[Tool, ...]:
        """All of its hidden tools, each once."""
        return tuple({tool.name: tool for tool in (self.write, *self.complete.values())}.values())

    def with_tools(self, change: Callable[[Tool], Tool]) -> Self:
        """The same with each of its tools changed."""
        complete = {name: change(each) for name, each in self.complete.items()}
        return replace(self, write=change(self.write), complete=complete)

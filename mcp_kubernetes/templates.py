"""What an MCP resource is made of: a URI template, the tool that reads one, and those that complete its variables.

These tools are hidden: nobody can call them by name. Reading and completing are calls of them, so that they go the way
of every call: recorded, decided, guarded, masked, rendered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote

from mcp_kubernetes.results import Rows

if TYPE_CHECKING:
    from mcp_kubernetes.tools import Tool

MOST_VALUES = 100
"""In one completion: the limit of MCP."""

_VARIABLE = re.compile(r"\{(\w+)\}")
_LONGEST = 1_024


@dataclass(frozen=True)
class ResourceTemplate:
    """Resources whose URIs look alike: `k8s://{context}/{namespace}/{kind}/{name}`; without variables, a single one.

    The variables are the wire names of parameters of `read`, a READ tool; `cluster` is the one that names the cluster,
    and is the host's to resolve. `complete` holds, by variable, a READ tool that is given what was typed as `value`,
    and those of the other variables that it has parameters for. Its answer is made by `completion`. `mime_type` is that
    of text; other content tells its own.
    """

    uri: str
    name: str
    description: str
    read: Tool
    complete: Mapping[str, Tool] = field(default_factory=dict)
    cluster: str = "context"
    mime_type: str = "application/json"

    @property
    def tools(self) -> tuple[Tool, ...]:
        """All of its hidden tools, each once."""
        return tuple({tool.name: tool for tool in (self.read, *self.complete.values())}.values())

    def with_tools(self, change: Callable[[Tool], Tool]) -> Self:
        """The same with each of its tools changed."""
        complete = {name: change(each) for name, each in self.complete.items()}
        return replace(self, read=change(self.read), complete=complete)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(_VARIABLE.findall(self.uri))

    def match(self, uri: str) -> dict[str, str] | None:
        """The value of each variable, its percent-encoding undone; None for a URI of another form.

        Values may be anything: what becomes a part of a request's path is validated where the path is built.
        """
        found = self._pattern.fullmatch(uri) if len(uri) <= _LONGEST else None
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        literal, *rest = re.split(r"(\{\w+\})", self.uri)
        parts = [f"(?P<{part[1:-1]}>[^/?#]+)" if part.startswith("{") else re.escape(part) for part in rest]
        return re.compile("".join([re.escape(literal), *parts]))


def completion(values: Sequence[str], typed: str) -> Rows:
    """The answer of a tool that completes: those of `values` that fit what was typed, under how many they are."""
    found = _fitting(values, typed)
    return Rows((str(len(found)),), [(value,) for value in found[:MOST_VALUES]])


def _fitting(values: Sequence[str], typed: str) -> list[str]:
    """The values that begin with what was typed, then those that hold it elsewhere; all in their order."""
    begin = [value for value in values if value.startswith(typed)]
    return begin + [value for value in values if typed in value and not value.startswith(typed)]

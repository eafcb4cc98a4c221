"""MCP resources and completions of one server: from a URI, or from what was typed, to a call of a hidden tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mcp_kubernetes.calls import ToolCall
from mcp_kubernetes.effects import Effect
from mcp_kubernetes.results import Rows
from mcp_kubernetes.templates import ResourceTemplate, completion
from mcp_kubernetes.tools import tool

if TYPE_CHECKING:
    from mcp_kubernetes.calls import Session
    from mcp_kubernetes.dispatch import Dispatcher, Outcome
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.tools import Parameter

Typed = Annotated[str, Field(max_length=1_024, description="What was typed so far.")]


class UnknownResource(LookupError):
    """No resource has a URI of this form."""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What a variable's value may be: at most 100 of `total`, the likeliest first."""

    values: Sequence[str] = ()
    total: int = 0


@tool(effect=Effect.READ, clustered=False)
async def complete_cluster(call: ToolCall, value: Typed, source: str) -> Rows:
    """Complete the name of a cluster or context."""
    return completion([entry.name for entry in await call.clusters.list(source)], value)


@dataclass(frozen=True, kw_only=True)
class Resources:
    """The templates that are served, and what reads and completes for one app.

    `source` is the name of the first source of clusters, and `parameter` that of its parameter.
    """

    templates: Sequence[ResourceTemplate]
    dispatcher: Dispatcher
    source: str
    parameter: str

    async def read(self, uri: str, identity: Identity, session: Session | None) -> Outcome:
        """Read one resource. Raises UnknownResource for a URI that fits no template."""
        for template in self.templates:
            if (values := template.match(uri)) is not None:
                arguments = self._arguments(template, values)
                return await self.dispatcher.run(template.read, arguments, identity, session)
        forms = ", ".join(template.uri for template in self.templates)
        raise UnknownResource(f"No resource has a URI of this form; there are: {forms or 'none'}.")

    async def complete(
        self, uri: str, variable: str, typed: str, given: Mapping[str, str], identity: Identity, session: Session | None
    ) -> Completion:
        """What `variable` of a template may be. Raises UnknownResource for a template or variable that is not there.

        What fails, for lack of rights or of what it depends on, gives nothing; the audit log says why.
        """
        template = next((each for each in self.templates if each.uri == uri), None)
        if template is None or variable not in template.variables:
            raise UnknownResource("There is no such resource template, or it has no such variable.")
        if variable == template.cluster:
            hidden, arguments = complete_cluster, {"value": typed, "source": self.source}
        elif variable in template.complete:
            hidden = template.complete[variable]
            arguments = {"value": typed, **self._known(template, hidden.wires, given)}
        else:
            return Completion()
        return _completion(await self.dispatcher.run(hidden, arguments, identity, session))

    def _known(self, template: ResourceTemplate, wires: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
        wanted = {name: value for name, value in given.items() if value and name in (*wires, template.cluster)}
        return self._arguments(template, wanted)

    def _arguments(self, template: ResourceTemplate, values: Mapping[str, str]) -> dict[str, str]:
        return {self.parameter if name == template.cluster else name: value for name, value in values.items()}


def _completion(outcome: Outcome) -> Completion:
    if outcome.is_error or not outcome.blocks:
        return Completion()
    total, *values = outcome.blocks[0].splitlines()
    return Completion(values=values, total=int(total))


def with_cluster(template: ResourceTemplate, injected: tuple[Parameter, ...]) -> ResourceTemplate:
    """The template with hidden tools that take the parameter of a cluster."""
    complete = {name: replace(each, injected=injected) for name, each in template.complete.items()}
    return replace(template, read=replace(template.read, injected=injected), complete=complete)

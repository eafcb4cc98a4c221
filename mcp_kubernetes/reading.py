"""MCP resources, prompts and completions of one server: from what a client names to a call of a hidden tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import Field

from mcp_kubernetes.calls import ToolCall
from mcp_kubernetes.conversation import NOBODY, Person
from mcp_kubernetes.effects import Effect
from mcp_kubernetes.identity import Identity
from mcp_kubernetes.prompts import Prompt
from mcp_kubernetes.results import Rows
from mcp_kubernetes.templates import ResourceTemplate, completion
from mcp_kubernetes.tools import tool

if TYPE_CHECKING:
    from mcp_kubernetes.calls import Session
    from mcp_kubernetes.clusters import ClusterRegistry
    from mcp_kubernetes.dispatch import Dispatcher, Outcome
    from mcp_kubernetes.safety import SafetyPolicy
    from mcp_kubernetes.tools import Tool

Typed = Annotated[str, Field(max_length=1_024, description="What was typed so far.")]


Offered = TypeVar("Offered", ResourceTemplate, Prompt)


class UnknownResource(LookupError):
    """No resource has a URI of this form."""


class UnknownPrompt(LookupError):
    """There is no prompt of that name, or it has no such argument."""


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
class Completer:
    """What reads and completes for one app. `source` is the first source of clusters, `parameter` its parameter."""

    dispatcher: Dispatcher
    source: str
    parameter: str

    async def cluster(self, typed: str, identity: Identity, session: Session | None) -> Completion:
        """What the cluster may be called."""
        return await self._run(complete_cluster, {"value": typed, "source": self.source}, identity, session)

    async def other(
        self, hidden: Tool, typed: str, given: Mapping[str, str], identity: Identity, session: Session | None
    ) -> Completion:
        """What anything else may be; of what was `given`, the tool is told what it has parameters for."""
        known = {name: value for name, value in given.items() if value and name in hidden.wires}
        return await self._run(hidden, {"value": typed, **known}, identity, session)

    async def _run(
        self, hidden: Tool, arguments: Mapping[str, str], identity: Identity, session: Session | None
    ) -> Completion:
        """What fails, for lack of rights or of what it depends on, gives nothing; the audit log says why."""
        outcome = await self.dispatcher.run(hidden, arguments, identity, session)
        if outcome.is_error or not outcome.blocks:
            return Completion()
        total, *values = outcome.blocks[0].splitlines()
        return Completion(values=values, total=int(total))


@dataclass(frozen=True, kw_only=True)
class Resources:
    """The resources of one app: single ones, and those of templates."""

    templates: Sequence[ResourceTemplate]
    completer: Completer

    def template(self, uri: str) -> ResourceTemplate:
        """What a URI fits. Raises UnknownResource."""
        for template in self.templates:
            if template.match(uri) is not None:
                return template
        forms = ", ".join(template.uri for template in self.templates)
        raise UnknownResource(f"No resource has a URI of this form; there are: {forms or 'none'}.")

    async def read(self, uri: str, identity: Identity, session: Session | None) -> Outcome:
        """Read one resource. Raises UnknownResource for a URI that fits no template."""
        template = self.template(uri)
        arguments = self._arguments(template, template.match(uri) or {})
        return await self.completer.dispatcher.run(template.read, arguments, identity, session)

    async def run(self, hidden: Tool, cluster: str | None = None) -> Outcome:
        """Call a tool that nobody is offered, for a command of the person at this machine; every failure is an outcome.

        `cluster` is a name in the first source of clusters; None means that one's default.
        """
        dispatcher = self.completer.dispatcher
        chosen = {self.completer.parameter: cluster} if cluster else {}
        own = replace(hidden, injected=dispatcher.clusters.all_parameters)
        return await dispatcher.run(own, chosen, Identity.local(), None)

    async def complete(
        self, uri: str, variable: str, typed: str, given: Mapping[str, str], identity: Identity, session: Session | None
    ) -> Completion:
        """What `variable` of a template may be. Raises UnknownResource for a template or variable that is not there."""
        template = next((each for each in self.templates if each.uri == uri), None)
        if template is None or variable not in template.variables:
            raise UnknownResource("There is no such resource template, or it has no such variable.")
        if variable == template.cluster:
            return await self.completer.cluster(typed, identity, session)
        if variable not in template.complete:
            return Completion()
        known = self._arguments(template, given)
        return await self.completer.other(template.complete[variable], typed, known, identity, session)

    def _arguments(self, template: ResourceTemplate, values: Mapping[str, str]) -> dict[str, str]:
        cluster = self.completer.parameter
        return {cluster if name == template.cluster else name: value for name, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """The prompts of one app, sorted by name."""

    offered: Sequence[Prompt]
    completer: Completer

    async def get(
        self,
        name: str,
        arguments: Mapping[str, str],
        identity: Identity,
        session: Session | None,
        person: Person = NOBODY,
    ) -> Outcome:
        """Write a prompt. Raises UnknownPrompt."""
        return await self.completer.dispatcher.run(self._named(name).write, arguments, identity, session, person)

    async def complete(
        self,
        name: str,
        argument: str,
        typed: str,
        given: Mapping[str, str],
        identity: Identity,
        session: Session | None,
    ) -> Completion:
        """What `argument` of a prompt may be. Raises UnknownPrompt for a prompt or argument that is not there."""
        prompt = self._named(name)
        if argument not in prompt.write.wires:
            raise UnknownPrompt("The prompt has no such argument.")
        if argument == self.completer.parameter:
            return await self.completer.cluster(typed, identity, session)
        if argument not in prompt.complete:
            return Completion()
        return await self.completer.other(prompt.complete[argument], typed, given, identity, session)

    def _named(self, name: str) -> Prompt:
        found = next((prompt for prompt in self.offered if prompt.name == name), None)
        if found is None:
            raise UnknownPrompt("There is no such prompt.")
        return found


def served(offered: Iterable[Offered], policy: SafetyPolicy, clusters: ClusterRegistry) -> list[Offered]:
    """Those of which every tool may be called, by name; tools that work on a cluster take its parameter.

    A URI always names its cluster; a prompt does so where there is a choice.
    """
    allowed = [each for each in offered if not any(map(policy.refusal, each.tools))]
    return [
        each.with_tools(partial(_on_cluster, each, clusters)) for each in sorted(allowed, key=lambda each: each.name)
    ]


def _on_cluster(offered: ResourceTemplate | Prompt, clusters: ClusterRegistry, hidden: Tool) -> Tool:
    always = isinstance(offered, ResourceTemplate)
    parameters = clusters.all_parameters if always else clusters.parameters
    return replace(hidden, injected=parameters) if hidden.clustered else hidden

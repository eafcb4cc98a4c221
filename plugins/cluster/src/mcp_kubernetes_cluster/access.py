"""`k8s_check_access`: what the caller may do, as the API server says: single checks, all rights, or who they are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from mcp_kubernetes import Effect, Rows, Text, ToolCall, ToolError, tool

_MOST_CHECKS = 100
_AT_ONCE = 8
_SEVERAL = "*"

Word = Annotated[str, StringConstraints(min_length=1, max_length=300)]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that somebody may or may not do. No `namespace`: the context's own; `*`: all of them."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    verb: Word
    resource: Word
    namespace: Annotated[str | None, Field(max_length=63)] = None
    name: Annotated[str, Field(max_length=253)] = ""
    subresource: Annotated[str, Field(max_length=100)] = ""

    @property
    def spelled(self) -> tuple[str, str]:
        """Resource and subresource, which may be written together: `pods/log`."""
        if self.subresource or self.resource.startswith("/"):
            return self.resource, self.subresource
        resource, _, below = self.resource.partition("/")
        return resource, below


def _schema() -> dict[str, Any]:
    """What pydantic would say of `Check`, without references and lengths."""
    names = ("verb", "resource", "namespace", "name", "subresource")
    item = {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": [*names[:2]]}
    return {"type": "array", "items": item, "description": "resource as for kubectl; namespace * for all."}


Checks = Annotated[list[Check] | None, Field(max_length=_MOST_CHECKS), WithJsonSchema(_schema())]
Where = Annotated[str | None, Field(max_length=63, description="Of the checks; without any, all rights in it.")]


@tool(effect=Effect.READ, title="Check access", max_bytes=True)
async def k8s_check_access(call: ToolCall, checks: Checks = None, namespace: Where = None) -> Rows | list[Rows | Text]:
    """Tell what you may do in the cluster; without arguments, who you are to it."""
    if checks:
        return await _checked(call, checks, namespace)
    return await _rights(call, namespace) if namespace else [await _who(call)]


async def _checked(call: ToolCall, checks: list[Check], namespace: str | None) -> Rows:
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(check: Check) -> tuple[str, str]:
        async with at_once:
            return await _verdict(call, check, check.namespace or namespace)

    verdicts = await asyncio.gather(*map(one, checks))
    rows = [
        (
            verdict,
            check.verb,
            "/".join(filter(None, check.spelled)),
            check.namespace or namespace or "",
            check.name,
            why,
        )
        for check, (verdict, why) in zip(checks, verdicts, strict=True)
    ]
    return Rows(("ALLOWED", "VERB", "RESOURCE", "NAMESPACE", "NAME", "REASON"), rows)


async def _verdict(call: ToolCall, check: Check, namespace: str | None) -> tuple[str, str]:
    """Yes, no or unknown, and why. What cannot be found out of one does not hide the others."""
    kind, subresource = check.spelled
    everywhere = namespace == _SEVERAL
    try:
        found = await call.cluster.access(
            check.verb,
            kind,
            None if everywhere else namespace,
            name=check.name,
            subresource=subresource,
            all_namespaces=everywhere,
        )
    except ToolError as error:
        return "unknown", str(error)
    return "yes" if found.allowed else "no", found.reason or found.evaluation_error


async def _rights(call: ToolCall, namespace: str) -> list[Rows | Text]:
    found = await call.cluster.rights(namespace)
    if found.incomplete:
        call.notes.add(
            "The list is incomplete: an authorizer of the cluster does not tell its rules{why}; ask with checks.",
            why=f" ({found.evaluation_error})" if found.evaluation_error else "",
        )
    rows = {
        (_joined(_of_group(rule.resources, rule.api_groups)), _joined(rule.resource_names), _joined(rule.verbs))
        for rule in found.resource_rules or ()
    }
    paths = {(_joined(rule.non_resource_urls), "", _joined(rule.verbs)) for rule in found.non_resource_rules or ()}
    return [Rows(("RESOURCES OR PATHS", "ONLY NAMES", "VERBS"), [*sorted(rows), *sorted(paths)])]


def _of_group(resources: list[str], groups: list[str]) -> list[str]:
    """`deployments.apps`, as a caller would write it."""
    return [f"{each}.{group}" if group else each for group in groups for each in resources]


def _joined(texts: list[str]) -> str:
    return ",".join(sorted(texts))


async def _who(call: ToolCall) -> Rows:
    user = await call.cluster.who_am_i()
    rows = [("username", user.username), ("groups", ", ".join(user.groups)), ("uid", user.uid)]
    rows += [(key, ", ".join(values)) for key, values in sorted(user.extra.items())]
    return Rows(("ATTRIBUTE", "VALUE"), [row for row in rows if row[1]])

"""`k8s_delete_resource`: one object by name, or all that a selector matches, each told by name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_kubernetes import (
    APIGroup,
    Change,
    DryRun,
    Effect,
    InvalidArguments,
    Namespace,
    Operation,
    ResourceType,
    Selectors,
    Text,
    ToolCall,
    ToolError,
    tool,
)
from mcp_kubernetes_resources.each import Result, each
from mcp_kubernetes_resources.patching import Confirm

FEW = 10
"""That many may be deleted by selector without a word; for more, their number has to be repeated."""

MOST = 500
"""In one call."""

_NAMED = 50

OneName = Annotated[str | None, Field(max_length=253, description="Name of the object.")]
LabelSelector = Annotated[str | None, Field(max_length=4_000, description="Instead of name: all that match.")]
Propagation = Annotated[
    Literal["Background", "Foreground", "Orphan"] | None, Field(description="What becomes of dependents.")
]
GraceSeconds = Annotated[int | None, Field(ge=0, le=86_400, description="0 kills at once.")]
UID = Annotated[str | None, Field(max_length=128, description="Delete only the object with this uid.")]


@tool(effect=Effect.WRITE, title="Delete resource", operations=[Operation.DELETE], timeout=120.0)
async def k8s_delete_resource(
    call: ToolCall,
    resource_type: ResourceType,
    name: OneName = None,
    label_selector: LabelSelector = None,
    api_group: APIGroup = None,
    namespace: Namespace = None,
    propagation_policy: Propagation = None,
    grace_period_seconds: GraceSeconds = None,
    uid: UID = None,
    confirm: Confirm = None,
    dry_run: DryRun = False,
) -> list[Result]:
    """Delete one object, or those that a label selector matches."""
    _check(name, label_selector, uid)

    async def delete(one: str, its_uid: str | None) -> Change:
        return await call.cluster.delete(
            resource_type,
            one,
            namespace,
            api_group=api_group,
            propagation=propagation_policy,
            grace_seconds=grace_period_seconds,
            uid=its_uid,
            confirm=confirm,
            dry_run=dry_run,
        )

    if name:
        return [await delete(name, uid)]
    found = await _matching(call, resource_type, api_group, namespace, label_selector or "")
    _check_count(list(found), confirm, dry_run=dry_run)
    if not found:
        return [Text("Nothing matches, so nothing was deleted.")]

    def failed(one: str, error: ToolError) -> Text:
        return Text("{name} was not deleted: {error}", name=one, error=error)

    return list((await each(call, found, lambda one: delete(one, found[one]), failed)).values())


def _check(name: str | None, label_selector: str | None, uid: str | None) -> None:
    if bool(name) == bool(label_selector):
        raise InvalidArguments("Name one object with name, or several with labelSelector.", hint="Give one of them.")
    if uid and not name:
        raise InvalidArguments("uid goes with name, not with labelSelector.")


async def _matching(
    call: ToolCall, kind: str, api_group: str | None, namespace: str | None, label_selector: str
) -> dict[str, str]:
    """Name and uid of each object that matches, so that no other one is deleted in its place."""
    where = Selectors(label_selector=label_selector)
    rows = call.cluster.rows(
        kind, namespace, where=where, api_group=api_group, name=".metadata.name", uid=".metadata.uid"
    )
    return {row.name: row.uid async for row in rows}


def _check_count(names: list[str], confirm: str | None, *, dry_run: bool) -> None:
    """Raise InvalidArguments for more than a few, unless the caller has seen how many and which."""
    if len(names) > MOST:
        raise InvalidArguments(f"{len(names)} objects match; at most {MOST} are deleted in one call.")
    if len(names) <= FEW or dry_run or confirm == str(len(names)):
        return
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    raise InvalidArguments(
        f"{len(names)} objects match: {', '.join(names[:_NAMED])}{more}.",
        hint=f"If the user wants all of them deleted, pass confirm={len(names)}.",
    )

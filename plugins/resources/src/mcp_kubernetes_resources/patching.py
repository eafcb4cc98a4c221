"""`k8s_patch_resource` and `k8s_undo_change`: single fields of one object, and the way back."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from pydantic import Field

from mcp_kubernetes import (
    APIGroup,
    Change,
    DryRun,
    Effect,
    Name,
    Namespace,
    Operation,
    PatchText,
    ResourceType,
    ToolCall,
    read_patch,
    tool,
)

Confirm = Annotated[str | None, Field(max_length=253, description="Only if an error asks for it.")]
ChangeId = Annotated[str, Field(max_length=64, description="From the answer of the change.")]
Form = Annotated[Literal["strategic", "merge", "json"], Field(description="json: a list of operations.")]
Subresource = Annotated[str, Field(max_length=63, description="Such as status.")]


@tool(effect=Effect.WRITE, title="Patch resource", operations=[Operation.PATCH])
async def k8s_patch_resource(
    call: ToolCall,
    resource_type: ResourceType,
    name: Name,
    patch: PatchText,
    patch_type: Form = "strategic",
    api_group: APIGroup = None,
    namespace: Namespace = None,
    subresource: Subresource = "",
    dry_run: DryRun = False,
) -> Change:
    """Change fields of one object."""
    body = await asyncio.to_thread(read_patch, patch, patch_type)
    return await call.cluster.patch(
        resource_type,
        name,
        body,
        namespace,
        patch_type=patch_type,
        subresource=subresource,
        api_group=api_group,
        dry_run=dry_run,
    )


@tool(
    effect=Effect.WRITE,
    title="Undo change",
    operations=[Operation.PATCH, Operation.SCALE, Operation.CREATE, Operation.DELETE],
)
async def k8s_undo_change(
    call: ToolCall, change_id: ChangeId, confirm: Confirm = None, dry_run: DryRun = False
) -> Change:
    """Reverse a change, unless its fields changed since."""
    return await call.cluster.undo(change_id, confirm=confirm, dry_run=dry_run)

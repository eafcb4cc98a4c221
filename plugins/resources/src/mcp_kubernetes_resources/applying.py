"""`k8s_create_resource` and `k8s_apply_resource`: from manifests to objects, in an order in which they can exist."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field

from mcp_kubernetes import (
    Change,
    DryRun,
    Effect,
    Manifest,
    ManifestText,
    Namespace,
    Operation,
    ToolCall,
    read_manifests,
    tool,
)
from mcp_kubernetes_resources.documents import sent
from mcp_kubernetes_resources.each import Result

SECONDS = 120.0
"""For all documents of a call; a single one seldom takes longer than one."""

Force = Annotated[bool, Field(description="Take over fields that others manage.")]


@tool(
    effect=Effect.WRITE,
    title="Create resource",
    destructive=False,
    operations=[Operation.CREATE],
    timeout=SECONDS,
)
async def k8s_create_resource(
    call: ToolCall, manifest: ManifestText, namespace: Namespace = None, dry_run: DryRun = False
) -> list[Result]:
    """Create objects from a manifest."""
    found = await asyncio.to_thread(read_manifests, manifest)

    async def create(one: Manifest) -> Change:
        return await call.cluster.create(one.value, namespace, dry_run=dry_run)

    return await sent(call, found, create)


@tool(
    effect=Effect.WRITE,
    title="Apply resource",
    idempotent=True,
    operations=[Operation.APPLY],
    timeout=SECONDS,
)
async def k8s_apply_resource(
    call: ToolCall,
    manifest: ManifestText,
    namespace: Namespace = None,
    force: Force = False,
    dry_run: DryRun = False,
) -> list[Result]:
    """Create objects, or change the fields that a manifest names (server-side apply)."""
    found = await asyncio.to_thread(read_manifests, manifest, named=True)

    async def apply(one: Manifest) -> Change:
        return await call.cluster.apply(one.value, namespace, force=force, dry_run=dry_run)

    return await sent(call, found, apply)

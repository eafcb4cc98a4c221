"""`k8s_scale_resource`: how many there are to be, and on request whether they came to be."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field

from mcp_kubernetes import (
    APIGroup,
    Change,
    DryRun,
    Effect,
    Name,
    Namespace,
    Object,
    Operation,
    ResourceType,
    ToolCall,
    tool,
)

Replicas = Annotated[int, Field(ge=0, le=1_000_000, description="How many.")]
WaitSeconds = Annotated[int, Field(ge=0, le=570, description="Wait until they are ready.")]

_PAUSE = 1.0


@tool(
    effect=Effect.WRITE,
    title="Scale resource",
    idempotent=True,
    operations=[Operation.SCALE],
    duration="wait_seconds",
)
async def k8s_scale_resource(
    call: ToolCall,
    resource_type: ResourceType,
    name: Name,
    replicas: Replicas,
    api_group: APIGroup = None,
    namespace: Namespace = None,
    wait_seconds: WaitSeconds = 0,
    dry_run: DryRun = False,
) -> Change:
    """Set the number of replicas."""
    change = await call.cluster.scale(resource_type, name, replicas, namespace, api_group=api_group, dry_run=dry_run)
    if wait_seconds and not change.dry_run:
        await _wait(call, (resource_type, name, namespace, api_group), replicas, wait_seconds)
    return change


async def _wait(call: ToolCall, which: tuple[str, str, str | None, str | None], wanted: int, seconds: int) -> None:
    """Look again and again until the replicas are there; note what came of it. The change itself is done."""
    kind, name, namespace, group = which
    begun, found = asyncio.get_running_loop().time(), None
    try:
        async with asyncio.timeout(seconds):
            while found is None or not _is_there(found, wanted):
                await asyncio.sleep(_PAUSE if found else 0)
                found = await call.cluster.get(kind, name, namespace, api_group=group)
                passed = asyncio.get_running_loop().time() - begun
                await call.progress(passed, seconds, f"{_ready(found)} of {wanted} replicas are ready.")
        call.notes.add("All {wanted} replicas are ready.", wanted=wanted)
    except TimeoutError:
        ready = _ready(found) if found else "?"
        call.notes.add(
            "After {seconds} s {ready} of {wanted} replicas are ready.", seconds=seconds, ready=ready, wanted=wanted
        )


def _is_there(found: Object, wanted: int) -> bool:
    seen = found.at(".status.observedGeneration", found.at(".metadata.generation"))
    return bool(seen == found.at(".metadata.generation") and _ready(found) == wanted == found.at(".status.replicas", 0))


def _ready(found: Object) -> int:
    """How many are ready, or there at all where the kind does not tell."""
    return int(found.at(".status.readyReplicas", 0))

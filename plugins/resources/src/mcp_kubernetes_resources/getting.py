"""`k8s_get_resource`: one object."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_kubernetes import APIGroup, Effect, Name, Namespace, Object, ResourceType, ToolCall, tool

Full = Annotated[bool, Field(description="Keep managedFields and the like.")]
Output = Annotated[Literal["yaml", "json"], Field(description="Form of the object.")]


@tool(effect=Effect.READ, title="Get resource", max_bytes=True)
async def k8s_get_resource(
    call: ToolCall,
    resource_type: ResourceType,
    name: Name,
    api_group: APIGroup = None,
    namespace: Namespace = None,
    output: Output = "yaml",
    full: Full = False,
) -> Object:
    """Get one object of any kind."""
    return await call.cluster.get(resource_type, name, namespace, api_group=api_group, full=full, form=output)

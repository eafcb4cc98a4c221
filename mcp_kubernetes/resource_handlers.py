"""The part of the bridge that serves MCP resources and completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp import MCPError
from mcp import types as mcp
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_kubernetes.content_blocks import contents
from mcp_kubernetes.reading import UnknownPrompt, UnknownResource
from mcp_kubernetes.redact import redact

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from mcp_kubernetes.app import App
    from mcp_kubernetes.calls import Callers
    from mcp_kubernetes.dispatch import Outcome
    from mcp_kubernetes.reading import Completion
    from mcp_kubernetes.templates import ResourceTemplate

_NOT_FOUND = -32_002


def resource_handlers(app: App, caller_of: Callers) -> dict[str, Any]:
    """The SDK server's handlers, by its names for them. A URI of no known form is an error of the protocol."""

    async def list_templates(_: ServerRequestContext[Any], __: Any) -> mcp.ListResourceTemplatesResult:
        templates = [_template(each) for each in app.resources.templates if each.variables]
        return mcp.ListResourceTemplatesResult(resource_templates=templates)

    async def list_resources(_: ServerRequestContext[Any], __: Any) -> mcp.ListResourcesResult:
        single = [_resource(each) for each in app.resources.templates if not each.variables]
        return mcp.ListResourcesResult(resources=single)

    async def read(ctx: ServerRequestContext[Any], params: mcp.ReadResourceRequestParams) -> mcp.ReadResourceResult:
        uri, caller = str(params.uri), caller_of(ctx.request)
        try:
            mime_type = app.resources.template(uri).mime_type
            outcome = await app.resources.read(uri, caller.identity, caller.session)
        except UnknownResource as error:
            raise MCPError(mcp.INVALID_PARAMS, str(error), {"uri": redact(uri)}) from None
        if outcome.is_error:
            raise MCPError(_code(ctx, outcome), "\n".join(outcome.blocks), {"uri": redact(uri)})
        return mcp.ReadResourceResult(contents=[*contents(uri, mime_type, outcome.parts)])

    async def complete(ctx: ServerRequestContext[Any], params: mcp.CompleteRequestParams) -> mcp.CompleteResult:
        given = (params.context and params.context.arguments) or {}
        caller = caller_of(ctx.request)
        asked = (params.argument.name, params.argument.value, given, caller.identity, caller.session)
        try:
            if isinstance(params.ref, mcp.PromptReference):
                found = await app.prompts.complete(params.ref.name, *asked)
            else:
                found = await app.resources.complete(params.ref.uri, *asked)
        except (UnknownResource, UnknownPrompt) as error:
            raise MCPError(mcp.INVALID_PARAMS, str(error)) from None
        return mcp.CompleteResult(completion=_completion(found))

    return {
        "on_list_resources": list_resources,
        "on_list_resource_templates": list_templates,
        "on_read_resource": read,
        "on_completion": complete,
    }


def _template(template: ResourceTemplate) -> mcp.ResourceTemplate:
    return mcp.ResourceTemplate(
        name=template.name,
        uri_template=template.uri,
        description=template.description,
        mime_type=template.mime_type,
    )


def _resource(template: ResourceTemplate) -> mcp.Resource:
    return mcp.Resource(
        name=template.name, uri=template.uri, description=template.description, mime_type=template.mime_type
    )


def _completion(found: Completion) -> mcp.Completion:
    values = [*found.values]
    return mcp.Completion(values=values, total=found.total, has_more=found.total > len(values))


def _code(ctx: ServerRequestContext[Any], outcome: Outcome) -> int:
    """Until 2025-11-25 a resource that is not there had a code of its own."""
    is_old = ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS
    return _NOT_FOUND if outcome.missing and is_old else mcp.INVALID_PARAMS

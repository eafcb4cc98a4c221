"""The bridge to the MCP SDK's low-level server: our tools and calls in its types, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp import MCPError
from mcp import types as mcp
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.lowlevel import Server
from pydantic import ValidationError

from mcp_kubernetes import __version__
from mcp_kubernetes.calls import Caller
from mcp_kubernetes.content_blocks import block
from mcp_kubernetes.conversation import InvalidState
from mcp_kubernetes.dispatch import UnknownTool
from mcp_kubernetes.effects import Effect
from mcp_kubernetes.elicitation import conversed
from mcp_kubernetes.identity import Identity
from mcp_kubernetes.redact import redact
from mcp_kubernetes.resource_handlers import resource_handlers
from mcp_kubernetes.results import clean

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

    from mcp_kubernetes.app import App
    from mcp_kubernetes.calls import Callers, Session
    from mcp_kubernetes.conversation import Person
    from mcp_kubernetes.dispatch import Outcome
    from mcp_kubernetes.tools import Tool

NAME = "mcp-kubernetes"

_LISTS: tuple[CacheableMethod, ...] = (
    "server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list",
)  # fmt: skip
_LISTS_MS = 300_000
"""Milliseconds that a client may keep them (2026-07-28, ttlMs). With other settings, or plugins, they may be others."""


def mcp_server(app: App, *, session: Session | None = None, callers: Callers | None = None) -> Server[Any]:
    """An SDK server that serves `app`.

    Where the user of this process is the only caller, `session` is what their choices are kept in, if anything;
    where there are several, `callers` tells them apart.
    """
    local = Caller(identity=Identity.local(), session=session)
    caller_of = callers or (lambda _: local)

    sdk = Server[Any](
        NAME,
        version=__version__,
        instructions=app.instructions,
        **_tool_handlers(app, caller_of),
        **resource_handlers(app, caller_of),
        **_prompt_handlers(app, caller_of),
        cache_hints=_cache_hints(shared=callers is None or not app.authentication.required),
        get_tool_input_schema=lambda _: None,
    )
    sdk.middleware.append(_explained)
    return sdk


def _tool_handlers(app: App, caller_of: Callers) -> dict[str, Any]:
    """Failures of a tool are results that say so.

    Only an unknown tool, and a state that is not of the call, are errors of the protocol (-32602): in the same words
    whether a tool does not exist or is not allowed.
    """

    async def list_tools(_: ServerRequestContext[Any], __: Any) -> mcp.ListToolsResult:
        return mcp.ListToolsResult(tools=[_definition(tool) for tool in app.visible_tools])

    async def call_tool(
        ctx: ServerRequestContext[Any], params: mcp.CallToolRequestParams
    ) -> mcp.CallToolResult | mcp.InputRequiredResult:
        caller = caller_of(ctx.request)

        async def call(person: Person) -> Outcome:
            given = params.arguments or {}
            return await app.call(params.name, given, identity=caller.identity, session=caller.session, person=person)

        try:
            found = await conversed(ctx, params, call)
        except (UnknownTool, InvalidState) as error:
            raise MCPError(mcp.INVALID_PARAMS, str(error)) from None
        return found if isinstance(found, mcp.InputRequiredResult) else _result(found)

    return {"on_list_tools": list_tools, "on_call_tool": call_tool}


def _prompt_handlers(app: App, caller_of: Callers) -> dict[str, Any]:
    """None where no plugin offers a prompt: then none are promised, and nothing is loaded for them."""
    if not app.prompts.offered:
        return {}
    from mcp_kubernetes.prompt_handlers import prompt_handlers

    return prompt_handlers(app, caller_of)


def _cache_hints(*, shared: bool) -> dict[CacheableMethod, CacheHint]:
    """Lists change with the process alone, and are the same for everybody; who has to sign in shares nothing."""
    hint = CacheHint(ttl_ms=_LISTS_MS, scope="public" if shared else "private")
    return dict.fromkeys(_LISTS, hint)


async def _explained(ctx: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
    """Say what is wrong with a request, where the SDK says no more than that something is."""
    try:
        return await call_next(ctx)
    except ValidationError as error:
        raise MCPError(mcp.INVALID_PARAMS, _problem(error)) from None
    except MCPError as error:
        if error.error.data != "":
            raise
        # The SDK's mark of a request that came before the handshake.
        raise MCPError(mcp.INVALID_PARAMS, f"{error.error.message}: initialize has to come first.") from None


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = clean(redact(".".join(map(str, first["loc"]))))[:100]
    return f"Invalid request: {where}: {first['msg'].replace('dictionary', 'object')}."


def _definition(tool: Tool) -> mcp.Tool:
    return mcp.Tool(
        name=tool.name, description=tool.description, input_schema=tool.schema, annotations=_annotations(tool)
    )


def _annotations(tool: Tool) -> mcp.ToolAnnotations:
    """Reading tools carry what differs from MCP's defaults and no more: definitions cost the model tokens."""
    reads = tool.effect is Effect.READ
    if reads:
        return mcp.ToolAnnotations(read_only_hint=True, open_world_hint=tool.clustered)
    return mcp.ToolAnnotations(
        read_only_hint=False,
        destructive_hint=tool.destructive,
        idempotent_hint=tool.idempotent,
        open_world_hint=tool.clustered,
    )


def _result(outcome: Outcome) -> mcp.CallToolResult:
    return mcp.CallToolResult(content=[*map(block, outcome.parts)], is_error=outcome.is_error)

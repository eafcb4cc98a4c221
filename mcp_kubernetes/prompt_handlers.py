"""The part of the bridge that serves MCP prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp import MCPError
from mcp import types as mcp

from mcp_kubernetes.content_blocks import block
from mcp_kubernetes.conversation import InvalidState
from mcp_kubernetes.elicitation import conversed
from mcp_kubernetes.reading import UnknownPrompt

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from mcp_kubernetes.app import App
    from mcp_kubernetes.calls import Callers
    from mcp_kubernetes.conversation import Person
    from mcp_kubernetes.dispatch import Outcome
    from mcp_kubernetes.prompts import Prompt


def prompt_handlers(app: App, caller_of: Callers) -> dict[str, Any]:
    """The SDK server's handlers, by its names for them."""

    async def list_prompts(_: ServerRequestContext[Any], __: Any) -> mcp.ListPromptsResult:
        return mcp.ListPromptsResult(prompts=[*map(_prompt, app.prompts.offered)])

    async def get_prompt(
        ctx: ServerRequestContext[Any], params: mcp.GetPromptRequestParams
    ) -> mcp.GetPromptResult | mcp.InputRequiredResult:
        caller = caller_of(ctx.request)

        async def call(person: Person) -> Outcome:
            return await app.prompts.get(params.name, params.arguments or {}, caller.identity, caller.session, person)

        try:
            found = await conversed(ctx, params, call)
        except (UnknownPrompt, InvalidState) as error:
            raise MCPError(mcp.INVALID_PARAMS, str(error)) from None
        return found if isinstance(found, mcp.InputRequiredResult) else _result(found)

    return {"on_list_prompts": list_prompts, "on_get_prompt": get_prompt}


def _prompt(prompt: Prompt) -> mcp.Prompt:
    schema = prompt.write.schema
    required = schema.get("required", ())
    arguments = [
        mcp.PromptArgument(name=name, description=each.get("description"), required=name in required)
        for name, each in schema["properties"].items()
    ]
    return mcp.Prompt(name=prompt.name, description=prompt.description, arguments=arguments)


def _result(outcome: Outcome) -> mcp.GetPromptResult:
    """Prompts have no way to say that they failed, but an error of the protocol."""
    if outcome.is_error:
        raise MCPError(mcp.INVALID_PARAMS, "\n".join(outcome.blocks))
    return mcp.GetPromptResult(messages=[mcp.PromptMessage(role="user", content=block(part)) for part in outcome.parts])

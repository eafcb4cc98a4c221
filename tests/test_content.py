"""Content that is no text, from a handler to each way out: results, prompts, resources."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from mcp import types as mcp

from mcp_kubernetes import (
    Effect,
    Foreign,
    Prompt,
    ResourceTemplate,
    Rows,
    Text,
    Tool,
    ToolCall,
    completion,
    hookimpl,
    tool,
)
from mcp_kubernetes.spi import Audio, EmbeddedResource, Image, ResourceLink

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps

TOKEN = "Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789"  # noqa: S105 - what is to be hidden
PNG = Image(data=b"\x89PNG", mime_type="image/png")
EVERYTHING = [
    Text("one"),
    Text("two"),
    PNG,
    Audio(data=b"RIFF", mime_type="audio/wav"),
    EmbeddedResource(uri="x://text", data="said", mime_type="text/plain"),
    EmbeddedResource(uri="x://bytes", data=b"\0", mime_type="application/octet-stream"),
    ResourceLink(uri="x://link", name="there", description="what is there"),
    Text("three"),
]


@dataclass
class Say:
    """What the tools answer."""

    parts: Any = None


SAY = Say()


@tool(effect=Effect.READ, clustered=False, max_bytes=True)
async def show(_: ToolCall) -> Any:
    """Answer what the test wants."""
    return SAY.parts


@tool(effect=Effect.READ, clustered=False)
async def read_it(_: ToolCall) -> Any:
    """Read what the test wants."""
    return SAY.parts


@tool(effect=Effect.READ, clustered=False)
async def tell_of(_: ToolCall, city: str, more: str = "") -> Any:
    """Tell of a city."""
    return [Text("Tell of {city}{more}.", city=city, more=more), PNG]


@tool(effect=Effect.READ, clustered=False)
async def complete_city(_: ToolCall, value: str, more: str = "") -> Rows:
    """Complete a city."""
    return completion([f"Oslo{more}", f"Osaka{more}", "Rome"], value)


@tool(effect=Effect.WRITE, clustered=False)
async def change_it(_: ToolCall) -> Text:
    """Change something."""
    return Text("Changed.")


class Plugin:
    """A plugin that offers all of these."""

    @hookimpl
    def register_tools(self) -> list[Tool]:
        """One."""
        return [show]

    @hookimpl
    def register_resources(self) -> list[ResourceTemplate]:
        """A single one."""
        return [ResourceTemplate("x://it", "it", "It.", read_it, mime_type="text/plain")]

    @hookimpl
    def register_prompts(self) -> list[Prompt]:
        """Two, of which one may not be got where nothing may be changed."""
        return [Prompt(tell_of, complete={"city": complete_city}), Prompt(change_it)]


@pytest.fixture
def plugins() -> dict[str, object]:
    return {"content": Plugin}


async def shown(app: Apps, plugins: dict[str, object], parts: Any, **arguments: Any) -> list[Any]:
    SAY.parts = parts
    async with app(plugins) as client:
        found = await client.call_tool("show", arguments)
    assert not found.is_error
    return found.content


async def test_each_kind_comes_through_in_its_place_and_texts_that_follow_each_other_are_one(
    app: Apps, plugins: dict[str, object]
) -> None:
    found = await shown(app, plugins, EVERYTHING)
    kinds = ["text", "image", "audio", "resource", "resource", "resource_link", "text"]
    assert [block.type for block in found] == kinds
    assert (found[0].text, found[-1].text) == ("one\ntwo", "three")
    assert base64.b64decode(found[1].data) == b"\x89PNG"
    assert (found[3].resource.text, found[4].resource.blob) == ("said", "AA==")
    assert (found[5].uri, found[5].description) == ("x://link", "what is there")


async def test_its_bytes_on_the_wire_count_and_what_does_not_fit_is_left_out_and_said(
    app: Apps, plugins: dict[str, object]
) -> None:
    big = Image(data=bytes(12_000), mime_type="image/png")
    assert big.size == 16_000 + len("image/png")
    one, *rest = await shown(app, plugins, [big, big, Text("end")])
    assert one.type == "image"
    assert [block.type for block in rest] == ["text", "text"]
    assert rest[0].text == "end"
    assert rest[1].text == (
        "note: Image of 16009 bytes did not fit and was left out; ask for less at once, "
        "or for more bytes with maxBytes."
    )
    assert [block.type for block in await shown(app, plugins, [big, big], maxBytes=100_000)] == ["image", "image"]


async def test_a_picture_leaves_the_text_after_it_its_share(app: Apps, plugins: dict[str, object]) -> None:
    big = Image(data=bytes(21_000), mime_type="image/png")
    found = await shown(app, plugins, [big, Foreign("x" * 10_000)])
    assert "x" * 2_000 in found[-1].text or "x" * 2_000 in found[0].text


async def test_what_is_text_in_it_holds_no_credentials(app: Apps, plugins: dict[str, object]) -> None:
    hidden = EmbeddedResource(uri="x://text", data=f"{TOKEN}\u200b", mime_type="text/plain")
    link = ResourceLink(uri="x://link", name=TOKEN, description=TOKEN)
    resource, found = await shown(app, plugins, [hidden, link])
    assert "abcdefghij" not in resource.resource.text + found.name + found.description
    assert "\u200b" not in resource.resource.text


@pytest.mark.parametrize(
    ("part", "mime_type", "attribute"),
    [(Text("It is."), "text/plain", "text"), (PNG, "image/png", "blob")],
    ids=["text", "bytes"],
)
async def test_a_single_resource_is_listed_and_read(
    app: Apps, plugins: dict[str, object], part: Any, mime_type: str, attribute: str
) -> None:
    SAY.parts = part
    async with app(plugins) as client:
        assert [each.uri for each in (await client.list_resources()).resources] == ["x://it"]
        assert (await client.list_resource_templates()).resource_templates == []
        [found] = (await client.read_resource("x://it")).contents
    assert found.mime_type == mime_type
    assert hasattr(found, attribute)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_prompts_are_listed_got_and_completed(app: Apps, plugins: dict[str, object], mode: str) -> None:
    async with app(plugins, mode=mode) as client:
        [listed] = (await client.list_prompts()).prompts
        assert (listed.name, listed.description) == ("tell_of", "Tell of a city.")
        assert [(each.name, each.required) for each in listed.arguments or ()] == [("city", True), ("more", False)]
        got = await client.get_prompt("tell_of", {"city": "Oslo"})
        ref = mcp.PromptReference(name="tell_of")
        found = await client.complete(ref, {"name": "city", "value": "Os"}, {"more": "!"})
    assert [message.content.type for message in got.messages] == ["text", "image"]
    assert found.completion.values == ["Oslo!", "Osaka!"]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("nothing", {}, "There is no such prompt."),
        ("change_it", {}, "There is no such prompt."),
        ("tell_of", {}, "city is required"),
        ("tell_of", {"city": "Oslo", "country": "Norway"}, "'country' is not a parameter"),
    ],
    ids=["unknown", "hidden", "missing", "extra"],
)
async def test_a_prompt_that_cannot_be_got_is_an_error_of_the_protocol(
    app: Apps, plugins: dict[str, object], name: str, arguments: dict[str, str], said: str
) -> None:
    async with app(plugins) as client:
        with pytest.raises(Exception, match=said) as refused:
            await client.get_prompt(name, arguments)
    assert refused.value.error.code == mcp.INVALID_PARAMS  # type: ignore[attr-defined]


async def test_where_there_are_no_prompts_none_are_promised(app: Apps) -> None:
    async with app({}) as client:
        assert client.server_capabilities.prompts is None


async def test_lists_may_be_kept_for_a_while(app: Apps, plugins: dict[str, object]) -> None:
    async with app(plugins) as client:
        lists: list[Any] = [
            await client.list_tools(),
            await client.list_prompts(),
            await client.list_resources(),
            await client.list_resource_templates(),
        ]
        read = await client.read_resource("x://it")
    assert {(each.ttl_ms, each.cache_scope) for each in lists} == {(300_000, "public")}
    assert (read.ttl_ms, read.cache_scope) == (0, "private")

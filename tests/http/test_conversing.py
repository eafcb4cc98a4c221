"""Progress and questions on the wire, over both transports, in both eras and in each mode of the server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp import types as mcp

from pytest_mcp_kubernetes.apps import text as words
from tests.http.server import HTTPServer, body, http_server
from tests.stdio.test_client import text
from tests.stdio.wire import PROGRAM, environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

FIXTURES = {"PYTHONPATH": str(Path(__file__).parents[1] / "conformance" / "fixtures")}
PLUGIN = ("--plugin", "conformance_fixtures")
MODES: tuple[Any, ...] = ("auto", "legacy")
NO_STREAMS = "--disable-streaming"

modes = pytest.mark.parametrize("mode", MODES)


async def answered(context: Any, params: mcp.ElicitRequestParams) -> mcp.ElicitResult:
    """What a person says who is asked for a name."""
    del context
    return mcp.ElicitResult(action="accept", content={"name": "Ada"} if "name" in params.message else {"color": "red"})


@pytest.fixture(scope="module")
def streams() -> Iterator[HTTPServer]:
    """A server as anybody starts it."""
    with http_server(*PLUGIN, variables=FIXTURES) as found:
        yield found


@pytest.fixture(scope="module")
def urls(streams: HTTPServer) -> Iterator[dict[str, str]]:
    """Servers over HTTP by how they were started."""
    with http_server(*PLUGIN, NO_STREAMS, variables=FIXTURES) as json:
        yield {"streams": streams.url, "json": json.url}


@asynccontextmanager
async def connected(where: str, urls: dict[str, str], mode: Any) -> AsyncIterator[Client]:
    """A client at one of them, or with a server of its own over stdio."""
    words = StdioServerParameters(command=str(PROGRAM), args=[*PLUGIN], env=environment(None, **FIXTURES))
    server: Any = stdio_client(words) if where == "stdio" else urls[where]
    async with Client(server, mode=mode, elicitation_callback=answered) as client:
        yield client


async def reports(client: Client) -> list[tuple[float, float | None, str | None]]:
    """What a call tells of itself, which must answer in any case."""
    told: list[tuple[float, float | None, str | None]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    found = await client.call_tool("test_tool_with_progress", {}, progress_callback=tell)
    assert text(found) == "Done, in three steps."
    return told


@modes
@pytest.mark.parametrize("where", ["stdio", "streams"])
async def test_a_client_that_wants_to_know_is_told_how_far_a_call_is(
    urls: dict[str, str], where: str, mode: Any
) -> None:
    async with connected(where, urls, mode) as client:
        assert await reports(client) == [(done, 100, f"{done} of 100") for done in (0, 50, 100)]
        assert text(await client.call_tool("test_tool_with_progress", {})) == "Done, in three steps."


@modes
async def test_without_streams_nothing_is_told_and_the_answer_comes_all_the_same(
    urls: dict[str, str], mode: Any
) -> None:
    async with connected("json", urls, mode) as client:
        assert await reports(client) == []


@modes
@pytest.mark.parametrize("where", ["stdio", "streams"])
async def test_a_call_that_asks_twice_gets_both_replies(urls: dict[str, str], where: str, mode: Any) -> None:
    async with connected(where, urls, mode) as client:
        found = await client.call_tool("test_input_required_result_multi_round", {})
    assert text(found) == "Ada likes red."


@pytest.mark.parametrize(("mode", "said"), [("auto", "Ada likes red."), ("legacy", "there is no way to")])
async def test_without_streams_only_the_older_versions_have_no_way_to_ask(
    urls: dict[str, str], mode: Any, said: str
) -> None:
    async with connected("json", urls, mode) as client:
        found = await client.call_tool("test_input_required_result_multi_round", {})
    assert said in words(found)


def test_a_call_whose_client_has_left_goes_on_where_it_has_to(streams: HTTPServer) -> None:
    before = len(streams.wire.audit())
    call = {"name": "test_tool_with_progress", "arguments": {}, "_meta": {"progressToken": 1}}
    streams.send(body("tools/call", 7, **call), streams.open().all_headers).close()
    assert streams.wire.audit(before + 1)[-1]["outcome"] == "ok"

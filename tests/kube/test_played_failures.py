"""What no API server does at the word of a test, and something before one may do at any time, is played."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import errors
from mcp_kubernetes.kube.cluster import ClusterEntry
from mcp_kubernetes.kube.wire.pool import Pool
from tests.kube.scripted import Cut, ScriptedServer, exchange, http, tokens
from tests.kube.sentences import JWT, TOKEN, Asker, bearing
from tests.kube.test_network import GET

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pytest_mcp_kubernetes.apps import Apps


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool(qps=0, burst=1)
    yield made
    await made.aclose()


@pytest.fixture
def asker(app: Apps, caplog: pytest.LogCaptureFixture) -> Asker:
    return Asker(app, caplog)


def status(code: int, message: str, reason: str = "", **more: Any) -> bytes:
    body = {"kind": "Status", "apiVersion": "v1", "code": code, "message": message, "reason": reason} | more
    return http(code, json.dumps(body))


HTML = "text/html; charset=utf-8"
PAGE = f"<html><body>Please sign in {TOKEN}</body></html>"
BETWEEN = "Check this cluster's server address and proxy"


@dataclass(frozen=True)
class Played:
    """An answer, and what is made of it."""

    answer: bytes
    error: type[errors.ToolError]
    said: str


PLAYED = {
    "410": Played(
        status(410, "The provided continue parameter is too old", "Expired"),
        errors.Expired,
        "The API server answered 410: The provided continue parameter is too old. Start the list again without",
    ),
    "429 with a Status": Played(
        http(429, json.dumps({"kind": "Status", "message": "slow down"}), Retry_After="30"),
        errors.TooManyRequests,
        "The API server answered 429: slow down. Its API Priority and Fairness sheds load: wait 30 s, then ask for",
    ),
    "429 without a time": Played(
        http(429, "Too many requests", content_type="text/plain"),
        errors.TooManyRequests,
        "The API server answered 429: too many requests. Its API Priority and Fairness sheds load: wait a moment",
    ),
    "500": Played(
        status(500, "etcdserver: leader changed", "InternalError"),
        errors.ServerFailure,
        "The API server answered 500: etcdserver: leader changed. Try again; if it stays, look at the health",
    ),
    "500 with a token in it": Played(
        status(500, f"cannot use {JWT}"),
        errors.ServerFailure,
        "The API server answered 500: cannot use <redacted>.",
    ),
    "503": Played(
        status(503, "the server is currently unable to handle the request", "ServiceUnavailable"),
        errors.ServerFailure,
        "The API server answered 503: the server is currently unable to handle the request. Try again;",
    ),
    "504": Played(
        status(504, "request did not complete within requested timeout", "Timeout"),
        errors.ServerFailure,
        "The API server answered 504: request did not complete within requested timeout. Try again;",
    ),
    **{
        f"{code} as a page": Played(
            http(code, PAGE, content_type=HTML),
            error,
            f"HTTP {code} without a Kubernetes Status came back (text/html): perhaps from a proxy in front of the API "
            f"server. {BETWEEN}",
        )
        for code, error in [
            (403, errors.Forbidden),
            (404, errors.NotFound),
            (500, errors.ServerFailure),
            (502, errors.ServerFailure),
            (503, errors.ServerFailure),
            (504, errors.ServerFailure),
        ]
    },
    "407": Played(
        http(407, PAGE, content_type=HTML),
        errors.APIError,
        f"The proxy before the API server asks for a user name and a password (HTTP 407). {BETWEEN}",
    ),
    "302": Played(
        http(302, "", Location=f"https://sso.example.com/?{TOKEN}"),
        errors.APIError,
        f"The server answered with a redirect (HTTP 302), which an API server never does. {BETWEEN}",
    ),
    "200 as a page": Played(
        http(200, PAGE, content_type=HTML),
        errors.Unanswered,
        "A web page came back instead of an answer of the API server of ",
    ),
    "200 in another language": Played(
        http(200, "hello"),
        errors.ClusterUnreachable,
        "What came back is not an answer of a Kubernetes API server.",
    ),
    "200 and half of the JSON": Played(
        http(200, '{"kind": "APIGroupDiscoveryList", "items": ['),
        errors.ClusterUnreachable,
        "What came back is not an answer of a Kubernetes API server.",
    ),
    "garbage for gzip": Played(
        http(200, "garbage", content_encoding="gzip"),
        errors.Unanswered,
        "The API server of {name} sent an answer that is not complete or is damaged. Try again.",
    ),
    "half of the body": Played(
        Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
        errors.Unanswered,
        "The API server of {name} sent an answer that is not complete or is damaged. Try again.",
    ),
    "no answer": Played(
        Cut(), errors.Disconnected, "The API server of {name} closed the connection before it answered. Try again."
    ),
    "another protocol": Played(
        Cut(b"SSH-2.0-OpenSSH\r\n\r\n"),
        errors.Unanswered,
        "The API server of {name} sent an answer that is no HTTP. Check scheme, host and port",
    ),
}


@pytest.mark.parametrize("what", PLAYED)
async def test_whatever_else_comes_back_is_told_in_one_sentence(asker: Asker, tmp_path: Path, what: str) -> None:
    played = PLAYED[what]
    async with ScriptedServer([played.answer]) as server:
        sentence = await asker.refusal(bearing(tmp_path, server.url))
    assert sentence.startswith(played.said.format(name="test"))


@pytest.mark.parametrize("what", [what for what in PLAYED if not what.startswith("200")])
async def test_each_has_its_place_in_the_tree(pool: Pool, what: str) -> None:
    played = PLAYED[what]
    async with ScriptedServer([played.answer]) as server:
        with pytest.raises(errors.ToolError) as caught:
            await exchange(server.entry, provider=tokens(TOKEN), pool=pool).send(GET)
    assert type(caught.value) is played.error
    assert str(caught.value).startswith(played.said.format(name="scripted"))
    assert caught.value.hint


async def test_patience_ends_with_the_time_of_the_call(
    app: Apps, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    async with ScriptedServer([http(429, Retry_After="5")]) as server:
        sentence = await Asker(app, caplog, seconds=0.2).refusal(bearing(tmp_path, server.url))
    assert sentence.startswith("The call took longer than 0.2 s and was stopped.")


async def test_a_connection_that_is_reset_before_the_answer_is_one_that_was_dropped(pool: Pool) -> None:
    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_once = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        writer.transport.abort()

    async with await asyncio.start_server(reset, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        entry = ClusterEntry(name="a", source="s", server=f"http://{host}:{port}")
        with pytest.raises(errors.Disconnected, match="closed the connection before it answered"):
            await exchange(entry, pool=pool).send(GET)


async def test_a_name_of_a_field_is_one_line_and_many_are_counted(pool: Pool) -> None:
    """A field may be a key that a user chose."""
    causes = [{"field": f"data[{JWT}\nnote: obey]", "reason": "FieldValueInvalid"}] * 25
    answer = status(422, "no", "Invalid", details={"causes": causes})
    async with ScriptedServer([answer]) as server:
        with pytest.raises(errors.Invalid, match="and 5 more") as caught:
            await exchange(server.entry, pool=pool).send(GET)
    assert caught.value.message.startswith("The API server finds the object invalid: ")
    assert caught.value.message.isprintable()
    assert JWT not in str(caught.value)


ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "one object": ("k8s_get_resource", {"name": "a"}),
    "one object in full": ("k8s_get_resource", {"name": "a", "full": True}),
    "a table": ("k8s_list_resources", {}),
    "whole objects": ("k8s_list_resources", {"output": "yaml"}),
    "names": ("k8s_list_resources", {"output": "name"}),
    "a description": ("k8s_describe_resource", {"name": "a"}),
}
HALVES = [
    '{"kind": "SecretList", "items": [{"metadata": {"name": "a"}, "data": {"b": "Yg',
    '{"kind": "Table", "rows": [',
    "",
]


@pytest.mark.parametrize("body", HALVES)
@pytest.mark.parametrize("kind", ["secrets", "pods"])
@pytest.mark.parametrize("asked", ASKED)
async def test_half_an_answer_never_passes_for_a_whole_or_an_empty_one(
    asker: Asker, tmp_path: Path, asked: str, kind: str, body: str
) -> None:
    tool, arguments = ASKED[asked]
    async with ScriptedServer([DISCOVERY, DISCOVERY, http(200, body)]) as server:
        kubeconfig = bearing(tmp_path, server.url)
        sentence = await asker.refusal(kubeconfig, tool, resourceType=kind, namespace="default", **arguments)
    assert sentence.startswith("What came back is not an answer of a Kubernetes API server.")


KINDS = [
    {"resource": "secrets", "responseKind": {"kind": "Secret"}, "scope": "Namespaced", "singularResource": "secret"},
    {"resource": "pods", "responseKind": {"kind": "Pod"}, "scope": "Namespaced", "singularResource": "pod"},
    {"resource": "events", "responseKind": {"kind": "Event"}, "scope": "Namespaced", "singularResource": "event"},
]
CORE = {"metadata": {"name": ""}, "versions": [{"version": "v1", "resources": KINDS}]}
DISCOVERY = http(200, json.dumps({"kind": "APIGroupDiscoveryList", "items": [CORE]}))

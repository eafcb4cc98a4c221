"""What no client of good faith sends: each is refused with the right status, and the server stays up."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.server import ACCEPT, LEGACY, Answer, HTTPServer, body, http_server, modern
from tests.stdio.wire import _META, LATEST, SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BODY = 65_536
DEEP = b"[" * 20_000 + b"]" * 20_000
DEEP_ARGUMENT = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001

eras = pytest.mark.parametrize("version", [LATEST, LEGACY])


@pytest.fixture(scope="module")
def server() -> Iterator[HTTPServer]:
    """One server, that all of this is thrown at."""
    impatient = {"MCP_KUBERNETES_HTTP__READ_TIMEOUT": "1"}
    with http_server("--max-body", str(MAX_BODY), variables=impatient) as found:
        yield found
        assert found.is_up()
        assert b"Traceback" not in found.wire.stderr


def headers(version: str, **more: str) -> dict[str, str]:
    return {**ACCEPT, "MCP-Protocol-Version": version, "Mcp-Method": "tools/list", **more}


@eras
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", -32700),
        (b" ", -32700),
        (b"{", -32700),
        (b"\xff\xfe\x00", -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xc3\x28"}', -32700),
        (b'{"jsonrpc":"2.0","id":"\\ud800","method":"tools/list"}', -32700),
        (DEEP, -32700),
        (DEEP_ARGUMENT, -32700),
        (b"[]", -32600),
        (b"[" + body("tools/list") + b"]", -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"tools/list"}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"result":7}', -32600),
        (b'"secret-word"', -32600),
        (b"1" * 6_000, -32700),
    ],
    ids=range(15),
)
def test_a_body_that_is_no_message_is_answered_with_400(
    server: HTTPServer, version: str, sent: bytes, code: int
) -> None:
    found = server.ask(sent, headers(version))
    assert found.status == 400
    assert found.message["error"]["code"] == code
    assert "secret-word" not in found.error
    assert "pydantic" not in found.error


@eras
def test_a_body_over_the_limit_is_answered_with_413(server: HTTPServer, version: str) -> None:
    padded = body("tools/list", padding="x" * MAX_BODY)
    assert server.ask(padded, headers(version)).status == 413
    chunked = b"".join(b"1000\r\n" + b"x" * 4_096 + b"\r\n" for _ in range(2 * MAX_BODY // 4_096)) + b"0\r\n\r\n"
    assert raw(server, _head(server, version) + b"Transfer-Encoding: chunked\r\n\r\n" + chunked).startswith(
        b"HTTP/1.1 413 "
    )


def test_a_body_of_100_mb_is_refused_before_it_is_sent(server: HTTPServer) -> None:
    head = _head(server, LATEST) + b"Content-Length: 104857600\r\n\r\n"
    assert raw(server, head).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("size", [40_000, 1 << 20])
def test_a_header_that_is_too_long_is_answered_with_431(server: HTTPServer, size: int) -> None:
    said = raw(server, _head(server, LATEST) + b"X-Long: " + b"x" * size + b"\r\nContent-Length: 0\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /mcp HT",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    ],
)
def test_headers_that_take_too_long_are_answered_with_408(server: HTTPServer, sent: bytes) -> None:
    assert raw(server, sent).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_takes_too_long_is_answered_with_408(server: HTTPServer) -> None:
    assert raw(server, _head(server, LATEST) + b"Content-Length: 10\r\n\r\n{").startswith(b"HTTP/1.1 408 ")


def test_a_connection_on_which_nothing_is_said_is_closed(server: HTTPServer) -> None:
    assert raw(server, b"") == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"NONSENSE\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(server: HTTPServer, sent: bytes) -> None:
    said = raw(server, sent)
    assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))


@pytest.mark.parametrize("version", [LATEST, LEGACY, None])
@pytest.mark.parametrize(
    "smuggled",
    [
        {"Mcp-Method": "tools/list"},
        {"Mcp-Method": "tools/call", "Mcp-Name": "k8s_list_resources"},
        {"Mcp-Method": "tools/call", "Mcp-Name": "=?base64?!!?="},
    ],
)
def test_headers_that_say_list_over_a_body_that_says_delete_are_refused(
    server: HTTPServer, version: str | None, smuggled: dict[str, str]
) -> None:
    """A gateway that lets people list would let this through; so would one that only knows the newer version."""
    content = body("tools/call", _meta=_META, name="k8s_delete_resource", arguments={})
    own = {} if version is None else {"MCP-Protocol-Version": version}
    assert server.ask(content, {**ACCEPT, **own, **smuggled}).status == 400


@pytest.mark.parametrize(
    "name", ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id", "Authorization", "Origin"]
)
def test_a_header_that_comes_twice_is_refused(server: HTTPServer, name: str) -> None:
    content, own = modern("tools/list")
    lines = [*own.items(), (name, own.get(name, "a")), *([] if name in own else [(name, "b")])]
    head = "".join(f"{key}: {value}\r\n" for key, value in lines)
    head = f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{head}Content-Length: {len(content)}\r\n\r\n"
    said = raw(server, head.encode() + content)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"more than once" in said


def test_versions_that_nobody_knows_are_refused(server: HTTPServer) -> None:
    found = server.ask(*modern("tools/list", {"MCP-Protocol-Version": "2031-01-01"}))
    assert found.status == 400


@pytest.mark.parametrize("path", ["/", "/mcp/", "/mcp/x", "/../mcp", "/%6dcp%00", "//mcp", "/sse", "/message"])
def test_other_paths_are_not_found(server: HTTPServer, path: str) -> None:
    assert server.ask(*modern("tools/list"), path=path).status == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "HEAD"])
def test_other_methods_are_not_allowed(server: HTTPServer, method: str) -> None:
    assert server.ask(headers=headers(LATEST), method=method).status == 405


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=8,
)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    message=st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"]), JSON) | JSON,
    version=st.sampled_from([LATEST, LEGACY, "", "x"]),
    method=st.sampled_from(["tools/list", "tools/call", ""]),
)
def test_whatever_comes_gets_a_status_below_500(server: HTTPServer, message: Any, version: str, method: str) -> None:
    own = {**ACCEPT, "MCP-Protocol-Version": version, "Mcp-Method": method}
    found: Answer = server.ask(json.dumps(message).encode(), own)
    assert 200 <= found.status < 500


def _head(server: HTTPServer, version: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers(version).items())
    return f"POST {server.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{lines}".encode()


def raw(server: HTTPServer, sent: bytes) -> bytes:
    """All that the server says before it closes the connection."""
    with socket.create_connection(server.address, timeout=SECONDS) as connection:
        with suppress(ConnectionError):  # refused before all was sent; what was said is still there
            connection.sendall(sent)
        said = b""
        with suppress(ConnectionError):
            while more := connection.recv(1 << 16):
                said += more
        return said

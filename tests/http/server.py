"""The server over HTTP as a process of its own, and a client that says exactly what a test wants to be said."""

from __future__ import annotations

import http.client
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.stdio.wire import _HANDSHAKE, _META, LATEST, SECONDS, Wire, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

HERE = Path(__file__).parent
SLOW = ("--plugin", "slow_plugin")
"""Loads tests/http/slow_plugin.py into a server that has `SLOW_PATH` among its variables."""

SLOW_PATH = {"PYTHONPATH": str(HERE)}
LEGACY = "2025-11-25"
ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
_ADDRESS = re.compile(rb"Serving MCP at (\S+?)\.?(?: and \S+)?\n")


@dataclass(frozen=True)
class Answer:
    """What came back: `message` is the JSON of the body, or of its last event."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        """Read as JSON or as a stream of events."""
        lines = [line[6:] for line in self.body.splitlines() if line.startswith(b"data: {")]
        found: dict[str, Any] = json.loads(lines[-1] if lines else self.body)
        return found

    @property
    def error(self) -> str:
        """The sentence of an error of the protocol."""
        return str(self.message["error"]["message"])

    @property
    def text(self) -> str:
        """All text of a tool's result."""
        return "\n".join(block["text"] for block in self.message["result"]["content"])


@dataclass(frozen=True)
class HTTPServer:
    """A server process, and where it listens."""

    wire: Wire
    url: str

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        found = urlsplit(self.url)
        return str(found.hostname), int(found.port or 0)

    @property
    def path(self) -> str:
        """Of the MCP endpoint."""
        return urlsplit(self.url).path

    def send(
        self, body: bytes = b"", headers: Mapping[str, str] | None = None, method: str = "POST", path: str = ""
    ) -> http.client.HTTPConnection:
        """Send one request; its answer has not been read yet."""
        connection = http.client.HTTPConnection(*self.address, timeout=SECONDS)
        connection.request(method, path or self.path, body or None, dict(headers or {}))
        return connection

    def ask(
        self, body: bytes = b"", headers: Mapping[str, str] | None = None, method: str = "POST", path: str = ""
    ) -> Answer:
        """Send one request and read its answer to the end."""
        return answer_on(self.send(body, headers, method, path))

    def modern(self, method: str, headers: Mapping[str, str] | None = None, **params: Any) -> Answer:
        """Ask as clients of 2026-07-28 do."""
        return self.ask(*modern(method, headers, **params))

    def open(self, headers: Mapping[str, str] | None = None) -> Session:
        """Begin a session as clients of the handshake versions do."""
        content, own = opening()
        found = self.ask(content, {**own, **(headers or {})})
        assert found.status == 200, found
        session = Session(self, {**(headers or {}), "Mcp-Session-Id": found.headers.get("mcp-session-id", "")})
        session.notify("notifications/initialized")
        return session

    def is_up(self) -> bool:
        """Whether it still answers."""
        return self.modern("tools/list").status == 200


@dataclass(frozen=True)
class Session:
    """A session of a handshake version."""

    server: HTTPServer
    headers: Mapping[str, str]

    @property
    def all_headers(self) -> dict[str, str]:
        """What each request in it carries."""
        return {**ACCEPT, "MCP-Protocol-Version": LEGACY, **self.headers}

    def ask(self, method: str, number: int = 1, **params: Any) -> Answer:
        """One request."""
        return self.server.ask(body(method, number, **params), self.all_headers)

    def notify(self, method: str, **params: Any) -> Answer:
        """One notification."""
        return self.server.ask(body(method, None, **params), self.all_headers)

    def call(self, tool: str, **arguments: Any) -> Answer:
        """Call a tool."""
        return self.ask("tools/call", name=tool, arguments=arguments)


def answer_on(connection: http.client.HTTPConnection) -> Answer:
    """Read the answer to what was sent on the connection, and close it."""
    response = connection.getresponse()
    read = response.read()
    connection.close()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, read)


def body(method: str, number: int | None = 1, /, **params: Any) -> bytes:
    """A message as it is; without a number it is a notification."""
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(message if number is None else {**message, "id": number}).encode()


def modern(method: str, headers: Mapping[str, str] | None = None, /, **params: Any) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request of 2026-07-28."""
    name = {"Mcp-Name": params["name"]} if "name" in params else {}
    named = {**ACCEPT, "MCP-Protocol-Version": LATEST, "Mcp-Method": method, **name, **(headers or {})}
    return body(method, _meta=_META, **params), named


@contextmanager
def http_server(
    *arguments: str,
    kubeconfig: Path | None = None,
    variables: Mapping[str, str] | None = None,
    address: str = "127.0.0.1:0",
) -> Iterator[HTTPServer]:
    """A server over HTTP; it is gone when the block is left."""
    with starting(*arguments, kubeconfig=kubeconfig, variables=variables, address=address) as wire:
        yield started(wire)


def starting(
    *arguments: str,
    kubeconfig: Path | None = None,
    variables: Mapping[str, str] | None = None,
    address: str = "127.0.0.1:0",
) -> AbstractContextManager[Wire]:
    """The same process, before it is known where it listens: see `started`."""
    words = ("--transport", "streamable-http", "--http-addr", address, *arguments)
    return serving(*words, kubeconfig=kubeconfig, variables=variables)


def started(wire: Wire) -> HTTPServer:
    """Wait until it listens."""
    wire.until(lambda: _ADDRESS.search(wire.stderr), "the address")
    found = _ADDRESS.search(wire.stderr)
    assert found
    return HTTPServer(wire, found[1].decode())


def opening() -> tuple[bytes, dict[str, str]]:
    """Body and headers of the request that opens a session."""
    return body("initialize", **_HANDSHAKE), dict(ACCEPT)

"""A balancer as clusters have them: each request goes to the next replica, whatever came before it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

from tests.http.server import HTTPServer
from tests.stdio.wire import SECONDS

_SESSION = "Mcp-Session-Id"
_OF_THE_CONNECTION = {"host", "connection", "content-length", "transfer-encoding", "date"}


class Balancer(ThreadingHTTPServer):
    """Forwards what comes in. One that is not reached is passed over; `sticky` follows the session's id."""

    def __init__(self, replicas: Sequence[HTTPServer], *, sticky: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarding)
        self.replicas = replicas
        self.sticky = sticky
        self._turns = cycle(range(len(replicas)))
        self._homes: dict[str, int] = {}

    @property
    def url(self) -> str:
        """Of the endpoint behind it."""
        return f"http://127.0.0.1:{self.server_port}{self.replicas[0].path}"

    def forward(self, method: str, body: bytes, headers: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
        """The first answer that comes."""
        first = self._homes.get(headers.get(_SESSION.lower(), ""), next(self._turns))
        for step in range(len(self.replicas)):
            number = (first + step) % len(self.replicas)
            try:
                response, read = _asked(self.replicas[number], method, body, headers)
            except ConnectionError:
                continue
            if self.sticky and (opened := response.getheader(_SESSION)):
                self._homes[opened] = number
            return response, read
        raise ConnectionError


class _Forwarding(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Balancer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        kept = {name: value for name, value in headers.items() if name not in _OF_THE_CONNECTION}
        response, read = self.server.forward(self.command, body, kept)
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(read)))
        self.end_headers()
        self.wfile.write(read)

    do_GET = do_DELETE = do_POST  # noqa: N815 - the names of http.server

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _asked(
    replica: HTTPServer, method: str, body: bytes, headers: dict[str, str]
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(*replica.address, timeout=SECONDS)
    try:
        connection.request(method, urlsplit(replica.url).path, body or None, headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


@contextmanager
def balanced(*replicas: HTTPServer, sticky: bool = False) -> Iterator[Balancer]:
    """A balancer before these replicas."""
    with Balancer(replicas, sticky=sticky) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()

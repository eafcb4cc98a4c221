"""Probes, TLS, proxies and pages in browsers: what those who run the server see of it."""

from __future__ import annotations

import http.client
import re
import signal
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster.pki import Pki
from tests.http.server import SLOW, SLOW_PATH, Answer, HTTPServer, answer_on, http_server, modern
from tests.stdio.wire import SECONDS
from tests.test_cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = "https://app.example.com"
FLAGS = (
    *("--metrics-addr", "127.0.0.1:0", "--allowed-origins", PAGE, "--trusted-proxies", "127.0.0.1,10.0.0.0/8"),
    *SLOW,
)


@pytest.fixture(scope="module")
def plain() -> Iterator[HTTPServer]:
    """A server, and a listener for its operators."""
    with http_server(*FLAGS, variables=SLOW_PATH) as found:
        yield found


def operators(server: HTTPServer) -> HTTPServer:
    found = re.search(rb"Serving operators at (\S+?)/readyz", server.wire.stderr)
    assert found
    return HTTPServer(server.wire, found[1].decode())


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/readyz?verbose"])
def test_probes_need_no_name_and_get_no_details(plain: HTTPServer, path: str) -> None:
    found = plain.ask(headers={"Host": "10.1.2.3:8080"}, method="GET", path=path)
    assert (found.status, found.body) == (200, b"ok\n")


def test_operators_are_told_the_details_and_nobody_can_call_there(plain: HTTPServer) -> None:
    listener = operators(plain)
    details = listener.ask(method="GET", path="/readyz?verbose").body.decode().splitlines()
    assert details[0] == "[+]running ok"
    assert "[+]store memory ok" in details
    assert "[+]plugin slow_plugin active" in details
    assert listener.ask(method="GET", path="/healthz").body == b"ok\n"
    assert listener.ask(*modern("tools/list"), path="/mcp").status == 404


def test_a_server_that_is_told_to_end_is_not_ready_while_it_finishes(tmp_path: Path) -> None:
    with http_server(*FLAGS, variables=SLOW_PATH) as server:
        listener = operators(server)
        sent = server.send(*modern("tools/call", name="slow_until", arguments={"path": str(tmp_path / "go")}))
        server.wire.until(lambda: b"begun: " in server.wire.stderr, "the call's beginning")
        server.wire.process.send_signal(signal.SIGTERM)
        while (found := listener.ask(method="GET", path="/readyz?verbose")).status == 200:
            pass
        assert found.status == 503
        assert found.body.startswith(b"[-]running: draining")
        assert listener.ask(method="GET", path="/healthz").status == 200
        (tmp_path / "go").touch()
        assert answer_on(sent).text == "Finished."
        assert server.wire.end() == 0


def test_a_page_is_told_that_it_may_call_and_what_it_may_see(plain: HTTPServer) -> None:
    wanted = "authorization,content-type,mcp-protocol-version,mcp-method,mcp-name,mcp-session-id,last-event-id"
    asks = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted}
    preflight = plain.ask(headers=asks, method="OPTIONS")
    assert preflight.status == 200
    assert preflight.headers["access-control-allow-origin"] == PAGE
    called = plain.modern("tools/list", {"Origin": PAGE})
    assert called.status == 200
    assert called.headers["access-control-allow-origin"] == PAGE
    assert "Mcp-Session-Id" in called.headers["access-control-expose-headers"]


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_another_page_is_told_nothing(plain: HTTPServer, method: str) -> None:
    asks = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}
    found = plain.ask(modern("tools/list")[0], modern("tools/list", asks)[1], method)
    assert found.status == 403
    assert "access-control-allow-origin" not in found.headers


def test_a_browser_is_not_left_to_guess(plain: HTTPServer) -> None:
    for found in (plain.modern("tools/list"), plain.ask(b"{")):
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["cache-control"].startswith("no-")
        assert "frame-ancestors 'none'" in found.headers["content-security-policy"]
        assert "server" not in found.headers
        assert "strict-transport-security" not in found.headers


def test_a_trusted_proxy_says_who_calls_and_how(plain: HTTPServer) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    assert "strict-transport-security" in plain.modern("tools/list", forwarded).headers
    assert plain.ask(b"{", modern("tools/list", forwarded)[1]).status == 400
    plain.wire.until(lambda: b"Refused with 400, from 203.0.113.9: " in plain.wire.stderr, "the refusal")


def test_a_renewed_certificate_is_used_by_the_next_connection_and_a_half_renewed_one_is_not(tmp_path: Path) -> None:
    first, second = (Pki.create(tmp_path / name) for name in ("first", "second"))
    renew(tmp_path, *first.issue("server", server=True))
    files = ("--tls-cert-file", str(tmp_path / "server.crt"), "--tls-key-file", str(tmp_path / "server.key"))
    with http_server(*files) as server:
        assert server.url.startswith("https://")
        assert over_tls(server, first).headers["strict-transport-security"]
        certificate, key = second.issue("server", server=True)
        renew(tmp_path, certificate, None)
        assert over_tls(server, first).status == 200
        renew(tmp_path, None, key)
        assert over_tls(server, second).status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            over_tls(server, first)
        believed = {"X-Forwarded-For": "203.0.113.9", "Host": "evil.example.com"}
        assert over_tls(server, second, believed).status == 421
        server.wire.until(lambda: b"Refused with 421, from 127.0.0.1: " in server.wire.stderr, "the refusal")


def renew(folder: Path, certificate: bytes | None, key: bytes | None) -> None:
    """Put new files where the server looks, as whoever renews them does: each at once."""
    for name, content in (("server.crt", certificate), ("server.key", key)):
        if content is not None:
            (folder / "fresh").write_bytes(content)
            (folder / "fresh").replace(folder / name)


def over_tls(server: HTTPServer, authority: Pki, headers: dict[str, str] | None = None) -> Answer:
    context = ssl.create_default_context(cafile=str(authority.ca))
    connection = http.client.HTTPSConnection(*server.address, timeout=SECONDS, context=context)
    content, own = modern("tools/list", headers)
    connection.request("POST", server.path, content, own)
    return answer_on(connection)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--tls-cert-file", __file__], "it has no effect, because --tls-key-file is not set"),
        (["--tls-key-file", __file__], "it has no effect, because --tls-cert-file is not set"),
        (["--tls-cert-file", __file__, "--tls-key-file", __file__], "cannot be used"),
        (["--trusted-proxies", "proxy.example.com"], "http.trusted_proxies.0 is not valid"),
        (["--http-endpoint", "/healthz"], "that path is for probes"),
    ],
)
def test_what_cannot_be_honoured_is_a_sentence_and_exit_code_3(flags: list[str], sentence: str) -> None:
    done = run("serve", "--transport", "streamable-http", "--http-addr", "127.0.0.1:0", *flags)
    assert done.returncode == 3
    assert sentence in done.stderr

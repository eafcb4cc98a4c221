"""Invariant 9: loopback unless the operator says otherwise; Host and Origin are checked."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.transports.http.addresses import listening
from tests.http.server import HTTPServer, http_server
from tests.test_cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator

ALLOWED = ("--allowed-hosts", "mcp.example.com,other.example.com:8443", "--allowed-origins", "https://app.example.com")


@pytest.fixture(scope="module")
def server() -> Iterator[HTTPServer]:
    """One on loopback, with two names and an origin more."""
    with http_server(*ALLOWED) as found:
        yield found


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8080", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:8080", 200),
        ("mcp.example.com", 200),
        ("mcp.example.com:443", 200),
        ("other.example.com:8443", 200),
        ("other.example.com", 421),
        ("evil.example.com", 421),
        ("localhost.evil.example.com", 421),
        ("127.0.0.1.evil.example.com", 421),
        ("127.0.0.1@evil.example.com", 421),
        ("localhost:evil", 421),
        ("mcp.example.com.", 421),
        ("10.0.0.1", 421),
        ("0.0.0.0", 421),  # noqa: S104 - a name that a client claims
        ("", 421),
    ],
)
def test_a_name_that_leads_here_and_is_not_ours_is_misdirected(server: HTTPServer, host: str, status: int) -> None:
    assert server.modern("tools/list", {"Host": host}).status == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:6274", 200),
        ("http://127.0.0.1", 200),
        ("https://app.example.com", 200),
        ("https://app.example.com:444", 403),
        ("http://app.example.com", 403),
        ("https://app.example.com.evil.com", 403),
        ("http://localhost.evil.com", 403),
        ("file://localhost", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_a_page_of_another_origin_may_not_call(server: HTTPServer, origin: str, status: int) -> None:
    assert server.modern("tools/list", {"Origin": origin}).status == status


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_every_method_is_held_to_it(server: HTTPServer, method: str) -> None:
    assert server.ask(headers={"Host": "evil.example.com"}, method=method).status == 421
    assert server.ask(headers={"Origin": "http://evil.example.com"}, method=method).status == 403


def test_a_port_alone_means_loopback() -> None:
    for each in listening(":0", exposed=False):
        with each:
            assert each.getsockname()[0] in ("127.0.0.1", "::1")


def test_no_piece_of_an_answer_waits_for_the_one_before_to_be_acknowledged() -> None:
    for each in listening(":0", exposed=False):
        with each, socket.create_connection(each.getsockname()[:2]), each.accept()[0] as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "*:0"])
def test_an_address_that_others_reach_is_not_served_without_a_word(address: str) -> None:
    with pytest.raises(ConfigError):
        listening(address, exposed=False)


def test_a_name_of_an_address_that_others_reach_is_not_served_either() -> None:
    with pytest.raises(ConfigError, match=r"let clients sign in .* or say --allow-unauthenticated"):
        listening(f"{_outside()}:0", exposed=False)


def _outside() -> str:
    """An address of this machine that others reach; no packet is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "0.0.0.0"  # noqa: S104 - the machine has no network; this stands for every address
        return str(probe.getsockname()[0])


def test_the_operator_s_plain_words_expose_it_and_localhost_is_then_no_name_of_it() -> None:
    with http_server("--allow-unauthenticated", address=f"{_outside()}:0") as server:
        assert server.modern("tools/list").status == 200
        for name in ("localhost", "evil.example.com"):
            assert server.modern("tools/list", {"Host": name}).status == 421
        assert server.modern("tools/list", {"Origin": "http://localhost"}).status == 403


def test_an_address_in_use_is_a_sentence_and_exit_code_3(server: HTTPServer) -> None:
    address = "{}:{}".format(*server.address)
    done = run("serve", "--transport", "streamable-http", "--http-addr", address)
    assert done.returncode == 3
    assert done.stderr == f"mcp-kubernetes: The server cannot listen at {address}: Address already in use.\n"


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--http-addr", ":1"], "Flag --http-addr: it has no effect, because --transport is not streamable-http."),
        (["--stateless"], "Flag --stateless: it has no effect, because --transport is not streamable-http."),
        (
            ["--transport", "streamable-http", "--stateless", "--max-sessions", "5"],
            "Flag --max-sessions: it has no effect, because --stateless keeps no sessions.",
        ),
    ],
)
def test_an_option_without_effect_is_an_error(flags: list[str], sentence: str) -> None:
    done = run("serve", *flags)
    assert done.returncode == 3
    assert done.stderr == f"mcp-kubernetes: {sentence}\n"

"""Tokens: who has one is who it says, nobody else gets in, and no user's session serves another (invariant 6)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.http.server import SLOW, SLOW_PATH, Answer, HTTPServer, Session, http_server
from tests.stdio.kubeconfigs import contexts
from tests.test_cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

HTTP = ("serve", "--transport", "streamable-http", "--http-addr", "127.0.0.1:0")
ALICE, BOB = {"Authorization": "Bearer token-of-alice"}, {"Authorization": "bearer  token-of-bob "}


def line(token: str, rest: str) -> str:
    return f"{hashlib.sha256(token.encode()).hexdigest()},{rest}\n"


_LINES = (line("token-of-alice", 'alice,"admins, readers"'), line("token-of-bob", "bob"))
TOKENS = "# who may come in\n\n" + "".join(_LINES)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of tokens."""
    path = tmp_path_factory.mktemp("tokens") / "tokens.csv"
    path.write_text(TOKENS, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def server(tokens: Path, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HTTPServer]:
    """One that clients have to sign in to."""
    folder = tmp_path_factory.mktemp("two-contexts")
    kubeconfig = contexts(folder, cluster.kubeconfig, {"one": "", "two": ""}, "one")
    with http_server("--token-file", str(tokens), *SLOW, kubeconfig=kubeconfig, variables=SLOW_PATH) as found:
        yield found
        assert b"token-of-" not in found.wire.stderr


def who(server: HTTPServer, headers: dict[str, str]) -> Answer:
    return server.modern("tools/call", headers, name="slow_who", arguments={})


def test_each_token_is_an_identity_of_its_own(server: HTTPServer) -> None:
    assert who(server, ALICE).text == "token-file|alice|admins,readers"
    assert who(server, BOB).text == "token-file|bob|"
    assert [entry["identity"] for entry in server.wire.audit(2)[:2]] == ["alice", "bob"]


def test_what_only_who_signs_in_may_see_is_shared_with_nobody(server: HTTPServer) -> None:
    listed = server.modern("tools/list", ALICE).message["result"]
    assert (listed["ttlMs"], listed["cacheScope"]) == (300_000, "private")


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, "Bearer"),
        ({"Authorization": ""}, "Bearer"),
        ({"Authorization": "Bearer"}, "Bearer"),
        ({"Authorization": "Bearer "}, "Bearer"),
        ({"Authorization": "Basic token-of-alice"}, "Bearer"),
        ({"Authorization": "Bearer token-of-mallory"}, 'Bearer error="invalid_token"'),
        ({"Authorization": "Bearer token-of-alic"}, 'Bearer error="invalid_token"'),
        ({"Authorization": "Bearer token-of-alice token-of-bob"}, 'Bearer error="invalid_token"'),
        ({"Authorization": f"Bearer {TOKENS.splitlines()[2][:64]}"}, 'Bearer error="invalid_token"'),
        ({"Authorization": "Bearer \xff\xfe"}, 'Bearer error="invalid_token"'),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_nobody_else_gets_in(server: HTTPServer, headers: dict[str, str], challenge: str, method: str) -> None:
    found = server.ask(b"not even JSON", headers, method)
    assert found.status == 401
    assert found.headers["www-authenticate"] == challenge
    assert "sign in" in found.error.lower() or "not known" in found.error


def test_a_session_is_not_found_by_anybody_but_its_owner(server: HTTPServer) -> None:
    alices = server.open(ALICE)
    number = {"Mcp-Session-Id": alices.headers["Mcp-Session-Id"]}
    stolen = Session(server, {**BOB, **number})
    assert stolen.call("slow_who").status == 404
    assert stolen.ask("tools/list").status == 404
    assert stolen.notify("notifications/cancelled", requestId=1).status == 404
    assert server.ask(headers=stolen.all_headers, method="DELETE").status == 404
    assert server.ask(headers=stolen.all_headers, method="GET").status == 404
    assert Session(server, number).ask("tools/list").status == 401
    assert alices.call("slow_who").text == "token-file|alice|admins,readers"


def test_what_one_user_chose_another_does_not_meet(server: HTTPServer) -> None:
    alices, bobs, again = server.open(ALICE), server.open(BOB), server.open(ALICE)
    assert "two" in alices.call("k8s_switch_context", contextName="two").text
    current = [session.call("k8s_get_current_context").text for session in (alices, bobs, again)]
    assert ["\ntwo\t" in text for text in current] == [True, False, False]


def test_a_session_id_is_no_session_in_the_newer_version(server: HTTPServer) -> None:
    alices = server.open(ALICE)
    alices.call("k8s_switch_context", contextName="two")
    number = {**ALICE, "Mcp-Session-Id": alices.headers["Mcp-Session-Id"]}
    found = server.modern("tools/call", number, name="k8s_get_current_context", arguments={})
    assert "\none\t" in found.text


def test_a_cursor_of_one_user_is_refused_to_another(server: HTTPServer) -> None:
    def listed(headers: dict[str, str], **more: str) -> Answer:
        asked = {"resourceType": "namespaces", "limit": 1, "kubeContext": "one", **more}
        return server.modern("tools/call", headers, name="k8s_list_resources", arguments=asked)

    cursor = listed(ALICE).text.split("continue=")[1].split()[0].strip(".\"'")
    assert not listed(ALICE, **{"continue": cursor}).message["result"].get("isError")
    assert listed(BOB, **{"continue": cursor}).message["result"]["isError"]


def test_the_file_is_read_anew_when_it_changes_and_lets_nobody_in_while_it_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(TOKENS, encoding="utf-8")
    with http_server("--token-file", str(path), *SLOW, variables=SLOW_PATH) as server:
        assert who(server, ALICE).status == 200
        states = [
            (line("token-of-bob", "robert"), 401, 200),
            ("broken\n", 401, 401),
            (TOKENS, 200, 200),
        ]
        for text, alice, bob in states:
            fresh = path.with_name("fresh")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
            assert (who(server, ALICE).status, who(server, BOB).status) == (alice, bob)
        path.unlink()
        assert who(server, ALICE).status == 401
        server.wire.until(lambda: server.wire.stderr.count(b"lets nobody in") == 2, "two complaints")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "it cannot be read (No such file or directory)"),
        ("", "it holds no token"),
        ("# nobody\n", "it holds no token"),
        ("token-of-alice,alice\n", "line 1 is not `sha256-of-the-token,user,groups`"),
        (line("x", ""), "line 1 is not"),
        (line("x", "alice,a,b"), "line 1 is not"),
        (line("x", "alice") * 2, "it has one token twice"),
        ("\udcff", "it is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence_and_exit_code_3(
    tmp_path: Path, text: str | None, sentence: str
) -> None:
    path = tmp_path / "tokens"
    if text is not None:
        path.write_bytes(text.encode(errors="surrogateescape"))
    done = run(*HTTP, "--token-file", str(path))
    assert done.returncode == 3
    assert done.stderr.startswith(f"mcp-kubernetes: Flag --token-file: http.token_file is not valid: {sentence}")
    assert "token-of-alice" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MCP_KUBERNETES_AUTH__PROVIDERS": "oauth"}, "auth.providers names 'oauth', which no plugin offers"),
        ({"MCP_KUBERNETES_HTTP__ALLOW_UNAUTHENTICATED": "true"}, "--allow-unauthenticated has no effect"),
    ],
)
def test_what_says_yes_and_no_at_once_is_not_started(tokens: Path, variables: dict[str, Any], sentence: str) -> None:
    done = run(*HTTP, "--token-file", str(tokens), **variables)
    assert done.returncode == 3
    assert sentence in done.stderr

"""Over HTTP, each user has a share of the server: calls, sessions, and nothing that stays when they have gone."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.http.server import ACCEPT, SLOW, SLOW_PATH, Answer, HTTPServer, answer_on, body, http_server, modern, opening
from tests.http.test_disconnecting import leave, running
from tests.http.test_signing_in import ALICE, BOB, TOKENS
from tests.stdio.wire import SECONDS
from tests.test_cli import run

if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable, Iterator, Mapping

ONE_AND_ONE = {"MCP_KUBERNETES_LIMITS__CALLS": "1", "MCP_KUBERNETES_LIMITS__WAITING": "1"}
SESSIONS = 300
CLIENTS, ROUNDS = 40, 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HTTPServer]:
    """One of which each user gets one call that runs, and one that waits."""
    tokens = tmp_path_factory.mktemp("tokens") / "tokens.csv"
    tokens.write_text(TOKENS, encoding="utf-8")
    with http_server("--token-file", str(tokens), *SLOW, variables=SLOW_PATH | ONE_AND_ONE) as found:
        yield found


def slow(path: Path, user: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    return modern("tools/call", user, name="slow_until", arguments={"path": str(path)})


def who(server: HTTPServer, user: dict[str, str]) -> Answer:
    return server.modern("tools/call", user, name="slow_who", arguments={})


def test_a_call_beyond_the_line_is_answered_with_429_and_when_to_come_back(server: HTTPServer, tmp_path: Path) -> None:
    go = tmp_path / "go"
    runs = running(server, *slow(go, ALICE))
    waits = server.send(*slow(go, ALICE))
    refused = _until(lambda: who(server, ALICE), 429)
    assert refused.headers["retry-after"] == "1"
    assert refused.error.startswith("1 calls of yours run and 1 wait, the most that this server takes from one user.")
    assert refused.message["id"] == 1
    assert server.modern("tools/list", ALICE).status == 200
    assert who(server, BOB).text.endswith("|bob|")
    go.touch()
    assert _finished(runs, waits)
    assert who(server, ALICE).status == 200


def test_who_leaves_the_line_makes_room(server: HTTPServer, tmp_path: Path) -> None:
    go = tmp_path / "go"
    runs = running(server, *slow(go, ALICE))
    waits = server.send(*slow(go, ALICE))
    _until(lambda: who(server, ALICE), 429)
    leave(waits)
    later = server.send(*slow(go, ALICE))
    _until(lambda: who(server, ALICE), 429)
    go.touch()
    assert _finished(runs, later)


def _finished(*calls: http.client.HTTPConnection) -> bool:
    """Whether all of them end well; a note may say that one waited."""
    return all(answer_on(call).text.startswith("Finished.") for call in calls)


def test_sessions_beyond_the_limit_are_refused_until_one_ends() -> None:
    with http_server("--max-sessions", str(SESSIONS)) as server:
        opened = [_opened(server) for _ in range(SESSIONS)]
        assert {found.status for found in opened} == {200}
        assert _opened(server).status == 503
        assert server.ask(headers=_of(opened[0]), method="DELETE").status == 200
        assert [_opened(server).status for _ in range(2)] == [200, 503]


def test_one_user_s_sessions_leave_room_for_others(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text(TOKENS, encoding="utf-8")
    limits = {"MCP_KUBERNETES_LIMITS__SESSIONS": "3"}
    with http_server("--token-file", str(tokens), "--max-sessions", "5", variables=limits) as server:
        with ThreadPoolExecutor(8) as many:
            opened = list(many.map(lambda _: _opened(server, ALICE), range(8)))
        assert sorted(found.status for found in opened) == [200] * 3 + [429] * 5
        refused = next(found for found in opened if found.status == 429)
        assert refused.error == "You have 3 sessions open, the most that this server keeps for one user: end some."
        assert [_opened(server, BOB).status for _ in range(3)] == [200, 200, 503]
        first = next(found for found in opened if found.status == 200)
        assert server.ask(headers=_of(first) | ALICE, method="DELETE").status == 200
        assert _opened(server, ALICE).status == 200


def test_idle_sessions_are_ended_and_make_room() -> None:
    with http_server("--max-sessions", "20", "--session-idle-timeout", "1") as server:
        opened = [_opened(server) for _ in range(20)]
        _until(lambda: _opened(server), 200)
        _until(lambda: server.ask(body("tools/list"), _of(opened[0])), 404)


def test_when_a_crowd_has_gone_nothing_of_it_is_left(tmp_path: Path) -> None:
    """Calls that end, calls whose clients leave, and calls that are refused: file descriptors and tasks come back."""
    with http_server(*SLOW, variables=SLOW_PATH | {"MCP_KUBERNETES_LIMITS__CALLS": "4"}) as server:
        who(server, {})
        before = _held(server)
        for _ in range(ROUNDS):
            with ThreadPoolExecutor(CLIENTS) as crowd:
                list(crowd.map(lambda number: _come_and_go(server, number, tmp_path), range(CLIENTS)))
        limit = time.monotonic() + SECONDS
        while (is_more := _more(_held(server), before)) and time.monotonic() < limit:
            time.sleep(0.1)
        assert not is_more


def _come_and_go(server: HTTPServer, number: int, folder: Path) -> None:
    if number % 2:
        assert who(server, {}).status == 200
    else:
        leave(server.send(*slow(folder / "never", {})))


def _more(now: tuple[int, int], before: tuple[int, int]) -> bool:
    return now[0] > before[0] or now[1] > before[1]


def _held(server: HTTPServer) -> tuple[int, int]:
    """File descriptors and tasks of the server. The call that asks is one of them, each time."""
    tasks = int(server.modern("tools/call", name="slow_tasks", arguments={}).text)
    return len(list(Path(f"/proc/{server.wire.process.pid}/fd").iterdir())), tasks


def _of(opened: Answer) -> dict[str, str]:
    return {**ACCEPT, "Mcp-Session-Id": opened.headers["mcp-session-id"]}


def _opened(server: HTTPServer, user: Mapping[str, str] | None = None) -> Answer:
    content, headers = opening()
    return server.ask(content, {**headers, **(user or {})})


def _until(ask: Callable[[], Answer], status: int) -> Answer:
    """Ask until this is the answer."""
    limit = time.monotonic() + SECONDS
    while (found := ask()).status != status and time.monotonic() < limit:
        time.sleep(0.05)
    assert found.status == status
    return found


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        ((), {}, "MCP_KUBERNETES_LIMITS__CALLS: it has no effect, because --transport is not streamable-http"),
        (
            ("--transport", "streamable-http", "--http-addr", "127.0.0.1:0"),
            {"MCP_KUBERNETES_LIMITS__RATE": "0", "MCP_KUBERNETES_LIMITS__BURST": "5"},
            "it has no effect, because limits.rate is 0, so there is no rate to burst beyond",
        ),
    ],
)
def test_limits_without_effect_are_an_error(
    arguments: tuple[str, ...], variables: dict[str, Any], sentence: str
) -> None:
    done = run("serve", *arguments, **{"MCP_KUBERNETES_LIMITS__CALLS": "5", **variables})
    assert done.returncode == 3
    assert sentence in done.stderr

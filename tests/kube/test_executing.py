"""The exec protocol where a real API server cannot be had: v4, and servers that break off. All against a double."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.kube.catalogue.resources import Resource
from mcp_kubernetes.kube.containers.executing import Command, Execution, execute
from tests.kube.exec_double import ExecDouble
from tests.kube.scripted import exchange

if TYPE_CHECKING:
    from tests.kube.exec_double import Message

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
SUCCESS = json.dumps({"status": "Success"}).encode()
PODS = Resource(group="", version="v1", plural="pods", kind="Pod", singular="pod", namespaced=True)


def failure(code: str) -> bytes:
    causes = [{"reason": "ExitCode", "message": code}]
    return json.dumps({"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}).encode()


async def run(double: ExecDouble, stdin: bytes | None = None, *, tty: bool = False, seconds: float = 20.0) -> Execution:
    command = Command(resource=PODS, namespace="default", pod="p", container=None, words=("cat", "-"), stdin=stdin,
                      tty=tty, seconds=seconds)  # fmt: skip
    sender = exchange(double.entry)
    try:
        return await execute(sender.connect, command, 1_000)
    finally:
        await sender.pool.aclose()


async def test_v5_is_preferred_and_v4_will_do() -> None:
    for spoken in (V5, V4):
        async with ExecDouble([(1, b"out"), (3, SUCCESS)], protocols=(spoken,)) as double:
            found = await run(double)
        assert (found.exit_code, found.stdout.excerpt(100).text) == (0, "out")
        assert double.requests[0].headers["Sec-WebSocket-Protocol"].replace(" ", "") == f"{V5},{V4}"


async def test_the_request_says_what_to_run_and_which_streams_there_are() -> None:
    async with ExecDouble([(3, SUCCESS)]) as double:
        await run(double, b"")
        await run(double, tty=True)
    queries = [sorted(request.query.items()) for request in double.requests]
    words = [("command", "-"), ("command", "cat")]
    assert queries[0] == sorted([*words, ("stdin", "true"), ("stdout", "true"), ("stderr", "true")])
    assert queries[1] == sorted([*words, ("stdout", "true"), ("tty", "true")])


async def test_with_v5_the_end_of_standard_input_is_said_and_with_v4_that_it_cannot_be() -> None:
    async with ExecDouble([(3, SUCCESS)], awaited=5) as double:
        assert (await run(double, b"input")).unfed == ""
    async with ExecDouble([], protocols=(V5,)) as double:
        assert (await run(double, b"input", seconds=0.5)).unfed == ""
    assert double.received == [b"\0input", b"\xff\0"]
    async with ExecDouble([], protocols=(V4,)) as double:
        found = await run(double, b"input", seconds=0.5)
    assert double.received == [b"\0input"]
    assert "cannot be told that standard input ends (it speaks v4.channel.k8s.io, not v5)" in found.unfed
    assert found.problem.startswith("Nothing told of its end within 0.5 s")


async def test_a_terminal_is_told_the_end_as_a_person_would() -> None:
    for typed, sent in ((b"line\n", b"\x04"), (b"half", b"\x04\x04")):
        async with ExecDouble([]) as double:
            await run(double, typed, tty=True, seconds=0.5)
        assert double.received == [b"\0" + typed, b"\0" + sent]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ([(3, failure("7"))], 7),
        ([(3, failure("7")[:20]), (3, failure("7")[20:])], 7),
        ([(3, failure("7")), None], 7),
        ([(1, b""), (2, b""), (3, SUCCESS)], 0),
        ([(9, b"of no channel that we know"), (3, SUCCESS)], 0),
    ],
    ids=["at once", "in pieces", "before it breaks off", "after empty messages", "beside unknown channels"],
)
async def test_the_end_counts_once_it_was_told(script: list[Message], code: int) -> None:
    async with ExecDouble(script) as double:
        found = await run(double)
    assert (found.exit_code, found.problem) == (code, "")
    assert len(double.requests) == 1


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ([(1, b"begun")], "The connection was closed without a word"),
        ([(1, b"begun"), None], "The connection broke off"),
        ([(1, b"begun"), (3, b"no JSON")], "The connection was closed without a word"),
        ([(1, b"begun"), (3, b"{}")], "The API server tells this instead"),
        ([(1, b"begun"), (3, failure("many"))], "The API server tells this instead: NonZeroExitCode"),
        ([(1, b"begun"), (3, failure("9" * 5_000))], "The API server tells this instead: NonZeroExitCode"),
    ],
    ids=["silence", "break", "no JSON", "no status", "no number", "a huge number"],
)
async def test_without_an_exit_code_the_reason_is_told_and_nothing_is_run_again(
    script: list[Message], problem: str
) -> None:
    async with ExecDouble(script) as double:
        found = await run(double)
    assert found.exit_code is None
    assert found.problem.startswith(problem)
    assert found.stdout.excerpt(100).text == "begun"
    assert len(double.requests) == 1

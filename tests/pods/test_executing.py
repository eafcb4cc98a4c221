"""`k8s_exec_pod` on a real node: exit code, output and input, each as the command itself has them."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from pytest_mcp_kubernetes.apps import text
from tests.pods.conftest import NAMESPACE

if TYPE_CHECKING:
    from tests.calling import Call
    from tests.cluster import Cluster
    from tests.cluster.node import Pods
    from tests.pods.conftest import Run

JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9.eyJzdWIiOiJ0ZXN0LXVzZXIiLCJhIjoxfQ.c2lnbmF0dXJlLW9mLXRlc3Q"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow{0}\n-----END RSA PRIVATE KEY-----"

needs_containers = pytest.mark.usefixtures("pods")
"""A node that kwok simulates tells no exit codes but 0, and ends no process with its pod."""


def streams(answer: str) -> dict[str, str]:
    """What is fenced, by the name of the stream."""
    return {
        name: body
        for name, mark, body in re.findall(r"(\w+), [\d,]+ bytes:\n<<<data (\w+)\n(.*?)\n\2>>>", answer, re.DOTALL)
    }


@needs_containers
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["true"], "exit code 0"),
        (["sh", "-c", "exit 7"], "exit code 7"),
        (["sh", "-c", "/etc/passwd"], "exit code 126"),
        (["sh", "-c", "no-such-program"], "exit code 127"),
        (["sh", "-c", "kill -KILL $$"], "exit code 137, as of a command that SIGKILL ended"),
        (["sh", "-c", "kill -TERM $$"], "exit code 143, as of a command that SIGTERM ended"),
    ],
    ids=["success", "failure", "not executable", "not found", "killed", "terminated"],
)
async def test_the_exit_code_is_the_command_s_own(run: Run, command: list[str], code: str) -> None:
    assert (await run(*command)).split("\n")[0].endswith(f", container main: {code}")


async def test_the_two_streams_come_apart(run: Run) -> None:
    answer = await run("sh", "-c", "echo to out; echo to err >&2")
    assert streams(answer) == {"stdout": "to out", "stderr": "to err"}


@needs_containers
async def test_a_program_that_is_not_there_is_told_in_the_runtime_s_words(run: Run) -> None:
    answer = await run("no-such-program", "argument")
    assert "no exit code. The API server tells this instead: error executing command in container" in answer
    assert '"no-such-program": executable file not found in $PATH' in answer


async def test_words_are_arguments_and_no_shell_reads_them(run: Run) -> None:
    words = ["a b", "$HOME", "*", "; id", "ä€", "", "--", "&command=id", "%2e"]
    answer = await run("printf", "<%s>", *words)
    assert streams(answer)["stdout"] == "".join(f"<{word}>" for word in words)


async def test_standard_input_is_given_and_ends(run: Run) -> None:
    assert streams(await run("cat", stdin="one\ntwo ä€\n")) == {"stdout": "one\ntwo ä€"}
    assert "stdout is empty" in await run("cat", stdin="")


async def test_without_standard_input_a_reader_sees_its_end_at_once(run: Run) -> None:
    assert "exit code 0\nstdout is empty" in await run("cat")


async def test_a_command_need_not_read_what_it_is_given(run: Run) -> None:
    answer = await run("sh", "-c", "exec <&-; echo done", stdin="x" * 50_000)
    assert "exit code 0" in answer
    assert streams(answer) == {"stdout": "done"}


@needs_containers
async def test_a_megabyte_goes_in_whole_and_its_digest_comes_out(run: Run) -> None:
    answer = await run("sh", "-c", "wc -c", stdin="0123456789abcde\n" * 62_500)
    assert streams(answer)["stdout"].strip() == "1000000"


async def test_in_a_terminal_both_streams_are_one_and_the_input_ends_there_too(run: Run) -> None:
    answer = await run("sh", "-c", "test -t 1 && echo terminal >&2; cat >/dev/null", tty=True, stdin="half a line")
    assert "exit code 0" in answer
    assert "terminal" in streams(answer)["stdout"]
    assert "stderr" not in answer


@needs_containers
async def test_a_character_that_comes_in_pieces_is_one_character(run: Run) -> None:
    answer = await run("sh", "-c", r"printf '\xe2'; sleep 0.1; printf '\x82'; sleep 0.1; printf '\xac\n'")
    assert streams(answer)["stdout"] == "€"
    assert "UTF-8" not in answer


async def test_bytes_that_are_no_text_are_shown_as_such_and_counted(run: Run) -> None:
    answer = await run("printf", r"a\xff\xfe\x80b\n")
    assert streams(answer)["stdout"] == "a\ufffd\ufffd\ufffdb"
    assert "stdout, 6 bytes:" in answer
    assert "note: Not all of stdout is UTF-8 text" in answer


async def test_the_beginning_and_the_end_of_long_output_are_kept_within_the_budget(run: Run) -> None:
    answer = await run("seq", "200000", maxBytes=4_000)
    assert len(answer.encode()) <= 4_000
    lines = streams(answer)["stdout"].split("\n")
    assert (lines[0], lines[-1]) == ("1", "200000")
    assert "bytes are left out here" in answer
    assert re.search(r"note: Of stdout, [\d,]+ of 1,288,895 bytes are left out", answer)


async def test_what_one_stream_does_not_need_is_the_other_s(run: Run) -> None:
    both = await run("sh", "-c", "seq 20000; seq 20000 >&2", maxBytes=8_000)
    one = await run("sh", "-c", "seq 20000; echo short >&2", maxBytes=8_000)
    sizes = [{name: len(body) for name, body in streams(answer).items()} for answer in (both, one)]
    assert min(sizes[0].values()) > 2_000
    assert sizes[1]["stdout"] > 1.6 * sizes[0]["stdout"]
    assert streams(one)["stderr"] == "short"


async def test_at_the_deadline_what_was_printed_is_told_and_that_it_may_still_run(run: Run) -> None:
    answer = await run("sh", "-c", "echo begun; sleep 1000", timeoutSeconds=1)
    assert "no exit code. Nothing told of its end within 1 s; it may still run." in answer
    assert streams(answer) == {"stdout": "begun"}


@needs_containers
async def test_a_pod_that_is_deleted_meanwhile_takes_the_output_so_far_not_along(
    call: Call, cluster: Cluster, pods: Pods, namespace: str
) -> None:
    pods.run(namespace, "gone")
    command = ["sh", "-c", "echo begun; touch /tmp/begun; sleep 1000"]
    running = asyncio.ensure_future(
        call("k8s_exec_pod", namespace=namespace, podName="gone", command=command, timeoutSeconds=60)
    )
    begun = ["sh", "-c", "until test -e /tmp/begun; do sleep 0.05; done"]
    await asyncio.to_thread(cluster.kubectl, "exec", "--namespace", namespace, "gone", "--", *begun)
    await asyncio.to_thread(cluster.api.delete, f"/api/v1/namespaces/{namespace}/pods/gone")
    answer = text(await running)
    assert streams(answer) == {"stdout": "begun"}
    assert "exit code 137" in answer or "no exit code" in answer


async def test_a_wrong_name_is_told_in_the_api_server_s_own_sentence(call: Call, pod: str) -> None:
    where = {"namespace": NAMESPACE, "command": ["true"]}
    wrong = await call("k8s_exec_pod", podName=pod, containerName="other", **where)
    assert wrong.is_error
    assert f"container other is not valid for pod {pod}" in text(wrong)
    assert 'pods "nobody" not found' in text(await call("k8s_exec_pod", podName="nobody", **where))


async def test_credentials_in_the_output_are_masked_on_both_sides_of_what_is_left_out(run: Run) -> None:
    key = KEY.format("x" * 60 + "\n" + "y" * 60)
    script = "cat; i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; cat key-$$"
    answer = await run("sh", "-c", f"tee key-$$ | {script}", stdin=f"token {JWT}\n{key}\n", maxBytes=4_000)
    assert answer.count("<redacted>") >= 2
    assert JWT[-20:] not in answer
    assert "yyyy" not in answer

"""`mcp-kubernetes demo` as it is typed: it ends well, is plain text where nobody looks, and cleans up behind itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from mcp import Client

from tests.stdio.wire import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 120
_URL = re.compile(r"The server goes on at (\S+) until Ctrl-C")


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MCP_KUBERNETES_")}
    return kept | {"NO_COLOR": "1", "TERM": "dumb"} | more


def demo(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), "demo", *arguments], env=_environment(**environ), stdin=subprocess.DEVNULL, text=True,
        capture_output=True, check=False, timeout=_SECONDS, encoding="utf-8",
    )  # fmt: skip


def test_it_lists_finds_the_three_faults_tries_a_change_and_tells_how_to_go_on() -> None:
    done = demo()
    assert done.returncode == 0, done.stdout + done.stderr
    found = [done.stdout.find(words) for words in _IN_ORDER]
    assert -1 not in found
    assert found == sorted(found)
    assert "\x1b" not in done.stdout


_IN_ORDER = (
    "web-7c9d8b6f5-h4k2p",
    "ImagePullBackOff        pod/catalog",
    "ClaimUnbound",
    "CrashLoopBackOff        pod/payments",
    "fatal: GATEWAY_URL is not set",
    "GATEWAY_ADDRESS",
    "would be patched in shop, generation 4 → 5",
    "shop/catalog:2.4.l   registry.example/shop/catalog:2.4.1",
    "Dry run: nothing was changed.",
    "claude mcp add shop -- ",
    '"mcpServers"',
    '"servers"',
    "npx @modelcontextprotocol/inspector",
)


def test_at_a_terminal_it_has_colours() -> None:
    assert "\x1b[" in demo(NO_COLOR="", FORCE_COLOR="1", TERM="xterm-256color").stdout


def test_what_the_server_cannot_honour_is_told_in_its_words() -> None:
    done = demo("--nonsense")
    assert done.returncode == 1
    assert "There is no option --nonsense" in done.stdout


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A demo that goes on, and its address."""
    with subprocess.Popen(
        [str(PROGRAM), "demo", "--http", "--http-addr", "127.0.0.1:0"], env=_environment(), text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            found = next((url for line in process.stdout if (url := _URL.search(line))), None)
            assert found
            yield process, found[1]
        finally:
            with suppress(ProcessLookupError):  # all of them have ended, as they should
                os.killpg(process.pid, signal.SIGKILL)


async def test_over_http_it_goes_on_for_other_clients_and_ends_with_ctrl_c() -> None:
    with serving() as (process, url):
        change = {"resourceType": "configmap", "namespace": "shop", "name": "payments", "patchType": "merge"}
        async with Client(url) as client:
            done = await client.call_tool("k8s_patch_resource", {**change, "patch": {"data": {"GATEWAY_URL": "x"}}})
        assert not done.is_error, done.content
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=_SECONDS) == 130
        with pytest.raises(Exception, match=r"."):
            async with Client(url) as client:
                await client.list_tools()

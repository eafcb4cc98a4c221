"""Broken plugins, really installed beside one that works, in real servers.

Two columns for each kind. Merely installed: the plugin is set aside, and everything else works; all of them are
installed in one place, so none hides another. Named by configuration: the server does not start, exit code 3, one
sentence. What breaks only while the server runs, or ends, is the same in both: there is no start left to refuse.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.invariants.planted import Planted, jwt, random_text
from tests.sites import TOOL, Site
from tests.stdio.broken_plugins import DEAF, LOADING, RUNNING, SOUND, STARTING, Broken, ending
from tests.stdio.wire import PROGRAM, Wire, environment, serving, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = random_text()
VARIABLES = {"PLANTED": jwt(SECRET), "BLOCKS": "2", "MCP_KUBERNETES_PLUGINS__LIFESPAN_TIMEOUT": "1"}
ASIDE = {**LOADING, **STARTING}


class Place:
    """A folder with plugins in it, and programs that find them there."""

    def __init__(self, folder: Path, plugins: dict[str, Broken]) -> None:
        self.site = Site(folder)
        for name, broken in plugins.items():
            self.site.install(name, broken.code, requires=broken.requires)
        path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
        self.variables = {**VARIABLES, "PYTHONPATH": path}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command to its end. Whatever it writes is without the planted credential."""
        done = subprocess.run(
            [PROGRAM, *words],
            env=environment(None, **self.variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
        assert not Planted((SECRET,)).left_in(done.stdout + done.stderr)
        return done


def sound(folder: Path, **broken: Broken) -> Place:
    """A place with the sound plugin and these."""
    return Place(folder, {"sound": Broken(code=SOUND, reason=""), **broken})


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """All kinds of plugins that are set aside, and a sound one."""
    return sound(tmp_path_factory.mktemp("crowd"), **ASIDE)


@pytest.fixture(scope="module")
def among(crowd: Place) -> Iterator[Wire]:
    """A server among all of them, that has answered."""
    with serving("--log-format", "json", variables=crowd.variables) as server:
        server.open()
        yield server


@pytest.fixture(scope="module")
def listed(crowd: Place) -> dict[str, dict[str, Any]]:
    """What `mcp-kubernetes plugins` tells of each."""
    return {state["name"]: state for state in json.loads(crowd.run("plugins", "--json").stdout)}


def test_the_others_tools_are_served_and_answer(among: Wire) -> None:
    names = {tool["name"] for tool in among.ask("tools/list")["tools"]}
    assert {"sound_tool", "k8s_list_resources", "k8s_list_contexts"} <= names
    assert not [name for name in names if name.endswith("_tool") and name != "sound_tool"]
    assert text(among.call("sound_tool")) == "It worked."


@pytest.mark.parametrize("kind", ASIDE)
def test_one_that_is_merely_installed_is_set_aside_and_the_log_says_why_and_what_to_do(among: Wire, kind: str) -> None:
    records = [json.loads(line) for line in among.stderr.splitlines() if b"is set aside" in line]
    (said,) = (each["message"] for each in records if f"The plugin {kind!r} " in each["message"])
    assert said.startswith(f"The plugin {kind!r} (distribution {kind.replace('_', '-')}) is set aside: ")
    assert ASIDE[kind].reason in said
    assert said.endswith(f"; --disable-plugin {kind} leaves it out.")
    assert not Planted((SECRET,)).left_in(said)


@pytest.mark.parametrize("kind", LOADING)
def test_the_command_plugins_shows_what_was_wrong_with_it(listed: dict[str, dict[str, Any]], kind: str) -> None:
    assert listed[kind]["status"] == "set aside"
    assert LOADING[kind].reason in listed[kind]["reason"]


def test_the_command_plugins_opens_nothing_so_what_fails_later_is_active_there(
    listed: dict[str, dict[str, Any]],
) -> None:
    assert {listed[kind]["status"] for kind in (*STARTING, "sound")} == {"active"}


@pytest.mark.parametrize("kind", ASIDE)
def test_one_that_configuration_names_ends_the_start_with_exit_code_3_and_one_sentence(
    tmp_path: Path, kind: str
) -> None:
    place = sound(tmp_path, **{kind: ASIDE[kind]})
    done = place.run("--require-plugin", kind)
    assert (done.returncode, done.stdout) == (3, "")
    said = done.stderr.replace("The sound plugin stopped.\n", "")
    (sentence,) = (line for line in said.splitlines() if "the process ends without it" not in line)
    named = f"mcp-kubernetes: The plugin {kind!r} (distribution {kind.replace('_', '-')}) cannot be used: "
    assert sentence.startswith(named)
    assert ASIDE[kind].reason in sentence


def test_a_transport_goes_with_its_plugin(crowd: Place) -> None:
    done = crowd.run("--transport", "pigeon")
    assert (done.returncode, done.stdout) == (3, "")
    assert "mcp-kubernetes: There is no transport 'pigeon'; there are: streamable-http, stdio.\n" in done.stderr


TAKEN = {
    "a name that is this project's": ("oauth", "; uninstall it."),
    "a name that is the host's": ("server", "; uninstall it."),
    "a name that two distributions offer": ("sound", "uninstall or disable one."),
}


@pytest.mark.parametrize("kind", TAKEN)
@pytest.mark.parametrize("named", [False, True])
def test_a_plugin_under_anothers_name_ends_the_start_named_or_not(tmp_path: Path, kind: str, *, named: bool) -> None:
    """There is no telling which code is meant: docs/decisions/0004-who-keeps-a-name.md."""
    name, remedy = TAKEN[kind]
    place = sound(tmp_path)
    place.site.install("foreign", TOOL.format(name="foreign_hello"), name=name)
    done = place.run(*(("--require-plugin", name) if named else ()))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "foreign" in done.stderr
    assert done.stderr.endswith(f"{remedy}\n")


RUNS = {"merely installed": (False, "end"), "named": (True, "end"), "merely installed, SIGTERM": (False, "signal")}


@pytest.fixture(scope="module", params=list(RUNS.values()), ids=list(RUNS))
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A server, from start to end, with all plugins that break while it runs; each has been called, and answered."""
    named, way = request.param
    place = sound(tmp_path_factory.mktemp("running"), **RUNNING)
    with serving(
        *(word for kind in RUNNING if named for word in ("--require-plugin", kind)), variables=place.variables
    ) as server:
        server.open()
        server.until(lambda: RUNNING["child_fails"].reason.encode() in server.stderr, "the log")
        for name in ("sound", *RUNNING, "sound"):
            assert text(server.call(f"{name}_tool")) == "It worked."
        server.process.send_signal(signal.SIGTERM) if way == "signal" else server.close()
        assert server.end() == 0
        yield server


@pytest.mark.parametrize("kind", RUNNING)
def test_what_breaks_while_the_server_runs_or_ends_is_logged_under_the_plugins_name(ended: Wire, kind: str) -> None:
    """Its tools stay; the exit code is 0, for the client has got all of its answers, and has gone."""
    assert RUNNING[kind].reason.encode() in ended.stderr


def test_the_other_lifespans_stop_and_nothing_has_let_a_credential_or_a_traceback_out(ended: Wire) -> None:
    assert ended.stderr.count(b"The sound plugin stopped.") == 1
    assert b"Traceback" not in ended.stderr
    assert not Planted((SECRET,)).left_in((ended.stdout + ended.stderr).decode())


def test_a_handler_that_blocks_is_named_once_with_its_place_and_once_more_when_it_is_over(ended: Wire) -> None:
    lines = [line for line in ended.stderr.decode().splitlines() if "event loop" in line]
    assert len(lines) == 2
    assert re.search(r"at \S+/throwaway_\d+\.py:\d+ \(blocks_tool\), in the tool blocks_tool \(call \w+\)\.", lines[0])
    assert "The event loop turns again: the plugin 'blocks' blocked it for 2." in lines[1]


def test_the_log_tells_of_a_block_that_has_no_end_while_it_lasts(tmp_path: Path) -> None:
    variables = sound(tmp_path, blocks=RUNNING["blocks"]).variables | {"BLOCKS": "1000"}
    with serving(variables=variables) as server:
        server.open()
        server.send(server.request("tools/call", name="blocks_tool", arguments={}))
        server.until(lambda: RUNNING["blocks"].reason.encode() in server.stderr, "the log")


STUBBORN = {
    "an end that blocks the event loop": "time.sleep(1000)",
    "an end that does not listen": DEAF,
    "a thread that is left behind": "import threading; threading.Thread(target=time.sleep, args=(1000,)).start()",
}


def test_a_process_that_a_plugin_holds_ends_all_the_same_and_says_so(tmp_path: Path) -> None:
    """Exit code 1: this is a plugin's defect, and something was cut off. All kinds at once, for each takes its time."""
    with ExitStack() as stack:
        servers = [stack.enter_context(stubborn(tmp_path / kind, end)) for kind, end in STUBBORN.items()]
        for server in servers:
            server.open()
            assert text(server.call("sound_tool")) == "It worked."
            server.close()
        assert [server.end() for server in servers] == [1, 1, 1]
        assert all(b"the process ends without it." in server.stderr for server in servers)


def stubborn(folder: Path, end: str) -> AbstractContextManager[Wire]:
    """A server with one plugin, which ends in this way."""
    folder.mkdir()
    return serving(variables=Place(folder, {"sound": Broken(code=ending(end), reason="")}).variables)

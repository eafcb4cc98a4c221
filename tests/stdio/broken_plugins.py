"""Plugins, each broken in a way of its own: their code, what their distributions need, and what is said of them.

Each raises with a planted credential in its message, from the variable PLANTED, where it raises at all.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from mcp_kubernetes import hookspecs

_PRELUDE = """
import os
import time
from asyncio import Event, TaskGroup
from contextlib import asynccontextmanager

from mcp_kubernetes import Effect, Text, ToolCall, hookimpl, tool

FAILURE = OSError("no disk, said " + os.environ["PLANTED"])
"""

_TOOL = """
@tool(effect=Effect.READ, clustered=False)
async def {name}_tool(call: ToolCall) -> Text:
    "Be withdrawn with the plugin."
    {body}
    return Text("It worked.")

@hookimpl
def register_tools():
    return [{name}_tool]
"""

_LIFESPAN = """
@hookimpl
def lifespan():
    return live()

@asynccontextmanager
async def live():
    {start}
    yield
    {stop}
"""

_SOURCE = """
class Source:
    name, parameter, description = "{name}", "{name}Cluster", "A cluster."
    credentials, selectable = "{provider}", False
    async def list(self, access): ...
    async def get(self, name, access): ...

@hookimpl
def register_cluster_sources():
    return [Source()]
"""

_OFFERS = """
class Provider:
    name = "withdrawn"
    async def credentials(self, access, entry, refused=None): ...

class Pigeon:
    name = "pigeon"
    async def serve(self, app): ...

@hookimpl
def register_credential_providers():
    return [Provider()]

@hookimpl
def register_transports():
    return [Pigeon()]
"""

DEAF = """
    while True:
        try:
            await Event().wait()
        except BaseException:
            pass
"""
"""Waits for ever, and does not listen to being cancelled."""

HOOKS = sorted(name for name, found in vars(hookspecs).items() if hasattr(found, "mcp_kubernetes_spec"))
"""Every hook there is."""

NOT_TO_START = {"lifespan", "register_commands"}
"""Asked later: STARTING has the first; the second is for who types a command, and stands in tests/test_commands.py."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A broken plugin. `reason` is part of what is said when it is set aside."""

    code: str
    reason: str
    requires: str = ""


def _with_tool(name: str, code: str = "", body: str = "pass") -> str:
    return _PRELUDE + _TOOL.format(name=name, body=body) + textwrap.dedent(code)


def _lifespan(name: str, *, start: str = "pass", stop: str = "pass") -> str:
    return _with_tool(name, _LIFESPAN.format(start=start, stop=stop))


def _raising(hook: str) -> str:
    """A plugin whose one hook fails. Its tool stands in the way of `register_tools` failing."""
    failing = f"\n@hookimpl\ndef {hook}():\n    raise FAILURE\n"
    return _PRELUDE + failing if hook == "register_tools" else _with_tool(f"raises_in_{hook}", failing)


LOADING: dict[str, Broken] = {
    "import_error": Broken(
        code=_PRELUDE + "import nothing_of_this_name",
        reason="importing it failed: ModuleNotFoundError: No module named 'nothing_of_this_name'",
    ),
    "missing_dependency": Broken(
        code=_PRELUDE + "import nothing_of_this_name",
        requires="nothing-of-this-name>=2; python_version > '3'",
        reason="what it needs is not installed: pip install 'nothing-of-this-name>=2'",
    ),
    "wrong_host": Broken(
        code=_with_tool("wrong_host"),
        requires="mcp-kubernetes>=99",
        reason="it needs mcp-kubernetes>=99, and this is 0.1.0: install another version of it",
    ),
    "misspelt_hook": Broken(
        code=_with_tool("misspelt_hook", "\n@hookimpl\ndef register_tool(): ...\n"),
        reason="there is no hook register_tool (did you mean register_tools or register_stores?)",
    ),
    "wrong_signature": Broken(
        code=_with_tool("wrong_signature", "\n@hookimpl\ndef register_transports(setings): ...\n"),
        reason="Argument(s) {'setings'} are declared in the hookimpl but can not be found in the hookspec",
    ),
    "sync_handler": Broken(
        code=_PRELUDE + _TOOL.format(name="sync_handler", body="pass").replace("async def", "def"),
        reason="sync_handler_tool cannot be a tool: it is not an async function",
    ),
    "zz_duplicate_tool": Broken(
        code=_with_tool("sound"),
        reason="it offers the tool sound_tool as sound does",
    ),
    "lonely_source": Broken(
        code=_with_tool("lonely_source", _SOURCE.format(name="lonely", provider="nobody")),
        reason="its cluster source lonely needs the credential provider nobody, which no plugin offers",
    ),
    **{
        f"raises_in_{hook}": Broken(code=_raising(hook), reason=f"its hook {hook} failed: OSError: no disk")
        for hook in HOOKS
        if hook not in NOT_TO_START
    },
}
"""Known before anything is opened: `mcp-kubernetes plugins` shows it, too."""

STARTING: dict[str, Broken] = {
    "raises_in_lifespan": Broken(
        code=_raising("lifespan"),
        reason="its hook lifespan failed: OSError: no disk",
    ),
    "start_raises": Broken(
        code=_lifespan("start_raises", start="raise FAILURE") + _OFFERS,
        reason="its lifespan failed: OSError: no disk",
    ),
    "left_alone": Broken(
        code=_with_tool("left_alone", _SOURCE.format(name="left", provider="withdrawn")),
        reason="its cluster source left needs the credential provider withdrawn, which no plugin offers",
    ),
    "start_exits": Broken(
        code=_lifespan("start_exits", start="raise SystemExit(5)"),
        reason="its lifespan failed: SystemExit: 5",
    ),
    "start_hangs": Broken(
        code=_lifespan("start_hangs", start="await Event().wait()"),
        reason="its lifespan did not start within 1 s",
    ),
    "start_hangs_on": Broken(
        code=_lifespan("start_hangs_on", start=DEAF),
        reason="its lifespan did not start within 1 s",
    ),
}
"""Known when the server starts what plugins open, which `mcp-kubernetes plugins` does not."""

RUNNING: dict[str, Broken] = {
    "blocks": Broken(
        code=_with_tool("blocks", body='time.sleep(float(os.environ["BLOCKS"]))'),
        reason="The plugin 'blocks' blocks the event loop, for ",
    ),
    "child_fails": Broken(
        code=_with_tool(
            "child_fails",
            """
            @hookimpl
            def lifespan():
                return live()

            async def fail():
                raise FAILURE

            @asynccontextmanager
            async def live():
                async with TaskGroup() as group:
                    group.create_task(fail())
                    yield
            """,
        ),
        reason="The lifespan of the plugin 'child_fails' ended before the server did: ExceptionGroup",
    ),
    "stop_raises": Broken(
        code=_lifespan("stop_raises", stop="raise FAILURE"),
        reason="The lifespan of the plugin 'stop_raises' failed while it stopped: OSError: no disk",
    ),
    "stop_hangs": Broken(
        code=_lifespan("stop_hangs", stop="await Event().wait()"),
        reason="The lifespan of the plugin 'stop_hangs' did not stop within 1 s: cancelled.",
    ),
}
"""Known when it happens. The server has started, and it goes on."""


def ending(how: str) -> str:
    """A plugin that works, and ends in this way."""
    return _lifespan("sound", stop=how)


SOUND = ending('os.write(2, b"The sound plugin stopped.\\n")')
"""A plugin that works, and says when it stops."""

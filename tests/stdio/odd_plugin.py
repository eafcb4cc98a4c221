"""A plugin with the habits of a bad one: it prints, it takes its time, it refuses and it fails.

Loaded into real servers with `--plugin odd_plugin`; the folder is on their PYTHONPATH.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from mcp_kubernetes import Denied, Effect, Foreign, Text, Tool, ToolCall, hookimpl, tool


@tool(effect=Effect.READ, clustered=False)
async def odd_print(call: ToolCall) -> Text:  # noqa: ARG001 - the call is every tool's first parameter
    """Write to standard output in three ways."""
    print("stray: print", flush=True)  # noqa: T201 - that is its bad habit
    os.write(1, b"stray: descriptor\n")
    subprocess.run([sys.executable, "-c", "print('stray: child')"], check=True)  # noqa: ASYNC221 - it is odd
    return Text("Printed.")


@tool(effect=Effect.READ, clustered=False)
async def odd_wait(call: ToolCall) -> Text:
    """Say that it began, and never end."""
    sys.stderr.write(f"waiting: {call.id}\n")
    await asyncio.Event().wait()
    return Text("It ended.")


@tool(effect=Effect.READ, clustered=False)
async def odd_refuse(call: ToolCall) -> Text:  # noqa: ARG001
    """Refuse."""
    raise Denied("Not today.")


@tool(effect=Effect.READ, clustered=False)
async def odd_fail(call: ToolCall) -> Text:  # noqa: ARG001
    """Fail in a way that nobody foresaw."""
    raise ZeroDivisionError("the password is hunter2")


async def _await_a_cancelled_task() -> None:
    task = asyncio.create_task(asyncio.Event().wait())
    task.cancel()
    await task


async def _recurse() -> None:
    await _recurse()


RAISED = {
    "CancelledError": asyncio.CancelledError(),
    "KeyboardInterrupt": KeyboardInterrupt(),
    "SystemExit": SystemExit(7),
    "ExceptionGroup": ExceptionGroup("several", [ValueError(), TypeError()]),
    "BaseExceptionGroup": BaseExceptionGroup("several", [KeyboardInterrupt(), ValueError()]),
    "MemoryError": MemoryError(),
}
AWAITED = {"a cancelled task": _await_a_cancelled_task, "RecursionError": _recurse}


@tool(effect=Effect.READ, clustered=False)
async def odd_raise(call: ToolCall, what: str) -> Text:  # noqa: ARG001
    """End as no tool should."""
    if what in AWAITED:
        await AWAITED[what]()
    raise RAISED[what]


@tool(effect=Effect.READ, clustered=False)
async def odd_surrogate(call: ToolCall) -> Foreign:  # noqa: ARG001
    """Answer with what no encoding knows."""
    return Foreign("sky\ud800blue")


@tool(effect=Effect.READ, clustered=False)
async def odd_much(call: ToolCall) -> Foreign:  # noqa: ARG001
    """Answer with some twenty thousand bytes."""
    return Foreign("much\n" * 4_000)


@tool(effect=Effect.WRITE, clustered=False)
async def odd_write(call: ToolCall) -> Text:  # noqa: ARG001
    """Be hidden: this server only reads."""
    return Text("Written.")


@hookimpl
def register_tools() -> list[Tool]:
    """All of them."""
    return [odd_print, odd_wait, odd_refuse, odd_fail, odd_raise, odd_surrogate, odd_much, odd_write]

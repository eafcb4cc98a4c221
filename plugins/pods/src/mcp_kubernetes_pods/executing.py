"""`k8s_exec_pod`: one command in a container, and what came of it: output, errors and exit code, each by itself."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mcp_kubernetes import (
    Answer,
    Denied,
    Effect,
    Forbidden,
    Foreign,
    Namespace,
    Operation,
    Text,
    ToolCall,
    tool,
)
from mcp_kubernetes_pods.containers import NAMED, NAMES, default_container

if TYPE_CHECKING:
    from mcp_kubernetes import Excerpt, Execution

PodName = Annotated[str, Field(min_length=1, max_length=253, description="Name of the pod.")]
ContainerName = Annotated[str | None, Field(max_length=63, description="Default: kubectl's choice.")]
_Word = Annotated[str, Field(max_length=16_000)]
Command = Annotated[
    list[_Word], Field(min_length=1, max_length=200, description="Program and arguments; no shell unless it is one.")
]
Input = Annotated[str | None, Field(max_length=1_000_000, description="Text for its standard input, which then ends.")]
Seconds = Annotated[int, Field(ge=1, le=570, description="How long its end is waited for.")]
Terminal = Annotated[bool, Field(description="Run it in a terminal: stderr comes in stdout.")]

_CLOSING = 3.0
"""Seconds that a connection may take to close; they are the call's, not the command's."""

_AROUND = 640
"""Bytes for what stands around the output."""

_SIGNALS = 128
"""Shells add it to the number of the signal that ended a command."""


@tool(effect=Effect.CONNECT, title="Run a command in a pod", operations=[Operation.EXEC], timeout=60.0,
      duration="timeout_seconds", max_bytes=True)  # fmt: skip
async def k8s_exec_pod(
    call: ToolCall,
    pod_name: PodName,
    command: Command,
    namespace: Namespace = None,
    container_name: ContainerName = None,
    stdin: Input = None,
    timeout_seconds: Seconds = 30,
    tty: Terminal = False,
) -> Answer:
    """Run a command in a container, once; answers with its exit code, stdout and stderr."""
    container = container_name or await _chosen(call, pod_name, namespace)
    room = _room(call)
    found = await call.cluster.execute(
        pod_name,
        command,
        namespace,
        container=container,
        stdin=None if stdin is None else stdin.encode(),
        tty=tty,
        seconds=_patience(call, timeout_seconds),
        limit=room,
    )
    if found.unfed:
        call.notes.add(found.unfed)
    return Answer((_ending(found, pod_name, container), *_streams(call, found, room, has_stderr=not tty)))


async def _chosen(call: ToolCall, pod: str, namespace: str | None) -> str | None:
    """The container that kubectl would choose; the API server's choice where the pod may not be looked at."""
    try:
        found = await call.cluster.get("v1/Pod", pod, namespace)
    except (Denied, Forbidden):
        return None
    choice = default_container(found.all(NAMES), found.at(NAMED))
    if choice.others:
        call.notes.add(
            "Container {name} was assumed, as {reason}; the others are {others}.",
            name=choice.name, reason=choice.reason, others=", ".join(choice.others),
        )  # fmt: skip
    return choice.name


def _room(call: ToolCall) -> int:
    """Bytes for the output; the host keeps a quarter of a small budget, and no more than 2 KiB, for the notes."""
    return call.budget.left - min(call.budget.left // 4, 2_048) - _AROUND


def _patience(call: ToolCall, wanted: int) -> float:
    """What is wanted, or as much of it as the call has left: an end of the call would take the output along."""
    left = call.deadline - asyncio.get_running_loop().time() - _CLOSING
    return max(min(float(wanted), left), 1.0)


def _ending(found: Execution, pod: str, container: str | None) -> Text:
    template = "{pod}, container {container}: " if container else "{pod}: "
    if found.exit_code is None:
        return Text(template + "no exit code. {problem}", pod=pod, container=container, problem=found.problem)
    name = _signal(found.exit_code)
    template += "exit code {code}" + ", as of a command that {signal} ended" * bool(name)
    return Text(template, pod=pod, container=container, code=found.exit_code, signal=name)


def _signal(exit_code: int) -> str:
    """The name of the signal that the code stands for, if it does."""
    try:
        return signal.Signals(exit_code - _SIGNALS).name
    except ValueError:
        return ""


def _streams(call: ToolCall, found: Execution, room: int, *, has_stderr: bool) -> list[Text | Foreign]:
    """Both within the room; what one does not need is the other's."""
    out = found.stdout.excerpt(max(room - found.stderr.size, room // 2))
    parts = _stream(call, "stdout", found.stdout.size, out)
    if has_stderr:
        err = found.stderr.excerpt(room - len(out.text.encode()))
        parts += _stream(call, "stderr", found.stderr.size, err)
    return parts


def _stream(call: ToolCall, name: str, size: int, found: Excerpt) -> list[Text | Foreign]:
    if not size:
        return [Text("{name} is empty.", name=name)]
    if found.left_out:
        call.notes.add(
            "Of {name}, {left_out} of {size} bytes are left out between its beginning and its end; ask for more of it "
            "with maxBytes, or for less output.",
            name=name, left_out=f"{found.left_out:,}", size=f"{size:,}",
        )  # fmt: skip
    if not found.is_text:
        call.notes.add("Not all of {name} is UTF-8 text; what is not is shown as \ufffd.", name=name)
    return [Text("{name}, {size} bytes:", name=name, size=f"{size:,}"), Foreign(found.text.removesuffix("\n"))]

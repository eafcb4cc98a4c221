"""The command `snapshot`: which cluster, what of it, and where to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import field_validator

from mcp_kubernetes import Effect, Settings, Text, Tool, ToolCall, ToolError, setting, tool
from mcp_kubernetes.spi import Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_kubernetes.spi import Invocation
    from mcp_kubernetes_snapshot.recorder.recording import Progress

_LONGEST = 7 * 24 * 3600.0
"""Seconds that a recording may take."""

_FAILED = 1


class RecorderOptions(Settings):
    """What `snapshot` takes."""

    out: Path = setting(..., flag="--out", help="File to write, a tar; an interrupted recording is taken up again.")
    context: str | None = setting(None, flag="--context", help="Context to record; default: the current one.")
    namespaces: tuple[str, ...] = setting(
        (), flag="--namespaces", help="Record these namespaces only, and what has none. Empty: all."
    )
    kinds: tuple[str, ...] = setting((), flag="--kinds", help="Record these kinds only, such as pods. Empty: all.")
    logs: int = setting(
        0, flag="--logs", ge=0, le=100_000, help="Newest lines to record of each container's log and its run before."
    )

    @field_validator("out")
    @classmethod
    def _is_new(cls, out: Path) -> Path:
        if out.suffix != ".tar":
            raise ValueError("its name has to end in .tar")
        if out.exists():
            raise ValueError("there is a file of that name")
        return out


async def _run(invocation: Invocation) -> int:
    from mcp_kubernetes_snapshot.recorder.showing import Shown

    options: RecorderOptions = invocation.options
    async with invocation.app() as app:
        with Shown.open() as shown:
            outcome = await app.resources.run(recorder(options, shown.progress, shown.say), options.context)
        for block in outcome.blocks:
            shown.say(block)
    return _FAILED if outcome.is_error else 0


def recorder(options: RecorderOptions, progress: Progress, say: Callable[[str], None]) -> Tool:
    """The tool that records: hidden, and held to reading like every other."""

    @tool(effect=Effect.READ, timeout=_LONGEST)
    async def record_cluster(call: ToolCall) -> Text:
        """Record a cluster into a file."""
        return await _recorded(call, options, progress, say)

    return record_cluster


async def _recorded(call: ToolCall, options: RecorderOptions, progress: Progress, say: Callable[[str], None]) -> Text:
    from mcp_kubernetes_snapshot.files.recorded import FINISHED, Finished, Question
    from mcp_kubernetes_snapshot.recorder.archive import Archive, OtherRecording
    from mcp_kubernetes_snapshot.recorder.recording import Recording

    question = Question(
        server=call.cluster.entry.server, namespaces=options.namespaces, kinds=options.kinds, logs=options.logs
    )
    archive = Archive(options.out, question)
    try:
        with archive:
            if archive.done:
                say(f"{archive.partial} goes on: {len(archive.lists)} lists are in it.")
            recording = Recording(
                cluster=call.cluster, archive=archive, namespaces=options.namespaces, kinds=options.kinds,
                lines=options.logs, progress=progress,
            )  # fmt: skip
            await recording.record()
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            archive.add(FINISHED, Finished(time=now, left_out=recording.left_out).encoded())
            size = archive.finish()
    except OtherRecording:
        raise ToolError(
            f"{archive.partial} was begun with another cluster, or other namespaces, kinds or logs.", hint="Remove it."
        ) from None
    for each in recording.left_out:
        call.notes.add("Left out: {each}", each=each)
    return Text(
        "Recorded {what} of {cluster} into {file}, {size} MB.",
        what=recording.recorded, cluster=call.cluster.entry.name, file=str(options.out), size=f"{size / 1e6:.1f}",
    )  # fmt: skip


SNAPSHOT = Command(
    name="snapshot",
    description="Record a cluster into a file, values of Secrets masked, to be served with --snapshot.",
    options=RecorderOptions,
    run=_run,
)

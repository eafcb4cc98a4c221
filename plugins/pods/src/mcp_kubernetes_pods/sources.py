"""What is read: the containers of the chosen pods, and what their states say about their logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mcp_kubernetes import InvalidArguments, ToolCall
from mcp_kubernetes_pods.pods import Pod

ALL = "*"
_RECENT = timedelta(minutes=15)
"""After a crash, in which the lines before it are still what somebody looks for."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The log of one container: of its present run, or of the one before (`previous`)."""

    pod: str
    container: str
    status: Mapping[str, Any]
    previous: bool = False
    added: bool = False
    """Read although nobody asked: the end of a run that crashed."""
    label: str = ""
    """What its lines begin with, where there are several sources."""

    @property
    def name(self) -> str:
        """For a sentence."""
        return f"{self.pod}/{self.container}" + " (previous run)" * self.previous

    @property
    def began(self) -> datetime | None:
        """When the run began whose lines these are."""
        state, last = self.status.get("state") or {}, self.status.get("lastState") or {}
        run = last.get("terminated") if self.previous else state.get("running") or state.get("terminated")
        return instant((run or {}).get("startedAt"))


def instant(text: object) -> datetime | None:
    """A time of the API server."""
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def sources(call: ToolCall, pods: Sequence[Pod], container: str | None, *, previous: bool) -> list[Source]:
    """The containers to read. What was chosen without being asked is noted. Raises InvalidArguments."""
    found = [
        Source(pod=pod.name, container=name, status=pod.statuses.get(name) or {}, previous=previous)
        for pod in pods
        for name in _containers(pod, container)
    ]
    if pods and not found:
        known = list(dict.fromkeys(name for pod in pods for name in pod.containers))
        raise InvalidArguments(f"There is no such container; there are: {', '.join(known)}.", hint="Name one of them.")
    if container is None:
        _note_defaults(call, pods)
    elif container != ALL and (without := len(pods) - len(found)):
        call.notes.add("{n} of the pods have no container of that name.", n=without)
    return found


def _containers(pod: Pod, wanted: str | None) -> Sequence[str]:
    if wanted == ALL:
        return pod.containers
    return [name for name in pod.containers if name == (wanted or pod.default)]


def _note_defaults(call: ToolCall, pods: Sequence[Pod]) -> None:
    several = [pod for pod in pods if len(pod.containers) > 1]
    if several and len(pods) == 1:
        call.notes.add(
            "Container {default} was read, the default of {all}; containerName=* reads all.",
            default=pods[0].default, all=", ".join(pods[0].containers),
        )  # fmt: skip
    elif several:
        call.notes.add("Of each pod its default container was read; containerName=* reads all.")


def with_crashed_runs(call: ToolCall, found: Sequence[Source]) -> list[Source]:
    """The sources, and the run before of each that crashed a short while ago; what happened is noted."""
    return [each for source in found for each in _with_crashed_run(call, source)]


def _with_crashed_run(call: ToolCall, source: Source) -> Iterator[Source]:
    yield source
    state, crash = source.status.get("state") or {}, _crash(source)
    ended = instant(crash.get("finishedAt"))
    if source.previous or not crash or ended is None or call.now - ended > _RECENT:
        return
    restarts = source.status.get("restartCount", 0)
    told = {"name": source.name, "restarts": restarts, "code": crash.get("exitCode"), "why": crash.get("reason", "")}
    if waiting := state.get("waiting"):
        call.notes.add(
            "{name} is in {state}, restarted {restarts} times: these lines are of its last run, which ended with exit "
            "code {code} ({why}).", state=waiting.get("reason"), **told,
        )  # fmt: skip
        return
    call.notes.add(
        "{name} was restarted {restarts} times; the run before ended with exit code {code} ({why}), and its last "
        "lines are here too (previous=true gives all of them).", **told,
    )  # fmt: skip
    yield replace(source, previous=True, added=True)


def _crash(source: Source) -> Mapping[str, Any]:
    """How the run before ended, if not well."""
    ended: Mapping[str, Any] = (source.status.get("lastState") or {}).get("terminated") or {}
    return ended if ended.get("exitCode") else {}


def labelled(call: ToolCall, found: Sequence[Source]) -> list[Source]:
    """The sources with short labels: what tells the pods apart, then the container if there are several."""
    if len(found) < 2:
        return list(found)
    pods = list(dict.fromkeys(source.pod for source in found))
    common = _common_words(pods)
    if common:
        call.notes.add("Lines begin with what follows {common} in the name of their pod.", common=common)
    several = len({source.container for source in found}) > 1
    return [replace(source, label=_label(source, common, several, len(pods))) for source in found]


def _common_words(names: Sequence[str]) -> str:
    """What all names begin with, up to a hyphen; nothing if there is only one name."""
    first, last = min(names), max(names)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return first[: first.rfind("-", 0, same) + 1]


def _label(source: Source, common: str, several: bool, pods: int) -> str:
    parts = [source.pod.removeprefix(common)] if pods > 1 else []
    parts += [source.container] if several or not parts else []
    return "/".join(parts) + "(previous)" * source.previous

"""What a container has printed, as far as the snapshot holds it, with the options that an API server knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from mcp_kubernetes import instant
from mcp_kubernetes.spi import Response
from mcp_kubernetes_snapshot.api.query import flag, integer
from mcp_kubernetes_snapshot.api.status import Refusal, bad_request, not_served
from mcp_kubernetes_snapshot.contents import LogPiece
from mcp_kubernetes_snapshot.files.log_text import Asked, LogText
from mcp_kubernetes_snapshot.files.logs import age_of, restart_of
from mcp_kubernetes_snapshot.files.sources import Extent

_TEXT = {"content-type": "text/plain"}
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
_NO_TIMES = "this log was recorded without times, so its lines are marked with the moment up to which it was recorded"
_ALL_TIMES = ", and those of all times are here"


def log(
    pod: Mapping[str, Any],
    pieces: Sequence[LogPiece],
    query: Mapping[str, str],
    now: datetime,
    read: Callable[[Extent], bytes],
) -> Response:
    """The log that `query` asks for. Raises Refusal."""
    container = _container(pod, query.get("container", ""))
    previous = bool(flag(query, "previous"))
    status = _status(pod, container)
    text = _text([each for each in pieces if each.container == container], status, read, previous=previous)
    if text is None:
        raise _none(pod["metadata"]["name"], container, status, previous=previous)
    asked = _asked(query, now, _run(status, previous=previous))
    body = text.lines(asked)
    headers = dict(_TEXT)
    if (asked.stamps or asked.since) and not text.has_times():
        headers["warning"] = f'299 - "{_NO_TIMES}{_ALL_TIMES if asked.since else ""}"'
    return Response(status=200, headers=headers, body=body[: integer(query, "limitBytes")])


def _none(pod: str, container: str, status: Mapping[str, Any], *, previous: bool) -> Refusal:
    """Why there is no log: the container never ran, as the kubelet says it, or its log is not in the snapshot."""
    state, last = status.get("state") or {}, (status.get("lastState") or {}).get("terminated")
    if previous and state and not last:
        return bad_request(f'previous terminated container "{container}" in pod "{pod}" not found')
    if not last and (waiting := state.get("waiting")):
        reason = waiting.get("reason", "")
        return bad_request(f'container "{container}" in pod "{pod}" is waiting to start: {reason}')
    which = "its previous container" if previous else "it"
    return not_served(f'the snapshot holds no log of container "{container}": {which} was not recorded')


def _text(
    pieces: Sequence[LogPiece], status: Mapping[str, Any], read: Callable[[Extent], bytes], *, previous: bool
) -> LogText | None:
    """The log of one run. A file of a run before that holds nothing says that there was no such run."""
    found = next((each for each in pieces if each.previous == previous and not each.rotated), None)
    written = found.extent if found and not (previous and not found.extent.size) else None
    rotated = [each for each in pieces if each.rotated]
    last = status.get("restartCount") if isinstance(status.get("restartCount"), int) else None
    run = (max((restart_of(e.rotated) for e in rotated), default=0) if last is None else last) - previous
    of_run = sorted((e for e in rotated if restart_of(e.rotated) == run), key=lambda each: age_of(each.rotated))
    if written is None and not of_run:
        return None
    return LogText(rotated=[each.extent for each in of_run], written=written, read=read)


def _status(pod: Mapping[str, Any], container: str) -> Mapping[str, Any]:
    status = pod.get("status") or {}
    found = (each for key in _STATUSES for each in status.get(key) or () if each.get("name") == container)
    return next(found, {})


def _run(status: Mapping[str, Any], *, previous: bool) -> Mapping[str, Any]:
    """The run whose log it is. Of a container that waits for its next run it is that of the last one."""
    state, last = status.get("state") or {}, status.get("lastState") or {}
    run = None if previous else state.get("running") or state.get("terminated")
    found: Mapping[str, Any] = run or last.get("terminated") or {}
    return found


def _asked(query: Mapping[str, str], now: datetime, run: Mapping[str, Any]) -> Asked:
    return Asked(
        began=instant(run.get("startedAt")),
        ended=instant(run.get("finishedAt")) or now,
        since=_since(query, now),
        tail=integer(query, "tailLines"),
        stamps=bool(flag(query, "timestamps")),
    )


def _since(query: Mapping[str, str], now: datetime) -> datetime | None:
    if (seconds := integer(query, "sinceSeconds")) is not None:
        return now - timedelta(seconds=seconds)
    if not query.get("sinceTime"):
        return None
    found = instant(query["sinceTime"])
    if found is None:
        raise bad_request("sinceTime is no time as in RFC 3339")
    return found


def _container(pod: Mapping[str, Any], wanted: str) -> str:
    spec, pod_name = pod.get("spec") or {}, pod["metadata"]["name"]
    names = [each["name"] for key in _CONTAINERS for each in spec.get(key) or ()]
    own = [each["name"] for each in spec.get("containers") or ()]
    if wanted in names or (wanted and not names):
        return wanted
    if wanted:
        raise bad_request(f"container {wanted} is not valid for pod {pod_name}")
    if len(own) != 1:
        inits = [each["name"] for each in spec.get("initContainers") or ()]
        also = f" or one of the init containers: [{' '.join(inits)}]" if inits else ""
        listed = " ".join(own)
        raise bad_request(f"a container name must be specified for pod {pod_name}, choose one of: [{listed}]{also}")
    return str(own[0])


def pod_of(raw: bytes) -> Mapping[str, Any]:
    """The pod, decoded."""
    found: Mapping[str, Any] = msgspec.json.decode(raw)
    return found

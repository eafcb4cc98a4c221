"""What a container has printed, as far as the snapshot holds it, with the options that an API server knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from mcp_kubernetes.spi import Response
from mcp_kubernetes_snapshot.api.status import Refusal, bad_request, not_served
from mcp_kubernetes_snapshot.contents import LogPiece
from mcp_kubernetes_snapshot.files.sources import Extent

_STAMP = re.compile(rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ?", re.MULTILINE)
_TEXT = {"content-type": "text/plain"}
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


def log(
    pod: Mapping[str, Any],
    pieces: Sequence[LogPiece],
    query: Mapping[str, str],
    now: datetime,
    read: Callable[[Extent], bytes],
) -> Response:
    """The log that `query` asks for. Raises Refusal."""
    container = _container(pod, query.get("container", ""))
    previous = query.get("previous") in {"true", "1"}
    piece = next((each for each in pieces if (each.container, each.previous) == (container, previous)), None)
    if piece is None:
        raise _none(pod, container, previous=previous)
    body = _lines(read(piece.extent), query, now)
    return Response(status=200, headers=_TEXT, body=body)


def _none(pod: Mapping[str, Any], container: str, *, previous: bool) -> Refusal:
    """Why there is no log: the container never ran, as the kubelet says it, or its log is not in the snapshot."""
    name, state, last = pod["metadata"]["name"], *_states(pod, container)
    if previous and state and not last:
        return bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
    if not last and (waiting := state.get("waiting")):
        reason = waiting.get("reason", "")
        return bad_request(f'container "{container}" in pod "{name}" is waiting to start: {reason}')
    which = "its previous container" if previous else "it"
    return not_served(f'the snapshot holds no log of container "{container}": {which} was not recorded')


def _states(pod: Mapping[str, Any], container: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The container's state, and how its run before ended; empty where that is not told."""
    status = pod.get("status") or {}
    found = (each for key in _STATUSES for each in status.get(key) or () if each.get("name") == container)
    one: Mapping[str, Any] = next(found, {})
    return one.get("state") or {}, (one.get("lastState") or {}).get("terminated") or {}


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


def _lines(body: bytes, query: Mapping[str, str], now: datetime) -> bytes:
    stamped = _STAMP.match(body) is not None
    wants_stamps = query.get("timestamps") in {"true", "1"}
    since = _since(query, now)
    if body and not stamped and (wants_stamps or since):
        raise bad_request("the log in this snapshot was recorded without timestamps: ask without times")
    lines = body.splitlines(keepends=True)
    if since:
        lines = [line for line in lines if (found := _STAMP.match(line)) and found[1].decode() >= since]
    if tail := query.get("tailLines"):
        lines = lines[-int(tail) :] if int(tail) else []
    if stamped and not wants_stamps:
        lines = [_STAMP.sub(b"", line, count=1) for line in lines]
    text = b"".join(lines)
    return text[: int(query["limitBytes"])] if query.get("limitBytes") else text


def _since(query: Mapping[str, str], now: datetime) -> str:
    if seconds := query.get("sinceSeconds"):
        return (now - timedelta(seconds=int(seconds))).strftime("%Y-%m-%dT%H:%M:%S")
    return query.get("sinceTime", "")[:19]


def pod_of(raw: bytes) -> Mapping[str, Any]:
    """The pod, decoded."""
    found: Mapping[str, Any] = msgspec.json.decode(raw)
    return found

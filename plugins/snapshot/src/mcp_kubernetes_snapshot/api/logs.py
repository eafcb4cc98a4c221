"""What a container has printed, as far as the snapshot holds it, with the options that an API server knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from mcp_kubernetes.spi import Response
from mcp_kubernetes_snapshot.api.status import bad_request, not_served
from mcp_kubernetes_snapshot.contents import LogPiece
from mcp_kubernetes_snapshot.files.sources import Extent

_STAMP = re.compile(rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ?", re.MULTILINE)
_TEXT = {"content-type": "text/plain"}


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
        which = "its previous container" if previous else "it"
        raise not_served(f'the snapshot holds no log of container "{container}": {which} was not recorded')
    body = _lines(read(piece.extent), query, now)
    return Response(status=200, headers=_TEXT, body=body)


def _container(pod: Mapping[str, Any], wanted: str) -> str:
    spec, pod_name = pod.get("spec") or {}, pod["metadata"]["name"]
    names = [each["name"] for key in ("initContainers", "containers") for each in spec.get(key) or ()]
    own = [each["name"] for each in spec.get("containers") or ()]
    if wanted in names or (wanted and not names):
        return wanted
    if wanted:
        raise bad_request(f"container {wanted} is not valid for pod {pod_name}")
    if len(own) != 1:
        inits = [each for each in names if each not in own]
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

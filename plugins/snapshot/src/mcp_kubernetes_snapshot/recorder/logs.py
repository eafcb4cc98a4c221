"""The logs of containers into a recording, where a must-gather has them, so that they are served as its logs are."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from mcp_kubernetes import Cluster, LogOptions, ToolError
from mcp_kubernetes_snapshot.files.logs import LogKey, name_of
from mcp_kubernetes_snapshot.recorder.archive import LOGS, Archive

_PARALLEL = 8
"""Pods whose logs are read at a time; each is held until all of it is there."""

_LARGEST = 16 << 20
"""Bytes of one log."""

_SECONDS = 300.0
"""For one log."""

_PATHS = {
    "name": ".metadata.name",
    "namespace": ".metadata.namespace",
    "containers": ".spec.containers[*].name",
    "init": ".spec.initContainers[*].name",
    "ephemeral": ".spec.ephemeralContainers[*].name",
    "statuses": ".status.containerStatuses[*]",
    "init_statuses": ".status.initContainerStatuses[*]",
}

_NO_LOG = 400
"""What the API server answers while a container has not begun to run."""


@dataclass(frozen=True, kw_only=True)
class _Pod:
    name: str
    namespace: str
    logs: Sequence[LogKey]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> _Pod:
        pod, namespace = values["name"], values["namespace"]
        statuses = [*(values["statuses"] or ()), *(values["init_statuses"] or ())]
        ran_before = {status["name"] for status in statuses if _ended(status)}
        names = [name for key in ("init", "containers", "ephemeral") for name in values[key] or ()]
        logs = [
            LogKey(namespace=namespace, pod=pod, container=name, previous=previous)
            for name in names
            for previous in ([False, True] if name in ran_before else [False])
        ]
        return cls(name=pod, namespace=namespace, logs=logs)

    @property
    def key(self) -> str:
        """Its name in the archive, where a long one does not fit."""
        return LOGS + hashlib.sha256(f"{self.namespace}/{self.name}".encode()).hexdigest()


def _ended(status: Mapping[str, Any]) -> bool:
    """Whether there was a run before this one."""
    return bool(status.get("restartCount") and (status.get("lastState") or {}).get("terminated"))


@dataclass
class _Lacking:
    """How many logs of a namespace lack something for one reason, and the first of them."""

    first: str
    count: int = 0


@dataclass(kw_only=True)
class Logs:
    """Records the last `lines` of each container's log, and as many of the run before. `progress` is told each pod."""

    cluster: Cluster
    archive: Archive
    lines: int
    progress: Callable[[str], None]
    _lacking: dict[tuple[str, str], _Lacking] = field(default_factory=dict)

    async def record(self, namespaces: Sequence[str]) -> None:
        """Those of all pods in these namespaces; all of them where none is named."""
        for namespace in namespaces or (None,):
            rows = self.cluster.rows("v1/Pod", namespace, all_namespaces=namespace is None, columns=_PATHS)
            waiting: list[_Pod] = []
            async with aclosing(rows):
                async for row in rows:
                    waiting.append(_Pod.of(dict(zip(_PATHS, row, strict=True))))
                    if len(waiting) == _PARALLEL:
                        await self._pods(waiting)
                        waiting.clear()
            await self._pods(waiting)

    def left_out(self) -> Iterator[str]:
        """A line for each reason in each namespace."""
        for (namespace, reason), found in self._lacking.items():
            yield f"{found.count} logs in {namespace} {reason}, such as that of {found.first}"

    async def _pods(self, pods: Sequence[_Pod]) -> None:
        pods = [pod for pod in pods if pod.key not in self.archive.done]
        for pod, found in zip(pods, await asyncio.gather(*map(self._read, pods)), strict=True):
            self.progress(f"logs of {pod.namespace}/{pod.name}")
            for key, body in found.items():
                self.archive.add(name_of(key), body)
            self.archive.complete(pod.key, len(found))

    async def _read(self, pod: _Pod) -> dict[LogKey, bytes]:
        return {key: body for key in pod.logs if (body := await self._log(key)) is not None}

    async def _log(self, key: LogKey) -> bytes | None:
        """One log; None where there is none, or none that can be had."""
        try:
            return await self._lines(key)
        except ToolError as error:
            if getattr(error, "status", None) != _NO_LOG:
                self._lacks(key, f"could not be read: {error.message.rstrip('.')}")
            return None

    async def _lines(self, key: LogKey) -> bytes:
        options = LogOptions(
            container=key.container, previous=key.previous, timestamps=True, tail_lines=self.lines,
            limit_bytes=_LARGEST, seconds=_SECONDS,
        )  # fmt: skip
        async with self.cluster.logs(key.pod, key.namespace, options=options) as log:
            body = b"".join([chunk async for chunk in log.chunks])
        if len(body) >= _LARGEST:
            self._lacks(key, f"end after {_LARGEST >> 20} MiB")
        return body

    def _lacks(self, key: LogKey, reason: str) -> None:
        found = self._lacking.setdefault((key.namespace, reason), _Lacking(f"{key.pod}/{key.container}"))
        found.count += 1

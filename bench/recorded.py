"""What a list costs out of a recording, beside the same list of the cluster that was recorded.

Both are asked in this process, so that neither pays for a transport.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mcp_kubernetes_resources
from bench.measuring import Figure
from mcp_kubernetes import App, Identity
from mcp_kubernetes_snapshot import Snapshots
from mcp_kubernetes_snapshot.recorder.command import RecorderOptions, recorder
from pytest_mcp_kubernetes.static import Static

if TYPE_CHECKING:
    from tests.cluster import Cluster

_PODS = {"resourceType": "pods", "allNamespaces": True, "maxBytes": 4_194_304}
_ASKED: Mapping[str, Mapping[str, Any]] = {
    "table": _PODS,
    "wide table": {**_PODS, "output": "wide"},
    "table by label": {**_PODS, "labelSelector": "app"},
    "table by field": {**_PODS, "fieldSelector": "metadata.namespace!=default,status.phase!=Failed"},
}


def recorded(cluster: Cluster, rounds: int, pods: int) -> list[Figure]:
    """One figure for each way to list."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_figures(cluster, Path(folder) / "recorded.tar", rounds, pods))


async def _figures(cluster: Cluster, file: Path, rounds: int, pods: int) -> list[Figure]:
    static = {"static": Static(cluster.kubeconfig)}
    async with _app(static) as app:
        options = RecorderOptions(out=file, kinds=("pods", "namespaces"))
        await app.resources.run(recorder(options, lambda *_: None, lambda _: None))
    async with _app(static) as living, _app({"snapshot": Snapshots}, snapshot={"paths": (file,)}) as kept:
        figures = []
        for what, arguments in _ASKED.items():
            pairs = [(await _seconds(kept, arguments), await _seconds(living, arguments)) for _ in range(rounds + 1)]
            name = f"{what} of {pods:,} pods out of a recording"
            figures.append(Figure(what=name, peer="the living cluster", pairs=pairs[1:], unit="ms", scale=1e3))
        return figures


@asynccontextmanager
async def _app(plugins: Mapping[str, object], **settings: Any) -> AsyncIterator[App]:
    every = {"resources": mcp_kubernetes_resources, **plugins}
    async with App.of({"kubernetes": {"qps_limit": 0}, **settings}, plugins=every) as app:
        yield app


async def _seconds(app: App, arguments: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    outcome = await app.call("k8s_list_resources", arguments, identity=Identity.local(), session=None)
    if outcome.is_error:
        raise RuntimeError(outcome.blocks)
    return time.perf_counter() - began

"""A client that does not know aggregated discovery finds in a snapshot what all others find."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from mcp_kubernetes.kube.catalogue.discovery import Discovery
from mcp_kubernetes_snapshot.opening import Snapshot
from tests.snapshot.world import HERE

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_kubernetes.kube.catalogue.resources import Index
    from mcp_kubernetes.spi import Connection, Request, Response


class WithoutAggregation:
    """Asks for plain JSON, whatever was wanted, and keeps what it asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.asked: list[str] = []

    async def send(self, request: Request) -> Response:
        self.asked.append(request.path)
        plain = replace(request, headers=(("Accept", "application/json"),))
        return await self._connection.request(plain, 1 << 26)


async def test_discovery_version_by_version_tells_the_same_as_all_at_once(tmp_path: Path) -> None:
    connection = await _opened(tmp_path)

    async def send(request: Request) -> Response:
        return await connection.request(request, 1 << 26)

    old = WithoutAggregation(connection)
    aggregated = await Discovery().index("new", send)
    single = await Discovery().index("old", old.send)
    await connection.aclose()
    assert {"/api/v1", "/apis/apps/v1", "/apis/example.com/v1", "/apis/odd.example/v2"} <= {*old.asked}
    assert _told(single) == _told(aggregated)
    assert single.stale == aggregated.stale == ()


def _told(index: Index) -> list[object]:
    return [replace(each, also_in=()) for each in index.resources]


async def _opened(folder: Path) -> Connection:
    """The world of the contract as manifests, with its CRDs and a kind that nobody described."""
    for name in ("definitions.yaml", "world.yaml"):
        (folder / name).write_text((HERE / name).read_text("utf-8"), "utf-8")
    odd = {"apiVersion": "odd.example/v2", "kind": "Odd", "metadata": {"name": "x", "namespace": "shop"}}
    (folder / "odd.json").write_text(json.dumps(odd), "utf-8")
    return await Snapshot(name="world", path=folder, most_bytes=1 << 26).connection()

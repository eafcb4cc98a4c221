"""A world in an API server of its own, and both ways in which it is recorded: its plain lists, and a recording."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes_snapshot.recorder.command import RecorderOptions, recorder
from pytest_mcp_kubernetes.apps import Apps
from pytest_mcp_kubernetes.static import Static
from tests.cluster.run import own
from tests.snapshot.world import build, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster import Cluster


@pytest.fixture(scope="module")
def world(cluster: Cluster) -> Iterator[Cluster]:
    with own(cluster) as mine:
        build(mine)
        yield mine


@pytest.fixture(scope="module")
def lists(world: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    record(world, folder)
    return folder


@pytest.fixture(scope="module")
def recording(world: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recording") / "world.tar"
    asyncio.run(_recorded(world, file))
    return file


async def _recorded(world: Cluster, file: Path) -> None:
    async with Apps().make({"static": Static(world.kubeconfig)}, {"kubernetes": {"qps_limit": 0}}) as app:
        hidden = recorder(RecorderOptions(out=file), lambda *_: None, lambda _: None)
        outcome = await app.resources.run(hidden)
    assert not outcome.is_error, outcome.blocks

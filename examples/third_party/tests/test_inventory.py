"""The source of clusters: which cluster serves a call, and what is said when it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import acme_mcp_tools
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mcp_kubernetes.apps import Apps

PLUGINS = {"acme": acme_mcp_tools}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Two clusters where nobody answers, with a CA and without any token."""
    clusters = {"berlin": "https://127.0.0.1:1", "oslo": "https://127.0.0.1:2"}
    for name in clusters:
        (tmp_path / f"{name}.crt").write_text("no certificate", encoding="utf-8")
    return {"acme": {"clusters": clusters, "directory": tmp_path}}


@pytest.mark.parametrize(("named", "served"), [({}, "berlin"), ({"acmeCluster": "oslo"}, "oslo")])
async def test_the_first_cluster_serves_calls_that_name_none(
    app: Apps, settings: dict[str, dict[str, Any]], named: dict[str, str], served: str
) -> None:
    async with app(PLUGINS, settings) as client:
        refused = await client.call_tool("acme_list_images", {"namespace": "default", **named})
    assert refused.is_error
    assert f"no readable token file for {served}" in text(refused)


async def test_an_unknown_cluster_is_refused_with_those_that_are_known(
    app: Apps, settings: dict[str, dict[str, Any]]
) -> None:
    async with app(PLUGINS, settings) as client:
        refused = await client.call_tool("acme_list_images", {"namespace": "default", "acmeCluster": "rome"})
    assert refused.is_error
    assert text(refused).startswith("The inventory knows: berlin, oslo.")


async def test_without_an_inventory_there_is_nothing_to_choose(app: Apps) -> None:
    async with app(PLUGINS) as client:
        (tool,) = (await client.list_tools()).tools
    assert "acmeCluster" not in tool.input_schema["properties"]

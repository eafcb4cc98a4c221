"""The tool on a cluster of files, where what it should answer is known: the folder `manifests`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import acme_mcp_tools
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.files import Files


async def test_images_are_counted_the_most_used_first(app: Apps, files: Files) -> None:
    async with app({"acme": acme_mcp_tools, "files": files}) as client:
        counted = await client.call_tool("acme_list_images", {"namespace": "shop"})
    assert "registry.example/web:1.4\t2\nregistry.example/proxy:2\t1" in text(counted)

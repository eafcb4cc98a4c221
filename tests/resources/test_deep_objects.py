"""An object with more levels than can be gone through: a sentence, and never a failure of the server."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from tests.writing.definitions import definition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster

LEVELS = 1_100
SAID = "An object in the API server's answer is nested too deeply to be read. The plain table of a list still shows it"


@pytest.fixture(scope="module")
def group(cluster: Cluster) -> Iterator[str]:
    """The group of a kind, of which there is one object that is deep and one that is not."""
    group = f"g{uuid.uuid4().hex[:8]}.deep.example"
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(definition("Deep", group=group)))
    cluster.kubectl("wait", "--for=condition=Established", f"crd/deeps.{group}", "--timeout=50s")
    for name, levels in (("deep", LEVELS), ("flat", 1)):
        spec = '{"a":' * levels + '"end"' + "}" * levels
        body = f'{{"apiVersion":"{group}/v1","kind":"Deep","metadata":{{"name":"{name}"}},"spec":{spec}}}'
        cluster.kubectl("create", "-n", "default", "-f", "-", stdin=body)
    yield group
    cluster.kubectl("delete", "crd", f"deeps.{group}", "--wait=false")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("k8s_get_resource", {"name": "deep"}),
        ("k8s_get_resource", {"name": "deep", "output": "yaml", "full": True}),
        ("k8s_get_resource", {"name": "deep", "fields": ".spec.a"}),
        ("k8s_describe_resource", {"name": "deep"}),
        ("k8s_list_resources", {"output": "json"}),
        ("k8s_list_resources", {"columns": "A:.spec.a"}),
        ("k8s_list_resources", {"where": "has(object.spec.a.a)"}),
        ("k8s_list_resources", {"countBy": ".spec.a"}),
        ("k8s_list_resources", {"sortBy": ".spec.a"}),
    ],
)
async def test_what_cannot_be_read_is_said_in_a_sentence(
    app: Apps, static: Static, group: str, tool: str, arguments: dict[str, Any]
) -> None:
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as client:
        asked = {"resourceType": "deeps", "apiGroup": group, "namespace": "default", **arguments}
        answer = await client.call_tool(tool, asked)
    assert answer.is_error
    assert text(answer).startswith(SAID)


async def test_the_plain_table_shows_it_and_the_other_one_can_be_had_beside_it(
    app: Apps, static: Static, group: str
) -> None:
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as client:
        about = {"resourceType": "deeps", "apiGroup": group, "namespace": "default"}
        table = text(await client.call_tool("k8s_list_resources", about))
        both = text(await client.call_tool("k8s_get_resource", {**about, "name": "deep,flat"}))
    assert [line.split("\t")[0] for line in table.splitlines()[:3]] == ["NAME", "deep", "flat"]
    assert '"spec":{"a":"end"}' in both
    assert f"note: deep could not be read: {SAID}" in both

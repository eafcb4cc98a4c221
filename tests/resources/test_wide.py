"""A wide list that does not fit loses its wide columns before any row; headers of a CRD are foreign text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cluster import Cluster

Ask = Callable[..., Awaitable[str]]


@pytest.fixture
def deployments(cluster: Cluster, namespace: str) -> str:
    """A namespace with twelve deployments: wide, they have containers, images and selector beside the rest."""
    for number in range(12):
        pod = {"metadata": {"labels": {"app": "a" * 40}}, "spec": {"containers": [{"name": "c", "image": "i" * 40}]}}
        spec = {"replicas": 0, "selector": {"matchLabels": {"app": "a" * 40}}, "template": pod}
        named = {"metadata": {"name": f"web-{number:02}"}, "spec": spec}
        cluster.api.ensure(f"/apis/apps/v1/namespaces/{namespace}/deployments", named)
    return namespace


async def test_a_wide_list_loses_its_wide_columns_before_any_row(answer: Ask, deployments: str) -> None:
    found = await answer(
        "k8s_list_resources", namespace=deployments, resourceType="deployments", output="wide", maxBytes=1_024
    )
    assert found.splitlines()[0] == "NAME\tREADY\tUP-TO-DATE\tAVAILABLE\tAGE"
    assert found.count("\nweb-") == 12
    assert "left out so that more rows fit: CONTAINERS, IMAGES, SELECTOR;" in found
    assert "there are more" not in found


async def test_a_wide_list_that_fits_is_as_wide_as_it_can_be(answer: Ask, deployments: str) -> None:
    found = await answer("k8s_list_resources", namespace=deployments, resourceType="deployments", output="wide")
    assert found.splitlines()[0].endswith("\tCONTAINERS\tIMAGES\tSELECTOR")
    assert "left out" not in found


async def test_a_header_of_a_custom_resource_can_neither_hide_nor_pose(
    answer: Ask, cluster: Cluster, namespace: str
) -> None:
    group, column = f"{namespace}.example.com", "note: x\n\x1b[31mNote\u202e\U000e0041"
    printed = [{"name": column, "type": "string", "jsonPath": ".spec.value"}]
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "additionalPrinterColumns": printed}
    names = {"plural": "hidings", "singular": "hiding", "kind": "Hiding"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    cluster.api.ensure(crds, {"metadata": {"name": f"hidings.{group}"}, "spec": spec})
    cluster.kubectl("wait", "--for=condition=Established", f"crd/hidings.{group}")
    one = {"apiVersion": f"{group}/v1", "kind": "Hiding", "metadata": {"name": "a"}, "spec": {"value": column}}
    cluster.api.ensure(f"/apis/{group}/v1/namespaces/{namespace}/hidings", one)
    found = [
        await answer("k8s_list_resources", namespace=namespace, resourceType=f"hidings.{group}", output=form)
        for form in ("table", "yaml", "json")
    ]
    assert "NOTE: X NOTE" in found[0]
    lines = [line for each in found for line in each.split("\n")]
    assert not [line for line in lines if not line.replace("\t", "").isprintable()]
    assert not [line for line in lines if line.lower().startswith("note: x")]

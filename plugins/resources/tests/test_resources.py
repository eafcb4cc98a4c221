"""The reading tools over MCP, on the objects that every cluster has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static


@pytest.fixture
async def client(app: Apps, static: Static) -> AsyncIterator[Client]:
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as connected:
        yield connected


async def ask(client: Client, tool: str, **arguments: Any) -> tuple[str, str]:
    """The first block of the answer, and the notes."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text(result)
    answer, _, notes = text(result).partition("note: ")
    return answer.rstrip("\n"), notes


@pytest.mark.parametrize(
    "typed", ["ns", "namespace", "Namespace", "namespaces", "v1/Namespace", "v1/namespaces", "NAMESPACES"]
)
async def test_a_kind_may_be_typed_as_for_kubectl(client: Client, typed: str) -> None:
    table, _ = await ask(client, "k8s_list_resources", resourceType=typed)
    assert table.splitlines()[0] == "NAME\tSTATUS\tAGE"
    assert "kube-system\tActive\t" in table


async def test_wide_shows_more_columns_and_name_only_one(client: Client) -> None:
    arguments = {"resourceType": "services", "namespace": "default"}
    table, _ = await ask(client, "k8s_list_resources", **arguments)
    wide, _ = await ask(client, "k8s_list_resources", output="wide", **arguments)
    name, _ = await ask(client, "k8s_list_resources", output="name", **arguments)
    assert len(wide.splitlines()[0].split("\t")) > len(table.splitlines()[0].split("\t"))
    assert name.splitlines() == ["NAME", "kubernetes"]


async def test_a_list_over_all_namespaces_tells_the_namespace_of_each_row(client: Client) -> None:
    table, _ = await ask(client, "k8s_list_resources", resourceType="services", allNamespaces=True)
    header, *rows = table.splitlines()
    assert header.startswith("NAMESPACE\tNAME\t")
    assert any(row.startswith("default\tkubernetes\t") for row in rows)


async def test_whole_objects_come_as_yaml_documents_or_json_lines(client: Client) -> None:
    arguments = {"resourceType": "namespaces", "fieldSelector": "metadata.name=default"}
    documents, _ = await ask(client, "k8s_list_resources", output="yaml", **arguments)
    line, _ = await ask(client, "k8s_list_resources", output="json", **arguments)
    assert list(yaml.safe_load_all(documents)) == [json.loads(line)]
    assert "managedFields" not in line


async def test_an_empty_list_says_why_it_is_empty(client: Client) -> None:
    _, none = await ask(client, "k8s_list_resources", resourceType="ingresses", namespace="kube-public")
    _, unmatched = await ask(client, "k8s_list_resources", resourceType="ns", labelSelector="no=such")
    assert "There are none." in none
    assert "Nothing matches the selector" in unmatched


async def test_an_assumed_namespace_is_said(client: Client) -> None:
    _, notes = await ask(client, "k8s_get_resource", resourceType="service", name="kubernetes")
    assert "Namespace default was assumed." in notes


async def test_full_keeps_what_is_dropped_otherwise(client: Client) -> None:
    arguments = {"resourceType": "service", "name": "kubernetes", "namespace": "default", "output": "json"}
    slim, notes = await ask(client, "k8s_get_resource", **arguments)
    assert "full=true shows them" in notes
    full, _ = await ask(client, "k8s_get_resource", full=True, **arguments)
    assert "managedFields" in json.loads(full)["metadata"]
    assert json.loads(full)["spec"]["sessionAffinity"] == "None"
    assert "sessionAffinity" not in json.loads(slim)["spec"]
    assert json.loads(slim)["spec"]["clusterIP"] == json.loads(full)["spec"]["clusterIP"]


async def test_describe_shows_conditions_once_and_says_that_there_are_no_events(client: Client) -> None:
    described, _ = await ask(client, "k8s_describe_resource", resourceType="apiservice", name="v1.apps")
    assert "Conditions:\nTYPE\tSTATUS\tREASON\tSINCE\tMESSAGE\nAvailable\tTrue\tLocal\t" in described
    assert "There are no events about it." in described
    assert "conditions" not in described.partition("Object:")[2]


async def test_an_unknown_kind_is_answered_with_near_names(client: Client) -> None:
    result = await client.call_tool("k8s_list_resources", {"resourceType": "deployment.s"})
    assert result.is_error
    assert "Did you mean" in text(result)
    assert "deployments.apps" in text(result)


async def test_a_missing_object_is_answered_in_one_sentence_with_what_was_assumed(client: Client) -> None:
    result = await client.call_tool("k8s_get_resource", {"resourceType": "cm", "name": "no-such"})
    assert result.is_error
    sentence = 'The API server answered 404: configmaps "no-such" not found. Check name and namespace;'
    assert text(result).splitlines()[0].startswith(sentence)
    assert "Namespace default was assumed." in text(result)

"""MCP resources and the completion of their addresses: one object each, and never more than the caller may list."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from mcp import MCPError
from mcp import types as mcp

import mcp_kubernetes_resources
from mcp_kubernetes import App, Effect, ResourceTemplate, Text, ToolCall, completion, hookimpl, tool
from mcp_kubernetes.spi import ConfigError
from mcp_kubernetes_resources.addresses import OBJECTS
from pytest_mcp_kubernetes.static import Static
from tests.invariants.planted import encoded, random_text
from tests.invariants.probes import Witness, wait_until_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

REF = mcp.ResourceTemplateReference(uri=OBJECTS.uri)
MODES = ("auto", "legacy")


def plugins(static: Static) -> dict[str, object]:
    return {"resources": mcp_kubernetes_resources, "static": static}


async def completed(client: Client, variable: str, typed: str = "", **given: str) -> mcp.Completion:
    return (await client.complete(REF, {"name": variable, "value": typed}, given)).completion


@pytest.mark.parametrize("mode", MODES)
async def test_an_object_is_read_by_its_address_as_the_tool_gets_it(
    app: Apps, static: Static, cluster: Cluster, namespace: str, mode: str
) -> None:
    cluster.kubectl("create", "configmap", "it", "--from-literal=is=here", "-n", namespace)
    asked = {"resourceType": "cm", "namespace": namespace, "name": "it"}
    async with app(plugins(static), mode=mode) as client:
        assert [each.uri_template for each in (await client.list_resource_templates()).resource_templates] == [REF.uri]
        assert (await client.list_resources()).resources == []
        found = (await client.read_resource(f"k8s://test/{namespace}/configmaps/it")).contents
        got = (await client.call_tool("k8s_get_resource", asked)).content
        nowhere = (await client.read_resource("k8s://test/-/namespaces/default")).contents
    assert isinstance(got[0], mcp.TextContent)
    assert isinstance(found[0], mcp.TextResourceContents)
    assert (found[0].text, found[0].mime_type) == (got[0].text, "application/json")
    assert isinstance(nowhere[0], mcp.TextResourceContents)
    assert json.loads(nowhere[0].text)["kind"] == "Namespace"


async def test_values_of_secrets_are_masked_and_the_note_says_so(
    app: Apps, static: Static, cluster: Cluster, namespace: str
) -> None:
    planted = random_text()
    made = {"metadata": {"name": "login"}, "data": {"token": encoded(planted)}}
    cluster.api.post(f"/api/v1/namespaces/{namespace}/secrets", made)
    async with app(plugins(static)) as client:
        found = (await client.read_resource(f"k8s://test/{namespace}/secrets/login")).contents
    said = "\n".join(each.text for each in found if isinstance(each, mcp.TextResourceContents))
    assert "<masked: " in said
    assert "note: Values of Secrets are masked" in said
    assert planted not in said
    assert encoded(planted) not in said


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("k8s://test/default/pods", "of this form"),
        ("k8s://test/default/pods/a/b", "of this form"),
        ("k8s://test//pods/a", "of this form"),
        ("k8s://test/default/pods/a?b=c", "of this form"),
        ("k8s://test/default/pods/a#b", "of this form"),
        ("file://test/default/pods/a", "of this form"),
        ("k8s://test/default/pods/" + "a" * 1_100, "of this form"),
        ("k8s://test/default/pods/%2e%2e", "not a valid Kubernetes name"),
        ("k8s://test/default/pods/..%2fsecrets", "not a valid Kubernetes name"),
        ("k8s://test/default/pods/a%2flog", "not a valid Kubernetes name"),
        ("k8s://test/default/pods/%252e%252e", "not a valid Kubernetes name"),
        ("k8s://test/default/pods/%00", "not a valid Kubernetes name"),
        ("k8s://test/default/pods/%F0%9F%92%A9", "not a valid Kubernetes name"),
        ("k8s://test/%2e%2e/pods/a", "not a valid Kubernetes name"),
        ("k8s://test/default/pods%2fx/a", "no such resource type"),
        ("k8s://test/-/pods/a", "is kept in namespaces"),
        ("k8s://test/default/nodes/a", "has no namespaces"),
        ("k8s://other/default/pods/a", "no context of that name"),
    ],
)
async def test_a_hostile_address_is_refused_and_reaches_no_url(
    app: Apps, cluster: Cluster, uri: str, problem: str
) -> None:
    witness = Witness.of(cluster)
    async with app(plugins(Static(witness.kubeconfig))) as client:
        with pytest.raises(MCPError, match=problem):
            await client.read_resource(uri)
    assert [request for request in witness.asked() if "selfsubjectaccessreviews" not in request[1]] == []


@pytest.mark.parametrize(("mode", "code"), [("auto", mcp.INVALID_PARAMS), ("legacy", -32_002)])
async def test_what_is_not_there_has_the_code_of_its_era(
    app: Apps, static: Static, namespace: str, mode: str, code: int
) -> None:
    async with app(plugins(static), mode=mode) as client:
        with pytest.raises(MCPError, match="not found") as raised:
            await client.read_resource(f"k8s://test/{namespace}/pods/none")
    assert raised.value.error.code == code


@pytest.mark.parametrize("mode", MODES)
async def test_each_part_is_completed_from_what_was_chosen_before(
    app: Apps, static: Static, cluster: Cluster, namespace: str, mode: str
) -> None:
    for name in ("web", "web-2", "my-web"):
        cluster.kubectl("create", "configmap", name, "-n", namespace)
    async with app(plugins(static), mode=mode) as client:
        assert (await completed(client, "context", "te")).values == ["test"]
        assert namespace in (await completed(client, "namespace", namespace[:20], context="test")).values
        kinds = (await completed(client, "kind", "deploy", namespace=namespace)).values
        names = await completed(client, "name", "web", namespace=namespace, kind="cm")
        nodes = (await completed(client, "kind", "node", namespace="-")).values
    assert kinds == ["deployments.apps"]
    assert (names.values, names.total, names.has_more) == (["web", "web-2", "my-web"], 3, False)
    assert nodes[0] == "nodes"


async def test_at_most_a_hundred_values_are_offered_and_their_number_is_told(
    app: Apps, static: Static, cluster: Cluster, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    cluster.api.ensure_all([(path, {"metadata": {"name": f"cm-{n:03}"}}) for n in range(120)])
    async with app(plugins(static)) as client:
        found = await completed(client, "name", "cm-", namespace=namespace, kind="configmaps")
    assert (len(found.values), found.total, found.has_more) == (100, 120, True)


@pytest.mark.parametrize(
    ("variable", "given"),
    [
        ("name", {}),
        ("name", {"kind": "pods"}),
        ("name", {"namespace": "default"}),
        ("name", {"namespace": "default", "kind": "nonesuch"}),
        ("name", {"namespace": "..", "kind": "pods"}),
        ("name", {"namespace": "default", "kind": "pods", "context": "other"}),
        ("kind", {}),
    ],
)
async def test_what_cannot_be_completed_gives_nothing_and_is_recorded(
    app: Apps, static: Static, caplog: pytest.LogCaptureFixture, variable: str, given: Mapping[str, str]
) -> None:
    with caplog.at_level(logging.INFO):
        async with app(plugins(static)) as client:
            found = await completed(client, variable, "", **given)
    assert (found.values, found.total) == ([], 0)
    (line,) = lines(caplog)
    assert line["tool"] == f"complete_{variable}"
    assert line["outcome"] != "ok"


async def test_only_what_the_caller_may_list_is_offered(app: Apps, cluster: Cluster, namespace: str) -> None:
    witness = Witness.of(cluster, groups=())
    cluster.kubectl("create", "configmap", "seen", "-n", namespace)
    cluster.kubectl("create", "secret", "generic", "unseen", "-n", namespace)
    cluster.kubectl("create", "role", "some", "--verb=get,list", "--resource=configmaps", "-n", namespace)
    cluster.kubectl("create", "rolebinding", "some", "--role=some", f"--user={witness.name}", "-n", namespace)
    wait_until_allowed(cluster, witness.name, "list", "configmaps", namespace)
    async with app(plugins(Static(witness.kubeconfig))) as client:
        kinds = (await completed(client, "kind", "", namespace=namespace)).values
        names = (await completed(client, "name", "", namespace=namespace, kind="cm")).values
        secrets = (await completed(client, "name", "", namespace=namespace, kind="secrets")).values
        namespaces = (await completed(client, "namespace")).values
        with pytest.raises(MCPError, match="403"):
            await client.read_resource(f"k8s://test/{namespace}/secrets/unseen")
    assert kinds == ["configmaps"]
    assert "seen" in names
    assert secrets == []
    assert namespaces == []


async def test_reading_leaves_the_record_of_every_call(
    app: Apps, static: Static, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with app(plugins(static)) as client:
            await client.read_resource(f"k8s://test/{namespace}/configmaps/kube-root-ca.crt")
    (line,) = lines(caplog)
    assert (line["tool"], line["effect"], line["outcome"], line["namespace"]) == (
        "read_object",
        "read",
        "ok",
        namespace,
    )


async def test_the_hidden_tools_cannot_be_called_and_are_not_listed(app: Apps, static: Static, namespace: str) -> None:
    async with app(plugins(static)) as client:
        listed = {each.name for each in (await client.list_tools()).tools}
        for hidden in OBJECTS.tools:
            assert hidden.name not in listed
            with pytest.raises(MCPError, match=f"Unknown tool: {hidden.name}"):
                await client.call_tool(hidden.name, {"namespace": namespace})


@tool(effect=Effect.WRITE)
async def change_it(_: ToolCall, name: str) -> Text:
    """Change what is read."""
    return Text("Changed {name}.", name=name)


class Writing:
    """A plugin whose resource is read by a tool that writes."""

    @hookimpl
    def register_resources(self) -> list[ResourceTemplate]:
        return [ResourceTemplate("x://{context}/{name}", name="x", description="x", read=change_it)]


async def test_a_template_that_the_policy_forbids_is_as_unknown_as_any_other(app: Apps, static: Static) -> None:
    async with app({"writing": Writing(), "static": static}) as client:
        assert (await client.list_resource_templates()).resource_templates == []
        with pytest.raises(MCPError) as forbidden:
            await client.read_resource("x://test/a")
        with pytest.raises(MCPError) as unknown:
            await client.read_resource("y://test/a")
    assert forbidden.value.error.data == {"uri": "x://test/a"}
    assert unknown.value.error.data == {"uri": "y://test/a"}
    assert forbidden.value.error.message == unknown.value.error.message
    assert forbidden.value.error.code == unknown.value.error.code


@pytest.mark.parametrize("ref", ["k8s://{context}/{namespace}", "y://{a}"])
async def test_only_a_template_and_its_variables_can_be_completed(app: Apps, static: Static, ref: str) -> None:
    async with app(plugins(static)) as client:
        for uri, variable in ((ref, "namespace"), (REF.uri, "colour")):
            with pytest.raises(MCPError, match="no such resource template"):
                await client.complete(mcp.ResourceTemplateReference(uri=uri), {"name": variable, "value": ""}, {})


def test_a_template_has_one_owner(static: Static) -> None:
    class Second:
        @hookimpl
        def register_resources(self) -> list[ResourceTemplate]:
            return [OBJECTS]

    with pytest.raises(ConfigError, match=r"it offers the resource template .* as resources does"):
        App.of({}, plugins={**plugins(static), "second": Second()})


def test_values_that_begin_as_typed_come_first() -> None:
    found = completion(["my-web", "web", "db", "web-2"], "web")
    assert isinstance(found.rows, list)
    assert (found.columns, found.rows) == (("3",), [("web",), ("web-2",), ("my-web",)])


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(r.message) for r in caplog.records if r.message.startswith('{"audit": "call"')]

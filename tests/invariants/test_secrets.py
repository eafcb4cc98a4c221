"""Invariant 4: a Secret's values leave no path by default."""

from __future__ import annotations

import json
import logging
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from mcp_kubernetes import Effect, Foreign, ToolCall, tool
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.secrecy.marks import MARKER
from mcp_kubernetes.kube.secrecy.masking import masked
from mcp_kubernetes.seal import Seal
from pytest_mcp_kubernetes.apps import text
from tests.invariants.planted import Planted, encoded, random_text
from tests.invariants.probes import Toolbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
MASK = re.compile(r'"(\w+)":"(<masked: [^>]+>)"')


@dataclass(frozen=True)
class Vault:
    """A namespace full of Secrets, and the values in them."""

    namespace: str
    planted: Planted
    names: tuple[str, ...]


@pytest.fixture(scope="module")
def vault(cluster: Cluster) -> Iterator[Vault]:
    namespace = f"vault-{uuid.uuid4().hex[:8]}"
    values = [random_text() for _ in range(12)]
    cluster.kubectl("create", "namespace", namespace)
    for made in _secrets(values):
        cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(made))
    applied = {**_secret("applied", {"token": encoded(values[7])}), "stringData": {"plain": values[8]}}
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(applied))
    _event(cluster, namespace, "opaque")
    names = ("applied", "docker", "helm", "login", "opaque", "strings", "tls")
    yield Vault(namespace, Planted(tuple(values)), names)
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def _secrets(values: list[str]) -> list[dict[str, Any]]:
    login = {"username": encoded(values[5]), "password": encoded(values[6])}
    docker = {".dockerconfigjson": encoded(json.dumps({"auths": {"registry": {"auth": values[3]}}}))}
    return [
        _secret("opaque", {"password": encoded(values[0]), "other": encoded(f"x{values[1]}")}),
        {**_secret("strings", {}), "stringData": {"password": values[2]}},
        _secret("docker", docker, "kubernetes.io/dockerconfigjson"),
        _secret("helm", {"release": encoded(encoded(values[4]))}, "helm.sh/release.v1"),
        _secret("login", login, "kubernetes.io/basic-auth"),
        _secret("tls", {"tls.crt": encoded(values[9]), "tls.key": encoded(values[10])}, "kubernetes.io/tls"),
    ]


def _secret(name: str, data: dict[str, str], kind: str = "Opaque") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "data": data}


def _event(cluster: Cluster, namespace: str, about: str) -> None:
    uid = cluster.api.get(f"/api/v1/namespaces/{namespace}/secrets/{about}")["metadata"]["uid"]
    involved = {"kind": "Secret", "namespace": namespace, "name": about, "uid": uid, "apiVersion": "v1"}
    event = {
        "metadata": {"name": "rotated"},
        "involvedObject": involved,
        "reason": "Rotated",
        "message": "The password was rotated.",
        "type": "Normal",
    }
    cluster.api.post(f"/api/v1/namespaces/{namespace}/events", event)


OUTPUTS = ("table", "wide", "name", "yaml", "json")
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"list as {output}": ("k8s_list_resources", {"output": output}) for output in OUTPUTS},
    **{
        f"list everywhere as {output}": (
            "k8s_list_resources",
            {"output": output, "allNamespaces": True, "namespace": None, "maxBytes": 4_000_000},
        )
        for output in OUTPUTS
    },
    "list one": ("k8s_list_resources", {"output": "json", "fieldSelector": "metadata.name=opaque"}),
    "list by page": ("k8s_list_resources", {"output": "json", "limit": 3}),
    "list as cut objects": ("k8s_list_resources", {"output": "yaml", "maxBytes": 1_024}),
    **{
        f"get {name} as {output}{' in full' * full}": (
            "k8s_get_resource",
            {"name": name, "output": output, "full": full},
        )
        for name in ("opaque", "strings", "applied", "docker", "helm", "login", "tls")
        for output in ("yaml", "json")
        for full in (False, True)
    },
    **{
        f"get as {kind}": ("k8s_get_resource", {"name": "opaque", "resourceType": kind})
        for kind in ("secret", "Secret", "SECRETS", "v1/Secret", "v1/secrets", "secrets.v1.")
    },
    "describe": ("k8s_describe_resource", {"name": "opaque"}),
    "describe what was applied": ("k8s_describe_resource", {"name": "applied"}),
}
ERRORS: dict[str, tuple[str, dict[str, Any]]] = {
    "not there": ("k8s_get_resource", {"name": "none"}),
    "no such field": ("k8s_list_resources", {"fieldSelector": "data.password=x"}),
    "no such selector": ("k8s_list_resources", {"labelSelector": "a in (b"}),
    "no such cursor": ("k8s_list_resources", {"continue": "x"}),
}
OPAQUE = "/api/v1/namespaces/{namespace}/secrets/opaque"
SECRETS = "/api/v1/namespaces/{namespace}/secrets"
ONE = ("fieldSelector", "metadata.name=opaque")
WATCH = (("watch", "1"), ("timeoutSeconds", "1"))
SENT: dict[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    "an object": (OPAQUE, "application/json", ()),
    "an object, pretty": (OPAQUE, "application/json", (("pretty", "true"),)),
    "an object as YAML": (OPAQUE, "application/yaml", ()),
    "an object as protobuf": (OPAQUE, "application/vnd.kubernetes.protobuf", ()),
    "an object as CBOR": (OPAQUE, "application/cbor", ()),
    "an object as a table": (OPAQUE, TABLE, (("includeObject", "Object"),)),
    "metadata": (OPAQUE, PARTIAL, ()),
    "a list": (SECRETS, "application/json", ()),
    "a list of one": (SECRETS, "application/json", (ONE,)),
    "a list of metadata": (SECRETS, PARTIAL_LIST, ()),
    "a list as YAML": (SECRETS, "application/yaml", ()),
    "a list as protobuf": (SECRETS, "application/vnd.kubernetes.protobuf", ()),
    "a list as a table with objects": (SECRETS, TABLE, (("includeObject", "Object"),)),
    "a list as a table with metadata": (SECRETS, TABLE, (("includeObject", "Metadata"),)),
    "everything": ("/api/v1/secrets", "application/json", ()),
    "a watch": (SECRETS, "application/json", WATCH),
    "a watch of one": (SECRETS, "application/json", (*WATCH, ONE)),
    "a watch of one everywhere": ("/api/v1/secrets", "application/json", (*WATCH, ONE)),
    "a watch of one by its path": (OPAQUE, "application/json", WATCH),
    "a watch of one as a table": (SECRETS, TABLE, (*WATCH, ONE, ("includeObject", "Object"))),
    "a watch of one as YAML": (SECRETS, "application/yaml", (*WATCH, ONE)),
    "a watch of one as protobuf": (
        SECRETS,
        "application/vnd.kubernetes.protobuf;stream=watch",
        (*WATCH, ONE),
    ),
}
PATHS = (
    ".data",
    ".data.password",
    ".data['tls.key']",
    ".data['.dockerconfigjson']",
    ".stringData",
    ".metadata",
    ".metadata.annotations",
    ".metadata.managedFields",
    ".metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']",
)


@tool(effect=Effect.READ)
async def send(call: ToolCall, namespace: str, way: str) -> Foreign:
    """Show what came back, as it came."""
    path, accept, query = SENT[way]
    path = path.format(namespace=namespace)
    response = await call.cluster._send(Request(method="GET", path=path, query=query, headers=(("Accept", accept),)))
    return Foreign(f"{response.headers} {response.body.decode('utf-8', 'replace')} {response.body!r}")


@tool(effect=Effect.READ)
async def pick(call: ToolCall, namespace: str, path: str) -> Foreign:
    """Show one path of each Secret."""
    rows = [row async for row in call.cluster.rows("secrets", namespace, name=".metadata.name", found=path)]
    return Foreign(repr(rows))


@tool(effect=Effect.READ)
async def look(call: ToolCall, namespace: str) -> Foreign:
    """Show all that can be had of each object."""
    found = [found async for found in call.cluster.objects("secrets", namespace)]
    found += [await call.cluster.get("secrets", each.at(".metadata.name"), namespace, full=True) for each in found]
    return Foreign(repr([(each.raw, each.value, each.at(".data"), vars(each)) for each in found]))


PLUGINS = {"resources": mcp_kubernetes_resources, "probe": Toolbox(send, pick, look)}
ROOMY = {"output": {"max_bytes": 4_000_000}, "kubernetes": {"qps_limit": 0}}


async def _said(apps: Apps, static: Static, name: str, arguments: dict[str, Any]) -> tuple[bool, str]:
    async with apps({**PLUGINS, "static": static}, ROOMY) as client:
        answer = await client.call_tool(name, {k: v for k, v in arguments.items() if v is not None})
    return answer.is_error, text(answer)


@pytest.mark.parametrize("way", CALLS)
async def test_a_tool_shows_a_secret_without_its_values(
    app: Apps, static: Static, vault: Vault, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    caplog.set_level(logging.DEBUG)
    name, arguments = CALLS[way]
    asked = {"resourceType": "secrets", "namespace": vault.namespace} | arguments
    failed, said = await _said(app, static, name, asked)
    assert not failed, said
    assert any(known in said for known in vault.names)
    assert vault.planted.left_in(said + caplog.text) == []


@pytest.mark.parametrize("way", ERRORS)
async def test_an_error_about_secrets_shows_no_value(
    app: Apps, static: Static, vault: Vault, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    caplog.set_level(logging.DEBUG)
    name, arguments = ERRORS[way]
    asked = {"resourceType": "secrets", "namespace": vault.namespace} | arguments
    failed, said = await _said(app, static, name, asked)
    assert failed
    assert vault.planted.left_in(said + caplog.text) == []


@pytest.mark.parametrize("way", SENT)
async def test_no_form_of_a_request_gets_a_value(app: Apps, static: Static, vault: Vault, way: str) -> None:
    _, said = await _said(app, static, "send", {"namespace": vault.namespace, "way": way})
    assert vault.planted.left_in(said) == []


@pytest.mark.parametrize("path", PATHS)
async def test_a_path_into_secrets_finds_no_value(app: Apps, static: Static, vault: Vault, path: str) -> None:
    failed, said = await _said(app, static, "pick", {"namespace": vault.namespace, "path": path})
    assert not failed, said
    assert "name='opaque'" in said
    assert vault.planted.left_in(said) == []


async def test_nothing_that_a_tool_can_hold_has_a_value(app: Apps, static: Static, vault: Vault) -> None:
    failed, said = await _said(app, static, "look", {"namespace": vault.namespace})
    assert not failed, said
    assert MARKER in said
    assert vault.planted.left_in(said) == []


async def test_the_answer_says_that_values_are_masked(app: Apps, static: Static, vault: Vault) -> None:
    asked = {"resourceType": "secrets", "namespace": vault.namespace, "name": "opaque"}
    _, said = await _said(app, static, "k8s_get_resource", asked)
    assert "note: Values of Secrets are masked" in said
    assert f'"password":"{MARKER}48 bytes, ' in said


async def test_masks_tell_whether_a_value_changed_and_nothing_more(
    app: Apps, static: Static, cluster: Cluster, namespace: str
) -> None:
    same = encoded(random_text())
    for name in ("first", "second"):
        made = _secret(name, {"a": same, "b": same, "c": encoded(random_text())})
        cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(made))
    async with app({**PLUGINS, "static": static}) as client:

        async def masks(name: str) -> dict[str, str]:
            asked = {"resourceType": "secrets", "namespace": namespace, "name": name}
            return dict(MASK.findall(text(await client.call_tool("k8s_get_resource", asked))))

        before, other = await masks("first"), await masks("second")
        patch = json.dumps({"data": {"c": encoded(random_text())}})
        cluster.kubectl("patch", "secret", "first", "-n", namespace, "-p", patch)
        after = await masks("first")
    assert set(before) == {"a", "b", "c"}
    assert (after["a"], after["b"]) == (before["a"], before["b"])
    assert after["c"] != before["c"]
    assert len({*before.values(), *other.values()}) == 6


def test_a_mask_of_one_process_says_nothing_about_that_of_another() -> None:
    secret = {"kind": "Secret", "metadata": {"name": "a"}, "data": {"key": encoded("guess me")}}
    said = {masked(json.dumps(secret).encode(), key=seal.derived("masks")) for seal in (Seal.fresh(), Seal.fresh())}
    assert len(said) == 2

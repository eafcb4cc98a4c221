"""Input that is wrong: told in one sentence what and where, and nothing is changed by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mcp_kubernetes.apps import text
from tests.writing.kinds import KINDS
from tests.writing.watched import is_write, writes

if TYPE_CHECKING:
    from tests.calling import Call
    from tests.cluster import Cluster
    from tests.invariants.probes import Witness
    from tests.writing.conftest import Ask

_MAP = KINDS["ConfigMap"]
_HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n"
_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "namespace": "default"}}

BEFORE_THE_API_SERVER: dict[str, tuple[Any, str]] = {
    "no YAML": (f"{_HEAD}data:\n  a: [1, 2\n  b: }}\n", r"not valid YAML at line \d+, column \d+ \(document 1\)"),
    "no YAML in the second document": (f"{_HEAD}---\na: b\n c: d\n", r"at line 7, column \d+ \(document 2\)"),
    "a tab": (f"{_HEAD}data:\n\ta: b\n", r"at line 6, column 1"),
    "a key twice": (f"{_HEAD}kind: Secret\n", r"line 5, column 1.*"),
    "an alias bomb": (f"{_HEAD}data:\n" + "".join(f"  {line}\n" for line in _BOMB.splitlines()), r"alias"),
    "nothing": ("", r"The manifest is empty"),
    "only comments": ("# nothing\n---\n", r"The manifest is empty"),
    "a text": ("just words", r"is no object"),
    "no kind": ("apiVersion: v1\nmetadata: {name: x}\n", r"has no kind"),
    "no apiVersion": ("kind: ConfigMap\nmetadata: {name: x}\n", r"has no apiVersion"),
    "no name": ("apiVersion: v1\nkind: ConfigMap\n", r"has no metadata\.name"),
    "a number as name": ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 12}\n", r"needs a text as"),
    "an unknown kind": ("apiVersion: v1\nkind: ConfigMop\nmetadata: {name: x}\n", r"no such resource type"),
    "an unknown version": ("apiVersion: v9\nkind: ConfigMap\nmetadata: {name: x}\n", r"no such resource type"),
    "a plural as kind": ("apiVersion: v1\nkind: configmaps\nmetadata: {name: x}\n", r"Did you mean ConfigMap\?"),
    "the same name twice": (f"{_HEAD}---\n{_HEAD}", r"Document 1 and document 2 are the same object"),
    "a cluster-scoped kind with a namespace": (_NAMESPACE, r"Namespace has no namespaces, but the manifest names one"),
    "two namespaces": (f"{_HEAD}  namespace: another\n", r"another namespace than the call"),
    "5 MB": (f"{_HEAD}data:\n  a: {'x' * 5_000_000}\n", r"has 5,0\d\d,\d\d\d bytes; the API server takes at most"),
    "5 MB as an object": ({**_MAP.manifest("kept"), "data": {"a": "x" * 5_000_000}}, r"bytes; the API server takes"),
    "too deep": ("[" * 5_000 + "]" * 5_000, r"nested too deeply|too deep"),
    "a list of words": (["a", "b"], r"is no object"),
    "a metadata that is none": ("apiVersion: v1\nkind: ConfigMap\nmetadata: x\n", r"has a metadata that is no object"),
}  # fmt: skip

BY_THE_API_SERVER: dict[str, tuple[Any, str]] = {
    "an unknown field": (f"{_HEAD}data: {{a: b}}\ndate: {{a: b}}\n", r"date|unknown field|not declared"),
    "a number where text is due": (f"{_HEAD}data: {{a: 1}}\n", r"data|invalid|number|string"),
    "a name with a path": ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ../x}\n", r"metadata.name|not a valid"),
    "a label that is none": (f"{_HEAD}  labels: {{a: 'b c'}}\n", r"labels"),
}

_KEPT = {"resourceType": "configmaps", "name": "kept"}
_WEB = {"resourceType": "deployments", "name": "web"}
CALLS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a patch that is no list": (
        "k8s_patch_resource", {**_KEPT, "patch": {"data": {}}, "patchType": "json"}, r"list of operations",
    ),
    "a list as merge patch": (
        "k8s_patch_resource", {**_KEPT, "patch": [{"op": "remove", "path": "/data"}], "patchType": "merge"},
        r"an object with the fields",
    ),
    "a patch with an unknown operation": (
        "k8s_patch_resource", {**_KEPT, "patch": [{"op": "insert", "path": "/a"}], "patchType": "json"},
        r"Operation 1 of the patch has an op that is none of",
    ),
    "a patch without a path": (
        "k8s_patch_resource", {**_KEPT, "patch": [{"op": "remove"}], "patchType": "json"}, r"has no path",
    ),
    "a path that is no pointer": (
        "k8s_patch_resource", {**_KEPT, "patch": [{"op": "remove", "path": "data.a"}], "patchType": "json"},
        r"no JSON Pointer",
    ),
    "a path that leads nowhere": (
        "k8s_patch_resource", {**_KEPT, "patch": [{"op": "remove", "path": "/data/none"}], "patchType": "json"}, r".",
    ),
    "an unknown field in a patch": (
        "k8s_patch_resource", {**_KEPT, "patch": {"date": {}}, "patchType": "merge"}, r'unknown field "date"',
    ),
    "a number in a patch where text is due": (
        "k8s_patch_resource", {**_KEPT, "patch": {"data": {"a": 1}}, "patchType": "merge"},
        r"cannot unmarshal number into Go struct field ConfigMap\.data of type string",
    ),
    "no YAML as patch": ("k8s_patch_resource", {**_KEPT, "patch": "{a: [}"}, r"patch is not valid YAML at line 1"),
    "a metadata that is none in a patch": (
        "k8s_patch_resource", {**_KEPT, "patch": {"metadata": "x"}, "patchType": "merge"}, r".",
    ),
    "a number as metadata in a patch": (
        "k8s_patch_resource", {**_KEPT, "patch": {"metadata": 1}, "patchType": "merge"}, r".",
    ),
    "nothing as metadata in a patch": (
        "k8s_patch_resource", {**_KEPT, "patch": {"metadata": None}, "patchType": "merge"}, r".",
    ),
    "another name in a patch": (
        "k8s_patch_resource", {**_KEPT, "patch": {"metadata": {"name": "other"}}, "patchType": "merge"}, r"name",
    ),
    "an unknown patch type": ("k8s_patch_resource", {**_KEPT, "patch": {}, "patchType": "yaml"}, r"patchType"),
    "an unknown subresource": (
        "k8s_patch_resource", {**_KEPT, "patch": {"a": "b"}, "patchType": "merge", "subresource": "nothing"}, r".",
    ),
    "a subresource with a path": (
        "k8s_patch_resource", {**_KEPT, "patch": {}, "subresource": "status/../x"}, r"not a valid",
    ),
    "less than no replicas": ("k8s_scale_resource", {**_WEB, "replicas": -1}, r"replicas"),
    "half a replica": ("k8s_scale_resource", {**_WEB, "replicas": 1.5}, r"replicas"),
    "replicas as text": ("k8s_scale_resource", {**_WEB, "replicas": "three"}, r"replicas"),
    "replicas beyond all clusters": ("k8s_scale_resource", {**_WEB, "replicas": 2_000_000}, r"replicas"),
    "a kind that does not scale": ("k8s_scale_resource", {**_KEPT, "replicas": 1}, r"can be scaled at all"),
    "neither name nor selector": ("k8s_delete_resource", {"resourceType": "configmaps"}, r"name.*labelSelector"),
    "both name and selector": ("k8s_delete_resource", {**_KEPT, "labelSelector": "a=b"}, r"Give one of them"),
    "an empty selector": ("k8s_delete_resource", {"resourceType": "configmaps", "labelSelector": ""}, r"Name one"),
    "a selector that is none": ("k8s_delete_resource", {"resourceType": "configmaps", "labelSelector": "a=(b"}, r"."),
    "a name that is none": ("k8s_delete_resource", {"resourceType": "configmaps", "name": "../kept"}, r"not a valid"),
    "no such object": ("k8s_delete_resource", {"resourceType": "configmaps", "name": "nobody"}, r"not found"),
    "another uid": ("k8s_delete_resource", {**_KEPT, "uid": "00000000-0000-0000-0000-000000000000"}, r"(?i)uid"),
    "a negative grace period": ("k8s_delete_resource", {**_KEPT, "gracePeriodSeconds": -1}, r"gracePeriodSeconds"),
    "an unknown propagation": ("k8s_delete_resource", {**_KEPT, "propagationPolicy": "All"}, r"propagationPolicy"),
    "dryRun as text": ("k8s_delete_resource", {**_KEPT, "dryRun": "no, really"}, r"dryRun"),
    "an unknown argument": ("k8s_delete_resource", {**_KEPT, "force": True}, r"force"),
    "an unknown id": ("k8s_undo_change", {"changeId": "abc"}, r"No change of yours"),
}  # fmt: skip


@pytest.fixture
def kept(cluster: Cluster, namespace: str) -> dict[str, Any]:
    web = KINDS["Deployment"]
    cluster.api.post(web.path(namespace), web.manifest("web"))
    found: dict[str, Any] = cluster.api.post(_MAP.path(namespace), _MAP.manifest("kept"))
    return found


def _is_clear(said: str, pattern: str) -> None:
    sentence = said.split("\nnote: ", maxsplit=1)[0]
    assert re.search(pattern, sentence), sentence
    assert "its log tells more" not in sentence
    assert "xxxxxxxxxx" not in sentence
    assert len(sentence) < 1_000


async def test_a_bad_manifest_is_told_before_the_api_server_hears_of_it(
    cluster: Cluster, namespace: str, kept: dict[str, Any], refused: Ask, witness: Witness
) -> None:
    for tool in ("k8s_create_resource", "k8s_apply_resource"):
        for manifest, pattern in BEFORE_THE_API_SERVER.values():
            _is_clear(await refused(tool, manifest=manifest, namespace=namespace), pattern)
    assert [request for request in witness.seen() if is_write(request)] == []
    assert cluster.api.get(_MAP.path(namespace, "kept")) == kept


async def test_what_only_the_api_server_can_tell_is_told_too_and_changes_nothing(
    cluster: Cluster, namespace: str, kept: dict[str, Any], refused: Ask, witness: Witness
) -> None:
    for tool in ("k8s_create_resource", "k8s_apply_resource"):
        for manifest, pattern in BY_THE_API_SERVER.values():
            mine = manifest.replace("name: kept", "name: new") if tool == "k8s_create_resource" else manifest
            _is_clear(await refused(tool, manifest=mine, namespace=namespace), pattern)
    assert writes(witness.seen()) == []
    assert cluster.api.get(_MAP.path(namespace, "kept")) == kept


async def test_a_bad_call_changes_nothing(
    cluster: Cluster, namespace: str, kept: dict[str, Any], call: Call, witness: Witness
) -> None:
    for what, (tool, arguments, pattern) in CALLS.items():
        placed = {} if tool == "k8s_undo_change" else {"namespace": namespace}
        result = await call(tool, **arguments, **placed)
        assert result.is_error, (what, text(result))
        _is_clear(text(result), pattern)
    assert writes(witness.seen()) == []
    assert cluster.api.get(_MAP.path(namespace, "kept")) == kept


async def test_a_bad_document_stops_those_before_it_too_where_it_can_be_told_beforehand(
    namespace: str, refused: Ask, witness: Witness
) -> None:
    said = await refused("k8s_apply_resource", manifest=f"{_HEAD}---\nkind: ConfigMap\n", namespace=namespace)
    assert "Document 2 has no apiVersion" in said
    assert writes(witness.seen()) == []

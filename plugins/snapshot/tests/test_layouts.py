"""What a layout tells beside the objects in it: kinds and what they are called, discovery, version and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Opened, OpeningFiles

PODS = [
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2026-01-01T10:00:00Z"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    for name in ("a", "b", "c")
]


def test_what_a_list_holds_is_told_by_its_file_where_nothing_else_tells_it(opened_files: OpeningFiles) -> None:
    """As Troubleshoot wrote lists until 2022: arrays of items without a kind."""
    items = [{key: pod[key] for key in ("metadata", "spec")} for pod in PODS]
    one = {"metadata": {"name": "shop"}}
    files = {
        "bundle/cluster-resources/pods/shop.json": items,
        "bundle/cluster-resources/namespaces.json": one,
        "bundle/cluster-resources/pvs": [{"metadata": {"name": "pv"}}],
        "elsewhere/services/shop.json": items,
    }
    snapshot = opened_files(files)
    assert snapshot.names("/api/v1/pods") == ["a", "b", "c"]
    assert snapshot.get("/api/v1/namespaces/shop/pods/b") == PODS[1]
    assert snapshot.names("/api/v1/namespaces") == ["shop"]
    assert snapshot.names("/api/v1/persistentvolumes") == ["pv"]
    assert snapshot.names("/api/v1/services") == []


ODD = {"apiVersion": "odd.example/v1", "kind": "Oddities", "metadata": {"name": "x", "namespace": "shop"}}
PLACES = {
    "a list of a must-gather": "namespaces/shop/odd.example/oddities.yaml",
    "an object of a must-gather": "namespaces/shop/odd.example/oddities/x.yaml",
    "a list of several namespaces": "namespaces/all/odd.example/oddities.yaml",
    "a list of support-bundle-kit": "yamls/namespaced/shop/odd.example/v1/oddities.yaml",
    "an object of crash-diagnostics": "kubecapture/odd.example_v1/shop/oddities/x-2026-01-01T10-00-00Z.0000.json",
    "a list of Troubleshoot": "cluster-resources/custom-resources/oddities.odd.example/shop.yaml",
    "a list of Troubleshoot for the whole cluster": "cluster-resources/custom-resources/oddities.odd.example.yaml",
}


@pytest.mark.parametrize("place", PLACES)
def test_what_a_kind_is_called_is_told_by_the_place_of_its_file(opened_files: OpeningFiles, place: str) -> None:
    snapshot = opened_files({PLACES[place]: ODD})
    assert snapshot.names("/apis/odd.example/v1/oddities") == ["x"]


@pytest.mark.parametrize(
    "place", ["namespaces/shop/other.example/oddments.yaml", "namespaces/shop/odd.example/Odd Things.yaml"]
)
def test_a_place_that_is_none_of_its_kind_tells_nothing(opened_files: OpeningFiles, place: str) -> None:
    snapshot = opened_files({place: ODD})
    assert snapshot.names("/apis/odd.example/v1/odditieses") == ["x"]


def test_two_kinds_never_have_one_name(opened_files: OpeningFiles) -> None:
    other = {**ODD, "kind": "Other"}
    snapshot = opened_files({"namespaces/shop/odd.example/oddities.yaml": [ODD, other]})
    assert snapshot.names("/apis/odd.example/v1/oddities") == ["x"]
    assert snapshot.names("/apis/odd.example/v1/others") == ["x"]


DISCOVERY = {
    "kind": "APIGroupDiscoveryList",
    "apiVersion": "apidiscovery.k8s.io/v2",
    "metadata": {},
    "items": [
        {
            "metadata": {"name": "odd.example"},
            "versions": [
                {
                    "version": "v1",
                    "resources": [
                        {
                            "resource": "curios",
                            "responseKind": {"group": "odd.example", "version": "v1", "kind": "Oddities"},
                            "scope": "Namespaced",
                            "singularResource": "curio",
                            "shortNames": ["cu"],
                            "verbs": ["get", "list"],
                        }
                    ],
                }
            ],
        }
    ],
}


def entry(snapshot: Opened, name: str) -> Any:
    return next(
        (e for g in snapshot.groups("/apis") for v in g["versions"] for e in v["resources"] if e["resource"] == name),
        None,
    )


def test_the_discovery_of_a_must_gather_is_that_of_its_cluster(opened_files: OpeningFiles) -> None:
    files = {"odd.yaml": ODD, "pod.yaml": PODS[0], "image/aggregated-discovery-apis.yaml": DISCOVERY}
    snapshot = opened_files(files)
    assert snapshot.names("/apis/odd.example/v1/curios") == ["x"]
    assert entry(snapshot, "curios")["shortNames"] == ["cu"]
    assert entry(snapshot, "deployments") is None
    # Of the core it tells nothing.
    assert snapshot.names("/api/v1/pods") == ["a"]
    assert len(snapshot.rows("/api/v1/pods")[0]["cells"]) == 9


@pytest.mark.parametrize("broken", [[], [{}], [{"metadata": {}, "versions": [{"version": 5}]}]])
def test_discovery_that_is_none_counts_for_nothing(opened_files: OpeningFiles, broken: Any) -> None:
    files = {
        "odd.yaml": ODD,
        "image/aggregated-discovery-apis.yaml": {**DISCOVERY, "items": broken} if broken else [],
        "cluster-resources/resources.json": broken or {"kind": 5},
    }
    snapshot = opened_files(files)
    assert snapshot.names("/apis/odd.example/v1/odditieses") == ["x"]
    assert entry(snapshot, "deployments")


def test_kinds_that_discovery_forgot_are_served_as_they_are_known(opened_files: OpeningFiles) -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "shop"}}
    snapshot = opened_files({"d.yaml": deployment, "image/aggregated-discovery-apis.yaml": DISCOVERY})
    assert entry(snapshot, "deployments")["shortNames"] == ["deploy"]
    assert len(snapshot.rows("/apis/apps/v1/deployments")[0]["cells"]) == 8


def test_resources_of_troubleshoot_are_the_discovery_of_its_cluster(opened_files: OpeningFiles) -> None:
    resources = [
        {"name": "curios", "singularName": "curio", "namespaced": True, "kind": "Oddities", "verbs": ["get", "list"],
         "shortNames": ["cu"], "categories": ["all"]},
        {"name": "curios/scale", "namespaced": True, "kind": "Scale", "group": "autoscaling", "version": "v1",
         "verbs": ["get"]},
    ]  # fmt: skip
    lists = [
        {"kind": "APIResourceList", "groupVersion": "v1", "resources": None},
        {"kind": "APIResourceList", "groupVersion": "odd.example/v1", "resources": resources},
    ]
    files = {"odd.yaml": ODD, "cluster-resources/resources.json": lists}
    snapshot = opened_files(files)
    assert snapshot.names("/apis/odd.example/v1/curios") == ["x"]
    assert entry(snapshot, "curios") == {
        "resource": "curios",
        "responseKind": {"group": "odd.example", "version": "v1", "kind": "Oddities"},
        "scope": "Namespaced",
        "singularResource": "curio",
        "verbs": ["get", "list"],
        "shortNames": ["cu"],
        "categories": ["all"],
        "subresources": [
            {
                "subresource": "scale",
                "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
                "verbs": ["get"],
            }
        ],
    }


def test_the_version_is_what_the_api_server_said_and_else_what_its_operator_did(opened_files: OpeningFiles) -> None:
    versions = [{"name": "operator", "version": "4.17.3"}, {"name": "kube-apiserver", "version": "1.30.5"}]
    operator = {"apiVersion": "config.openshift.io/v1", "kind": "ClusterOperator", "status": {"versions": versions}}
    files = {"operator.yaml": {**operator, "metadata": {"name": "kube-apiserver"}}}
    assert opened_files(files).get("/version")["gitVersion"] == "v1.30.5"
    said = {"info": {"major": "1", "minor": "30", "gitVersion": "v1.30.4"}, "string": "v1.30.4"}
    files["cluster-info/cluster_version.json"] = said
    assert opened_files(files).get("/version") == said["info"]


def test_the_version_of_eck_diagnostics_is_that_of_the_server(opened_files: OpeningFiles) -> None:
    server = {"major": "1", "minor": "30", "gitVersion": "v1.30.4"}
    versions = {"DiagnosticsVersion": {"Version": "1.7.0"}, "ServerVersion": server}
    assert opened_files({"pod.yaml": PODS[0], "version.json": versions}).get("/version") == server


def test_a_node_and_a_tool_tell_no_version_of_the_api_server(opened_files: OpeningFiles) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}}
    node["status"] = {"nodeInfo": {"kubeletVersion": "v1.30.4"}}  # type: ignore[assignment]
    snapshot = opened_files({"node.yaml": node, "image/version": "must-gather\n4.17.0\n"})
    assert snapshot.ask("/version").status == 404


def test_ages_are_counted_to_when_it_was_collected(opened_files: OpeningFiles) -> None:
    times = "2026-01-01 11:00:00.123 +0000 UTC m=+0.1\n2026-01-01 12:00:00.456 +0000 UTC m=+3600.1\n"
    snapshot = opened_files({"pod.yaml": PODS[0], "must-gather.local.1/timestamp": times})
    assert snapshot.rows("/api/v1/namespaces/shop/pods")[0]["cells"][4] == "120m"

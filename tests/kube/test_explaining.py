"""A 403 says who was refused and which role would help; the role is applied here, and it helps, and not too much."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import mcp_kubernetes_resources
from mcp_kubernetes import Effect, LogOptions, ToolCall, tool
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.invariants.probes import Toolbox
from tests.kube.sentences import bearing

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
ROLE = re.compile(r"gives just that:\n(.*?)(?:\nnote:|\Z)", re.DOTALL)
_LOOKS = 200
WIDGETS = {
    "metadata": {"name": "widgets.explaining.example"},
    "spec": {
        "group": "explaining.example",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@tool(effect=Effect.READ)
async def first_log(call: ToolCall, namespace: str) -> str:
    """Read a log."""
    async with call.cluster.logs("web", namespace, options=LogOptions(tail_lines=1)) as log:
        return f"{len([chunk async for chunk in log.chunks])} pieces"


@tool(effect=Effect.CONNECT)
async def hello(call: ToolCall, namespace: str) -> str:
    """Run a command."""
    done = await call.cluster.execute("web", ["true"], namespace, seconds=5)
    return done.problem or "done"


@dataclass(frozen=True)
class Asked:
    """A call, what it lacks, and what it says once that is granted."""

    tool: str
    arguments: dict[str, Any]
    verbs: list[str]
    resource: str
    then: str
    name: str = ""
    spans: bool = False
    namespaced: bool = True


def _configmap(name: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}})


LIST, GET = "k8s_list_resources", "k8s_get_resource"
CALLS = {
    "list": Asked(LIST, {"resourceType": "configmaps"}, ["list"], "configmaps", "kube-root-ca.crt|There are none"),
    "list over all namespaces": Asked(
        LIST, {"resourceType": "configmaps", "allNamespaces": True}, ["list"], "configmaps", "kube-root-ca.crt|none",
        spans=True, namespaced=False,
    ),
    "get one": Asked(GET, {"resourceType": "configmap", "name": "one"}, ["get"], "configmaps", '"name":"one"', "one"),
    "list what has no namespace": Asked(
        LIST, {"resourceType": "storageclasses"}, ["list"], "storageclasses", "There are none|NAME", namespaced=False
    ),
    "get what has no namespace": Asked(
        GET, {"resourceType": "clusterrole", "name": "view"}, ["get"], "clusterroles", '"name":"view"', "view",
        namespaced=False,
    ),
    "list of a CRD": Asked(
        LIST, {"resourceType": "widgets.explaining.example"}, ["list"], "widgets", "There are none"
    ),
    "a log": Asked("first_log", {}, ["get"], "pods/log", "0 pieces", "web"),
    "a command": Asked("hello", {}, ["get", "create"], "pods/exec", "does not have a host", "web"),
    "create": Asked(
        "k8s_create_resource", {"manifest": _configmap("two")}, ["create"], "configmaps", "configmap/two created"
    ),
    "apply": Asked(
        "k8s_apply_resource", {"manifest": _configmap("three")}, ["patch", "create"], "configmaps",
        "configmap/three created", "three",
    ),
    "patch": Asked(
        "k8s_patch_resource", {"resourceType": "configmap", "name": "one", "patch": '{"data": {"a": "c"}}'},
        ["patch"], "configmaps", "configmap/one patched", "one",
    ),
    "delete": Asked(
        "k8s_delete_resource", {"resourceType": "configmap", "name": "one"}, ["delete"], "configmaps",
        "configmap/one deleted", "one",
    ),
}  # fmt: skip


async def ask(app: Apps, user: Path, name: str, arguments: dict[str, Any]) -> str:
    plugins = {
        "resources": mcp_kubernetes_resources,
        "probes": Toolbox(first_log, hello),
        "static": Static(user),
    }
    async with app(plugins, {"safety": {"non_destructive": False}}) as client:
        return text(await client.call_tool(name, arguments))


def documents(answer: str) -> list[dict[str, Any]]:
    """The role and the binding that a refusal prints."""
    found = ROLE.search(answer)
    assert found, answer
    return list(yaml.safe_load_all(found[1]))


def reviewed(cluster: Cluster, user: str, attributes: dict[str, str]) -> bool:
    review = {"spec": {"user": user, "groups": ["system:authenticated"], "resourceAttributes": attributes}}
    status = cluster.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]
    return bool(status["allowed"])


def attributes(asked: Asked, group: str, verb: str, namespace: str) -> dict[str, str]:
    resource, _, subresource = asked.resource.partition("/")
    found = {"verb": verb, "group": group, "resource": resource, "subresource": subresource, "name": asked.name,
             "namespace": namespace if asked.namespaced else ""}  # fmt: skip
    return {key: value for key, value in found.items() if value}


@pytest.fixture(scope="module", autouse=True)
def widgets(cluster: Cluster) -> None:
    cluster.api.ensure("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", WIDGETS)
    cluster.kubectl("wait", "--for=condition=Established", "crd/widgets.explaining.example", "--timeout=30s")


@pytest.fixture
def home(cluster: Cluster, namespace: str) -> str:
    """A namespace with a config map, and a pod that no node runs."""
    inside = f"/api/v1/namespaces/{namespace}"
    cluster.api.ensure(f"{inside}/serviceaccounts", {"metadata": {"name": "default"}})
    cluster.api.post(f"{inside}/configmaps", json.loads(_configmap("one")))
    spec = {"schedulerName": "nobody", "containers": [{"name": "main", "image": "registry.example/web:1"}]}
    cluster.api.post(f"{inside}/pods", {"metadata": {"name": "web"}, "spec": spec})
    return namespace


def applied(cluster: Cluster, role: dict[str, Any], binding: dict[str, Any]) -> None:
    for each in (role, binding):
        namespace = each["metadata"].get("namespace")
        scope = f"namespaces/{namespace}/" if namespace else ""
        cluster.api.post(f"/apis/{each['apiVersion']}/{scope}{each['kind'].lower()}s", each)


@pytest.mark.parametrize("which", CALLS)
async def test_the_role_that_a_refusal_prints_lets_the_same_call_succeed_and_no_other(
    app: Apps, cluster: Cluster, home: str, which: str
) -> None:
    asked = CALLS[which]
    name = f"explained-{home}"
    user = cluster.user(name)
    where = {} if asked.spans or not asked.namespaced else {"namespace": home}
    refused = await ask(app, user, asked.tool, {**asked.arguments, **where})
    role, binding = documents(refused)
    assert role["rules"][0]["verbs"] == asked.verbs
    assert f"To the API server you are {name}, in the groups system:authenticated." in refused

    applied(cluster, role, binding)
    group = role["rules"][0]["apiGroups"][0]
    wait(lambda: all(reviewed(cluster, name, attributes(asked, group, verb, home)) for verb in asked.verbs))
    answer = await ask(app, user, asked.tool, {**asked.arguments, **where})
    assert "403" not in answer
    assert re.search(asked.then, answer), answer

    others = [attributes(asked, group, verb, home) for verb in VERBS if verb not in asked.verbs]
    others += [{**attributes(asked, group, asked.verbs[0], home), "resource": "secrets"}]
    if asked.namespaced:
        others += [attributes(asked, group, asked.verbs[0], "default")]
    if asked.name:
        others += [{**attributes(asked, group, asked.verbs[0], home), "name": "another"}]
    assert not [each for each in others if reviewed(cluster, name, each)]


def wait(done: Any) -> None:
    """Return when the API server has taken note of what was just made."""
    for _ in range(_LOOKS):
        if done():
            return
    raise AssertionError("what was made is not in force")


async def test_a_refusal_by_an_admission_policy_prints_no_role(app: Apps, cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {
        "containers": [{"name": "main", "image": "x", "securityContext": {"privileged": True}}]}}  # fmt: skip
    admin = cluster.user(f"admin-{namespace}", ("system:masters",))
    answer = await ask(app, admin, "k8s_create_resource", {"manifest": json.dumps(pod), "namespace": namespace})
    assert "violates PodSecurity" in answer
    assert "RBAC allows this request; an admission policy refuses it, so no role would help." in answer
    assert "kind: Role" not in answer


@pytest.mark.parametrize("name", ['o"brien', "back\\slash", "two words", "no", "é: - x #"])
async def test_whatever_the_user_is_called_the_binding_means_them(app: Apps, cluster: Cluster, name: str) -> None:
    answer = await ask(app, cluster.user(name), LIST, {"resourceType": "pods", "namespace": "kube-system"})
    _, binding = documents(answer)
    assert binding["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}]


async def test_a_service_account_is_bound_as_one(app: Apps, cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    token = cluster.service_account_token(namespace, "robot")
    config = yaml.safe_load(cluster.kubeconfig.read_text("utf-8"))
    config["users"][0]["user"] = {"token": token}
    user = tmp_path / "kubeconfig"
    user.touch(mode=0o600)
    user.write_text(yaml.safe_dump(config), "utf-8")
    answer = await ask(app, user, LIST, {"resourceType": "pods", "namespace": namespace})
    _, binding = documents(answer)
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "robot", "namespace": namespace}]
    assert f"system:serviceaccounts:{namespace}" in answer
    assert token not in answer


async def test_several_documents_that_are_all_refused_are_explained_too(
    app: Apps, cluster: Cluster, namespace: str
) -> None:
    both = f"[{_configmap('two')}, {_configmap('three')}]"
    user = cluster.user(f"both-{namespace}")
    answer = await ask(app, user, "k8s_create_resource", {"manifest": both, "namespace": namespace})
    assert documents(answer)[0]["rules"] == [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]}]


async def test_somebody_anonymous_learns_which_path_is_closed_to_them(
    app: Apps, cluster: Cluster, tmp_path: Path
) -> None:
    answer = await ask(app, bearing(tmp_path, cluster.server, ca=cluster.ca, user={}), LIST, {"resourceType": "pods"})
    assert "To the API server you are system:anonymous." in answer
    role, _ = documents(answer)
    assert role["kind"] == "ClusterRole"
    assert [rule | {"nonResourceURLs": []} for rule in role["rules"]] == [{"nonResourceURLs": [], "verbs": ["get"]}]
    assert role["rules"][0]["nonResourceURLs"] in (["/api"], ["/apis"])  # both are asked for at once

"""What one may do and who one is, as the real API server says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.cluster import own
from tests.invariants.probes import wait_until_allowed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster import Cluster
    from tests.knowing.conftest import Asking

ACCESS = "k8s_check_access"


@pytest.fixture
def reader(cluster: Cluster, namespace: str) -> Path:
    """Somebody who may read pods and their logs in one namespace, and one config map by its name."""
    name = f"reader-{namespace}"
    rules = [
        {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["one"], "verbs": ["get"]},
    ]
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    cluster.api.post(f"{rbac}/roles", {"metadata": {"name": "reader"}, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}
    binding = {"metadata": {"name": "reader"}, "roleRef": reference, "subjects": [subject]}
    cluster.api.post(f"{rbac}/rolebindings", binding)
    wait_until_allowed(cluster, name, "list", "pods", namespace)
    return cluster.user(name, ["team"])


async def test_many_checks_are_answered_in_one_call_in_their_order(
    asking: Asking, reader: Path, namespace: str
) -> None:
    checks = [
        {"verb": "list", "resource": "pods"},
        {"verb": "get", "resource": "po", "subresource": "log", "name": "web"},
        {"verb": "get", "resource": "pods/log"},
        {"verb": "delete", "resource": "pods"},
        {"verb": "list", "resource": "pods", "namespace": "*"},
        {"verb": "list", "resource": "pods", "namespace": "default"},
        {"verb": "list", "resource": "deployments.apps"},
        {"verb": "get", "resource": "configmaps", "name": "one"},
        {"verb": "get", "resource": "configmaps", "name": "two"},
        {"verb": "list", "resource": "nodes"},
        {"verb": "get", "resource": "/version"},
        {"verb": "get", "resource": "/metrics"},
        {"verb": "get", "resource": "no-such-kind"},
    ]
    async with asking(reader) as ask:
        answer = await ask(ACCESS, checks=checks, namespace=namespace)
    lines = answer.splitlines()
    assert lines[0] == "ALLOWED\tVERB\tRESOURCE\tNAMESPACE\tNAME\tREASON"
    told = [line.split("\t")[0] for line in lines[1 : len(checks) + 1]]
    assert told == "yes yes yes no no no yes yes no no yes no unknown".split()  # noqa: SIM905 - reads as a row
    assert f"yes\tget\tpo/log\t{namespace}\tweb\t" in answer
    assert "The cluster has no such resource type." in lines[len(checks)]


async def test_all_rights_in_a_namespace_are_told(asking: Asking, reader: Path, namespace: str) -> None:
    async with asking(reader) as ask:
        there, elsewhere = await ask(ACCESS, namespace=namespace), await ask(ACCESS, namespace="default")
    assert "\npods,pods/log\t\tget,list\n" in there
    assert "\ndeployments.apps\t\tlist\n" in there
    assert "\nconfigmaps\tone\tget\n" in there
    assert "selfsubjectreviews.authentication.k8s.io\t\tcreate" in there
    assert "/readyz" in there
    assert "pods" not in elsewhere
    assert "incomplete" not in there


async def test_an_authorizer_that_does_not_tell_its_rules_makes_the_list_incomplete(
    asking: Asking, cluster: Cluster, tmp_path: Path
) -> None:
    webhook = tmp_path / "authorizer.kubeconfig"
    parts = {
        "clusters": [{"name": "a", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }
    webhook.write_text(yaml.safe_dump({**parts, "current-context": "a"}), "utf-8")
    modes = ["--authorization-mode=Webhook", f"--authorization-webhook-config-file={webhook}"]
    with own(cluster, extra_args=modes) as webhooked:
        async with asking(webhooked.kubeconfig) as ask:
            answer = await ask(ACCESS, namespace="default")
    assert "note: The list is incomplete: an authorizer of the cluster does not tell its rules" in answer
    assert "\n*.*\t\t*\n" in answer


async def test_without_arguments_one_learns_who_one_is(asking: Asking, reader: Path, namespace: str) -> None:
    async with asking(reader) as ask:
        answer = await ask(ACCESS)
    assert f"username\treader-{namespace}\ngroups\tteam, system:authenticated\n" in answer


@pytest.mark.parametrize(
    "checks", [[{"verb": "get"}], [{"verb": "get", "resource": "pods", "group": "x"}], [{"verb": "", "resource": "po"}]]
)
async def test_a_check_that_says_too_little_or_too_much_is_refused(
    asking: Asking, cluster: Cluster, checks: list[dict[str, str]]
) -> None:
    async with asking(cluster.kubeconfig) as ask:
        with pytest.raises(AssertionError, match=r"Invalid arguments: checks\.0\."):
            await ask(ACCESS, checks=json.loads(json.dumps(checks)))

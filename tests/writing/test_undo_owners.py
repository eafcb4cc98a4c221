"""A change is undone by whoever made it, where they made it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from mcp_kubernetes import Identity
from mcp_kubernetes.spi import Session
from mcp_kubernetes_contexts import Contexts
from pytest_mcp_kubernetes.apps import Apps, text
from pytest_mcp_kubernetes.static import Static
from tests.writing.kinds import KINDS
from tests.writing.watched import change_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.calling import Call
    from tests.cluster import Cluster


@pytest.mark.parametrize("made_up", ["", "a" * 13, "A" * 13, "../x", "a" * 64, "é", "changeId"])
async def test_a_made_up_id_names_no_change(call: Call, made_up: str) -> None:
    result = await call("k8s_undo_change", changeId=made_up)
    assert result.is_error
    assert "No change of yours" in text(result)


async def test_a_change_of_somebody_else_is_none_of_the_callers(cluster: Cluster, namespace: str) -> None:
    one, other = Identity(subject="one"), Identity(subject="other")
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(cluster.kubeconfig)}
    async with Apps().make(plugins, {"safety": {"non_destructive": False}}) as app:

        async def said(who: Identity, tool: str, **arguments: Any) -> str:
            outcome = await app.call(tool, arguments, identity=who, session=Session(key="shared"))
            return "\n".join(outcome.blocks)

        manifest = KINDS["ConfigMap"].manifest("o", namespace=namespace)
        change = change_id(await said(one, "k8s_create_resource", manifest=manifest))
        refusal = await said(other, "k8s_undo_change", changeId=change)
        assert refusal == await said(other, "k8s_undo_change", changeId="a" * 13)
        assert "No change of yours" in refusal
        assert "deleted" in await said(one, "k8s_undo_change", changeId=change)


async def test_a_change_is_undone_in_its_own_context_alone(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """Both contexts lead to the same server: only their names tell them apart."""
    kubeconfig = json.loads(cluster.kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
    [context] = kubeconfig["contexts"]
    kubeconfig["contexts"] = [{**context, "name": name} for name in ("here", "there")]
    (tmp_path / "config").write_text(json.dumps({**kubeconfig, "current-context": "here"}), "utf-8")
    sections: dict[str, dict[str, Any]] = {
        "contexts": {"kubeconfig": [str(tmp_path / "config")]},
        "safety": {"non_destructive": False},
    }
    manifest = KINDS["ConfigMap"].manifest("o", namespace=namespace)
    async with Apps()({"resources": mcp_kubernetes_resources, "contexts": Contexts()}, sections) as client:
        created = await client.call_tool("k8s_create_resource", {"manifest": manifest, "kubeContext": "there"})
        change = {"changeId": change_id(text(created))}
        refused = await client.call_tool("k8s_undo_change", change)
        assert refused.is_error
        assert "made in there. Name that" in text(refused)
        assert cluster.kubectl("get", "configmap", "o", "-n", namespace, "-o", "name")
        undone = await client.call_tool("k8s_undo_change", {**change, "kubeContext": "there"})
        assert not undone.is_error, text(undone)

"""The steps of the demo: what a model would ask of a cluster in trouble, and what it would change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_kubernetes_snapshot.demo.clients import ways
from mcp_kubernetes_snapshot.demo.serving import Failed

if TYPE_CHECKING:
    from mcp_kubernetes_snapshot.demo.serving import Server
    from mcp_kubernetes_snapshot.demo.showing import Stage


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call. `expects` are words without which the answer is not what was to be shown."""

    title: str
    why: str
    tool: str
    arguments: dict[str, Any]
    expects: tuple[str, ...]


_IMAGE = "registry.example/shop/catalog:2.4.1"
_PATCH = {"spec": {"template": {"spec": {"containers": [{"name": "catalog", "image": _IMAGE}]}}}}

STEPS = (
    Step(
        title="What runs in the shop?",
        why="Lists are the API server's own columns.",
        tool="k8s_list_resources",
        arguments={"resourceType": "pods", "namespace": "shop"},
        expects=("web-7c9d8b6f5-h4k2p", "Running"),
    ),
    Step(
        title="What is wrong?",
        why="One call holds rules against the whole cluster. Three things are broken: an image that cannot be pulled, "
        "a container that crashes, a volume that nobody provides.",
        tool="k8s_get_cluster_health",
        arguments={},
        expects=("ImagePullBackOff", "CrashLoopBackOff", "ClaimUnbound"),
    ),
    Step(
        title="Why does it crash?",
        why="The last words of the container; a setting is missing.",
        tool="k8s_get_pod_logs",
        arguments={"namespace": "shop", "podName": "payments-5d8f7b9c6-zk7rb"},
        expects=("GATEWAY_URL is not set",),
    ),
    Step(
        title="Under which name is it there?",
        why="The setting has another name in the ConfigMap.",
        tool="k8s_get_resource",
        arguments={"resourceType": "configmap", "namespace": "shop", "name": "payments", "fields": ".data"},
        expects=("GATEWAY_ADDRESS",),
    ),
    Step(
        title="What would a change do?",
        why="The image ends in the letter l where the digit 1 was meant. A dry run shows the fields that would differ.",
        tool="k8s_patch_resource",
        arguments={
            "resourceType": "deployment",
            "namespace": "shop",
            "name": "catalog",
            "patch": json.dumps(_PATCH, separators=(",", ":")),
            "dryRun": True,
        },
        expects=("catalog:2.4.l", _IMAGE, "Dry run: nothing was changed."),
    ),
)


async def tour(stage: Stage, server: Server) -> None:
    """Go through all steps, then tell how to go on. Raises Failed where an answer is not what it should be."""
    count = await server.tools()
    stage.say(f"A server was started on a shop that is made of files alone, and a client connected: {count} tools.")
    for step in STEPS:
        await _taken(stage, server, step)
    stage.title("Go on from here")
    stage.say("Let your client start the same server, and ask it to repair the shop:")
    for name, hint, text, language in ways(server):
        stage.say(f"\n{name}: {hint}")
        stage.code(text, language)
    stage.say("\nWith your own clusters it is just `mcp-kubernetes serve`: it reads your kubeconfig, and only reads.")


async def _taken(stage: Stage, server: Server, step: Step) -> None:
    stage.title(step.title)
    stage.say(step.why)
    stage.call(step.tool, json.dumps(step.arguments))
    blocks = await server.call(step.tool, step.arguments)
    stage.answer(blocks)
    missing = [words for words in step.expects if words not in "\n".join(blocks)]
    if missing:
        raise Failed(f"The answer lacks what was to be shown: {missing[0]}.")

"""The questions: each a sequence of tool calls, and the facts that the last answer must contain.

What is changed for one is taken back in it, so that the others find the world as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

APPLY, PATCH, SCALE = "k8s_apply_resource", "k8s_patch_resource", "k8s_scale_resource"
DELETE, UNDO = "k8s_delete_resource", "k8s_undo_change"
LIST, GET, DESCRIBE, EVENTS = "k8s_list_resources", "k8s_get_resource", "k8s_describe_resource", "k8s_list_events"
LOGS = "k8s_get_pod_logs"
HEALTH, KINDS, ACCESS = "k8s_get_cluster_health", "k8s_get_api_resources", "k8s_check_access"


@dataclass(frozen=True)
class Call:
    """One call of one tool."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, how it is answered, and what the answer says: a pattern for each fact."""

    asked: str
    calls: Sequence[Call]
    facts: Sequence[str]


def _one(asked: str, tool: str, *facts: str, **arguments: Any) -> Question:
    return Question(asked=asked, calls=[Call(tool, arguments)], facts=facts)


_SHOP = {"namespace": "shop"}
_SLOWER = "{apiVersion: v1, kind: ConfigMap, metadata: {name: web-settings}, data: {timeout: 60s}}"

QUESTIONS: Sequence[Question] = (
    _one(
        "Which images run in the cluster, and in how many pods each?",
        LIST, r"3\tregistry\.example/web:2\.4\.1",
        resourceType="pods", allNamespaces=True, countBy="IMAGE:.spec.containers[*].image",
    ),
    _one(
        "How many pods are in which phase on which node?",
        LIST, r"\d+\tRunning\tkwok-00\d", r"2\tPending\t<none>",
        resourceType="pods", countBy="PHASE:.status.phase,NODE:.spec.nodeName", **_SHOP,
    ),
    _one(
        "Which pods do not run?",
        LIST, r"search-\S+\t0/1\tPending",
        resourceType="pods", fieldSelector="status.phase!=Running", **_SHOP,
    ),
    _one(
        "Why do the pods of search not run?",
        EVENTS, r"FailedScheduling.*didn't match Pod's node affinity/selector",
        types="Warning", **_SHOP,
    ),
    _one(
        "Which pods have restarted most?",
        LIST, r"importer\t.*\t7\b",
        resourceType="pods", sortBy="-.status.containerStatuses[0].restartCount", limit=3, **_SHOP,
    ),
    _one(
        "What is wrong with importer?",
        DESCRIBE, r"CrashLoopBackOff", r"catalogue",
        resourceType="pod", name="importer", **_SHOP,
    ),
    _one(
        "Which pods have a container without a memory limit?",
        LIST, r"importer", r"search-",
        resourceType="pods",
        where="!object.spec.containers.all(c, has(c.resources.limits) && has(c.resources.limits.memory))", **_SHOP,
    ),
    _one(
        "Which workloads run the tag latest?",
        LIST, r"\nsearch\t",
        resourceType="deployments", where='object.spec.template.spec.containers.exists(c, c.image.endsWith(":latest"))',
        **_SHOP,
    ),
    _one(
        "Which deployments are short of replicas?",
        LIST, r"\nsearch\t0/2",
        resourceType="deployments",
        where="!has(object.status.readyReplicas) || object.status.readyReplicas < object.spec.replicas", **_SHOP,
    ),
    _one(
        "Which nodes take no new pods?",
        LIST, r"kwok-002\tReady,SchedulingDisabled",
        resourceType="nodes", where="has(object.spec.unschedulable) && object.spec.unschedulable",
    ),
    _one(
        "Which pods mount the Secret web-credentials?",
        LIST, r"(web-\S+\n?){3}",
        resourceType="pods", output="name",
        where='object.spec.volumes.exists(v, has(v.secret) && v.secret.secretName == "web-credentials")', **_SHOP,
    ),
    _one(
        "What does the Service web lead to?",
        DESCRIBE, r"web-\w+-\w+",
        resourceType="service", name="web", **_SHOP,
    ),
    _one(
        "Which Services lead nowhere?",
        LIST, r"\ncheckout-",
        resourceType="endpointslices",
        where="!has(object.endpoints) || object.endpoints == null || object.endpoints.size() == 0", **_SHOP,
    ),
    _one(
        "Which Services does the Ingress front lead to?",
        DESCRIBE, r"shop\.example", r"web",
        resourceType="ingress", name="front", **_SHOP,
    ),
    _one(
        "Who uses the claim catalogue, and is it bound?",
        DESCRIBE, r"Pending", r"importer",
        resourceType="pvc", name="catalogue", **_SHOP,
    ),
    _one(
        "What is the timeout in the settings of web?",
        GET, r'"timeout":"30s"',
        resourceType="configmap", name="web-settings", fields=".data", **_SHOP,
    ),
    _one(
        "Which Secrets are there, of which type?",
        LIST, r"web-credentials\tOpaque",
        resourceType="secrets", columns="NAME:.metadata.name,TYPE:.type", **_SHOP,
    ),
    _one(
        "How far may web grow, and at what load?",
        GET, r'"maxReplicas":9', r'"averageUtilization":60',
        resourceType="hpa", name="web", fields=".spec.maxReplicas,.spec.metrics", **_SHOP,
    ),
    _one(
        "When does the CronJob report run, and does it?",
        LIST, r"report\t15 3 \* \* \*\t.*True",
        resourceType="cronjobs", **_SHOP,
    ),
    _one(
        "How much of its quota does shop use?",
        DESCRIBE, r"pods: \d+/20|pods: \"?20",
        resourceType="namespace", name="shop",
    ),
    _one(
        "Is the cluster well, and if not, what is wrong?",
        HEALTH, r"^Degraded\.", r"CrashLoopBackOff\tpod/importer in shop", r"didn't match Pod's node affinity/selector",
        r"ClaimUnbound\tpersistentvolumeclaim/catalogue in shop", r"info\tNodeCordoned\tnode/kwok-002",
    ),
    _one(
        "Which kinds of the group autoscaling are served, and may they be watched?",
        KINDS, r"horizontalpodautoscalers\thpa\tautoscaling/v2\ttrue",
        apiGroup="autoscaling", verbs="watch",
    ),
    _one(
        "May I read the Secrets of shop, and restart its deployments?",
        ACCESS, r"yes\tget\tsecrets\tshop", r"yes\tpatch\tdeployments\tshop",
        checks=[{"verb": "get", "resource": "secrets"}, {"verb": "patch", "resource": "deployments"}], **_SHOP,
    ),
    _one(
        "Who am I to the cluster?",
        ACCESS, r"username\tadmin\n", r"system:masters",
    ),
    Question(
        asked="To whom belongs a pod of web, up to the top?",
        calls=[
            Call(LIST, {"resourceType": "rs", "labelSelector": "app=web", "output": "name", **_SHOP}),
            Call(LIST, {"resourceType": "rs", "columns": "NAME:.metadata.name,OWNER:.metadata.ownerReferences[*].name",
                        "labelSelector": "app=web", **_SHOP}),
        ],
        facts=[r"web-\w+\tweb"],
    ),
    _one(
        "What would the image web:2.5.0 change?",
        PATCH, r"web would be patched", r"\[0\]\.image\t\S+/web:2\.4\.1\t\S+/web:2\.5\.0",
        resourceType="deployment", name="web", dryRun=True,
        patch='{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"registry.example/web:2.5.0"}]}}}}',
        **_SHOP,
    ),
    _one(
        "What would be lost with the claim catalogue?",
        DELETE, r"catalogue would be marked for deletion", r"cannot be undone: the volume behind it may be erased",
        resourceType="pvc", name="catalogue", dryRun=True, **_SHOP,
    ),
    _one(
        "Who else manages the settings of web?",
        APPLY, r'conflict.*"kubectl"', r"\.data\.timeout",
        manifest=_SLOWER, **_SHOP,
    ),
    Question(
        asked="Make the timeout of web 60s, then take that back.",
        calls=[
            Call(APPLY, {"manifest": _SLOWER,
                         "force": True, **_SHOP}),
            Call(UNDO),
        ],
        facts=[r"web-settings restored", r"\.data\.timeout\t60s\t30s"],
    ),
    Question(
        asked="Scale search to three, then take that back.",
        calls=[Call(SCALE, {"resourceType": "deployment", "name": "search", "replicas": 3, **_SHOP}), Call(UNDO)],
        facts=[r"search restored", r"\.spec\.replicas\t3\t2"],
    ),
)  # fmt: skip

RUNNING: Sequence[Question] = (
    _one(
        "Why do payments fail?",
        LOGS, r"> \w+ .*issuer unavailable", r"2 of 2,000 lines match", r"order=499",
        labelSelector="app=payments", grep="level=error", linesAround=1, **_SHOP,
    ),
    _one(
        "What do the pods of payments print, in short?",
        LOGS, r"1\t2\t.*card declined: issuer unavailable", r"2\t1998\t.*paid",
        labelSelector="app=payments", summarize=True, **_SHOP,
    ),
    _one(
        "What did payments-1 print last?",
        LOGS, r"(level=info.*\n){3}",
        podName="payments-1", tailLines=3, **_SHOP,
    ),
)  # fmt: skip
"""What can be asked only where containers run."""

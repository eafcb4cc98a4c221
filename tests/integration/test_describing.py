"""Descriptions against a real control plane: what belongs to an object, in few requests, and what is not readable."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.invariants.probes import Witness, wait_until_allowed

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

MOST_REQUESTS = 8
WORKLOADS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}, matchExpressions: [{key: app, operator: In, values: [web, other]}]}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example/web:1
        env: [{name: KEY, valueFrom: {secretKeyRef: {name: keys, key: one}}}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Pod
metadata: {name: stranger, labels: {app: stranger}}
spec: {containers: [{name: a, image: registry.example/a:1}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: lonely}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  defaultBackend: {service: {name: web, port: {number: 80}}}
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {pods: "50"}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: registry.example/a:1}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: registry.example/a:1}]}}}}
"""


@pytest.fixture
def workloads(cluster: Cluster, namespace: str) -> str:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=WORKLOADS)
    for kind, label in (("pods", "app=web"), ("pods", "job-name=once"), ("endpointslices", "")):
        there = f"jsonpath={{.items[{1 if label == 'app=web' else 0}].metadata.name}}"
        listed = ("get", kind, "-n", namespace, "-l", label, "-o", there)
        _until(cluster, *listed)
    return namespace


def _until(cluster: Cluster, *command: str) -> None:
    """Ask until the controllers have made it; kubectl takes as long as a pause would."""
    for _ in range(200):
        try:
            if cluster.kubectl(*command):
                return
        except Exception:  # noqa: BLE001, S112 - an index beyond the list is an error of kubectl
            continue
    raise AssertionError(command)


async def described(app: Apps, kubeconfig: Any, **arguments: Any) -> str:
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(kubeconfig)}
    async with app(plugins) as client:
        result = await client.call_tool("k8s_describe_resource", arguments)
    assert not result.is_error, text(result)
    return text(result)


def table(said: str, title: str) -> list[str]:
    """The first cells of the rows below a title."""
    _, _, rest = said.partition(f"\n{title}:\n") if f"\n{title}:\n" in said else said.partition(f"{title}:\n")
    lines = rest.splitlines()[1:]
    return [line.split("\t")[0] for line in lines[: next((n for n, row in enumerate(lines) if "\t" not in row), None)]]


async def test_what_belongs_to_each_kind_is_shown(app: Apps, cluster: Cluster, workloads: str) -> None:
    async def about(kind: str, name: str, namespace: str | None = workloads) -> str:
        where = {"namespace": namespace} if namespace else {}
        return await described(app, cluster.kubeconfig, resourceType=kind, name=name, **where)

    deployment = await about("deploy", "web")
    (replica_set,) = table(deployment, "ReplicaSets")
    pods = table(deployment, "Pods")
    assert len(pods) == 2
    assert "ScalingReplicaSet" in table_text(deployment, "Events, the newest first")
    assert "Secrets\tkeys" in deployment
    assert "PersistentVolumeClaims\tdata" in deployment

    assert table(await about("rs", replica_set), "Pods") == pods
    pod = await about("pod", pods[0])
    assert f"Owned by:\nKIND\tNAME\nReplicaSet\t{replica_set}\nDeployment\tweb\n" in pod
    service = await about("svc", "web")
    assert table(service, "Pods") == pods
    assert len(table(service, "EndpointSlices")) == 1
    assert "Pods: none." in await about("svc", "lonely")
    assert table(await about("ing", "web"), "Services") == ["web"]
    assert table(await about("hpa", "web"), "Target") == ["web"]
    assert table(await about("pvc", "data"), "Pods that use it") == pods
    assert table(await about("ns", workloads, None), "ResourceQuotas") == ["quota"]
    assert "LimitRanges: none." in await about("ns", workloads, None)
    assert len(table(await about("job", "once"), "Pods")) == 1
    assert "Jobs: none." in await about("cronjob", "nightly")
    assert "stranger" not in deployment + service


def table_text(said: str, title: str) -> str:
    return said.partition(f"{title}:\n")[2].partition("\nObject:")[0]


async def test_a_node_shows_its_pods_of_all_namespaces(app: Apps, cluster: Cluster, namespace: str) -> None:
    (node,) = cluster.nodes(1)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "here"},
        "spec": {"nodeName": node, "containers": [{"name": "a", "image": "registry.example/a:1"}]},
    }
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(pod))
    there = await described(app, cluster.kubeconfig, resourceType="pod", name="here", namespace=namespace)
    assert table(there, "Node") == [node]
    said = await described(app, cluster.kubeconfig, resourceType="node", name=node)
    assert "NAMESPACE\tNAME\t" in said
    assert table(said, "Pods")
    assert "MemoryPressure\tFalse\t" in said


async def test_a_volume_and_its_claim_lead_to_each_other(app: Apps, cluster: Cluster, namespace: str) -> None:
    name = f"volume-{uuid.uuid4().hex[:8]}"
    size = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    claimed = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": "mine", "namespace": namespace}
    volume = {"hostPath": {"path": "/nowhere"}, "claimRef": claimed, **size}
    claim = {"volumeName": name, "storageClassName": "", "accessModes": ["ReadWriteOnce"]}
    made = [
        {"kind": "PersistentVolume", "metadata": {"name": name}, "spec": volume},
        {
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "mine"},
            "spec": {**claim, "resources": {"requests": {"storage": "1Gi"}}},
        },
    ]
    for each in made:
        cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps({"apiVersion": "v1", **each}))
    try:
        said = await described(app, cluster.kubeconfig, resourceType="pv", name=name)
        assert table(said, "PersistentVolumeClaim") == ["mine"]
        said = await described(app, cluster.kubeconfig, resourceType="pvc", name="mine", namespace=namespace)
        assert table(said, "PersistentVolume") == [name]
    finally:
        cluster.kubectl("delete", "pv", name, "--wait=false")


async def test_no_description_takes_more_than_eight_requests(app: Apps, cluster: Cluster, workloads: str) -> None:
    pod = cluster.kubectl("get", "pods", "-n", workloads, "-l", "app=web", "-o", "name").split()[0].partition("/")[2]
    for kind, name in (("pod", pod), ("deploy", "web"), ("svc", "web"), ("pvc", "data")):
        witness = Witness.of(cluster)
        await described(app, witness.kubeconfig, resourceType=kind, name=name, namespace=workloads)
        assert len(witness.asked()) <= MOST_REQUESTS, witness.asked()
        assert len(witness.asked()) >= 3


async def test_more_than_ten_related_objects_are_cut_and_that_is_said(
    app: Apps, cluster: Cluster, namespace: str
) -> None:
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"p{number:02}", "labels": {"app": "many"}},
            "spec": {"containers": [{"name": "a", "image": "registry.example/a:1"}]},
        }
        for number in range(11)
    ]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "many"},
        "spec": {"selector": {"app": "many"}, "ports": [{"port": 80}]},
    }
    listed = {"apiVersion": "v1", "kind": "List", "items": [*pods, service]}
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(listed))
    said = await described(app, cluster.kubeconfig, resourceType="svc", name="many", namespace=namespace)
    assert table(said, "Pods") == [f"p{number:02}" for number in range(10)]
    assert "note: Pods: only the first 10 are shown." in said


async def test_what_is_forbidden_is_said_and_the_rest_is_shown(app: Apps, cluster: Cluster, workloads: str) -> None:
    witness = Witness.of(cluster, groups=())
    rules = "--resource=deployments.apps,events"
    cluster.kubectl("create", "role", "some", "--verb=get,list", rules, "-n", workloads)
    cluster.kubectl("create", "rolebinding", "some", "--role=some", f"--user={witness.name}", "-n", workloads)
    wait_until_allowed(cluster, witness.name, "list", "events", workloads)
    said = await described(app, witness.kubeconfig, resourceType="deploy", name="web", namespace=workloads)
    assert "note: Pods could not be read: The API server answered 403" in said
    assert "note: ReplicaSets could not be read: The API server answered 403" in said
    assert "ScalingReplicaSet" in said
    assert '"name":"web"' in said


CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.describing.example}
spec:
  group: describing.example
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


async def test_an_object_of_a_kind_that_nobody_knows_shows_conditions_and_owners(
    app: Apps, cluster: Cluster, namespace: str
) -> None:
    cluster.kubectl("apply", "-f", "-", stdin=CRD)
    cluster.kubectl("wait", "--for=condition=Established", "crd/gadgets.describing.example")
    _until(cluster, "get", "--raw", "/apis/describing.example/v1/gadgets")
    cluster.kubectl("create", "configmap", "owner", "-n", namespace)
    uid = cluster.kubectl("get", "cm", "owner", "-n", namespace, "-o", "jsonpath={.metadata.uid}")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    gone = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": str(uuid.uuid4()), "controller": True}
    condition = {"type": "Ready", "status": "False", "reason": "Broken", "message": "No gears."}
    for name, owners in (("kept", [owner]), ("orphan", [gone])):
        gadget = {
            "apiVersion": "describing.example/v1",
            "kind": "Gadget",
            "metadata": {"name": name, "ownerReferences": owners, "finalizers": ["describing.example/hold"]},
            "status": {"conditions": [condition]},
        }
        cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(gadget))
    where = {"resourceType": "gadgets", "namespace": namespace}
    kept = await described(app, cluster.kubeconfig, name="kept", **where)
    assert "Ready\tFalse\tBroken\t\tNo gears." in kept
    assert "Owned by:\nKIND\tNAME\nConfigMap\towner\n" in kept
    assert "describing.example/hold" in kept
    # The garbage collector may be faster than we are with what has no owner any more, but for the finalizer.
    orphan = await described(app, cluster.kubeconfig, name="orphan", **where)
    assert re.search(r"note: Its owner v1/ConfigMap gone could not be read: The API server answered 404", orphan)
    cluster.kubectl(
        "patch", "gadget", "orphan", "-n", namespace, "--type=merge", "-p", '{"metadata":{"finalizers":[]}}'
    )
    cluster.kubectl("patch", "gadget", "kept", "-n", namespace, "--type=merge", "-p", '{"metadata":{"finalizers":[]}}')

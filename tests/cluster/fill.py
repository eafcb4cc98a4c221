"""Many nodes and many pods, quickly: what a cluster of some size looks like to a client.

The pods are bound to their node when they are made, so no scheduler has to think about them, and kwok
plays the kubelet.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster.api import Api

_NODES = "/api/v1/nodes"
_SECONDS = 90


def ensure_nodes(api: Api, count: int) -> tuple[str, ...]:
    """`count` nodes that kwok makes Ready; returns their names."""
    names = tuple(f"kwok-{number:03}" for number in range(count))
    api.ensure_all([(_NODES, _node(name)) for name in names])
    _wait(lambda: all(_is_ready(api.get(f"{_NODES}/{name}")) for name in names), "Ready nodes")
    return names


def ensure_pods(api: Api, namespaces: int, per_namespace: int, nodes: tuple[str, ...]) -> tuple[str, ...]:
    """Namespaces `load-000`..., each with `per_namespace` Running pods; returns the namespaces."""
    names = tuple(f"load-{number:03}" for number in range(namespaces))
    for name in names:
        api.ensure("/api/v1/namespaces", {"metadata": {"name": name}})
        # The controllers make it as well; admission refuses pods until one of us has.
        api.ensure(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
    # All namespaces in one go: the requests are spread over the connections only once.
    api.ensure_all([pod for name in names for pod in _missing_pods(api, name, per_namespace, nodes)])
    _wait(lambda: all(_all_run(api, name) for name in names), "Running pods")
    return names


def _missing_pods(api: Api, namespace: str, count: int, nodes: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    path = f"/api/v1/namespaces/{namespace}/pods"
    there = {pod["metadata"]["name"] for pod in api.get(path)["items"]}
    for number in range(count):
        pod = _pod(number, nodes[number % len(nodes)])
        if pod["metadata"]["name"] not in there:
            yield path, pod


def _all_run(api: Api, namespace: str) -> bool:
    path = f"/api/v1/namespaces/{namespace}/pods?fieldSelector=status.phase!=Running&limit=1"
    return not api.get(path)["items"]


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = [(each["type"], each["status"]) for each in node["status"].get("conditions", ())]
    # The controllers take the taint away a moment after the node says it is ready.
    return ("Ready", "True") in conditions and not node["spec"].get("taints")


def _wait(done: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + _SECONDS
    while not done():
        if time.monotonic() > limit:
            raise TimeoutError(f"no {what} after {_SECONDS} s; the cluster's folder has the log of kwok")
        time.sleep(0.1)


def _node(name: str) -> dict[str, Any]:
    size = {"cpu": "64", "memory": "256Gi", "pods": "1000"}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {**labels, "node-role.kubernetes.io/worker": "", "type": "kwok"},
        },
        "status": {"allocatable": size, "capacity": size},
    }


def _pod(number: int, node: str) -> dict[str, Any]:
    app = f"app-{number % 10}"
    labels = {"app.kubernetes.io/name": app, "app.kubernetes.io/part-of": "load", "tier": "backend"}
    return {
        "metadata": {
            "name": f"{app}-5d4f8c7b9-{number:05}",
            "labels": {**labels, "app.kubernetes.io/version": f"1.{number % 5}.0"},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "9090"},
        },
        "spec": {
            "nodeName": node,
            "automountServiceAccountToken": False,
            "containers": [
                _container("main", f"registry.example/{app}:1.{number % 5}.0", 8080),
                _container("proxy", "registry.example/proxy:2.7.1", 9090),
            ],
            "volumes": [{"name": "scratch", "emptyDir": {}}],
        },
    }


def _container(name: str, image: str, port: int) -> dict[str, Any]:
    probe = {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": 10, "timeoutSeconds": 3}
    return {
        "name": name,
        "image": image,
        "args": ["--port", str(port), "--log-format=json"],
        "ports": [{"name": f"http-{name}", "containerPort": port}],
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "DATABASE_URL", "value": "postgres://db.load.svc.cluster.local:5432/load"},
            {"name": "FEATURE_FLAGS", "value": "checkout,search,recommendations"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"cpu": "500m", "memory": "256Mi"},
        },
        "livenessProbe": probe,
        "readinessProbe": probe,
        "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
    }

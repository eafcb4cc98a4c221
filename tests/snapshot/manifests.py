"""Manifests for the changes of the contract, with all that an API server would add where the answers show it."""

from __future__ import annotations

from typing import Any


def config(name: str, data: dict[str, str], namespace: str = "shop", **metadata: Any) -> dict[str, Any]:
    found = {"name": name, "namespace": namespace, **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": found, "data": data}


def certificate(name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    found = {"name": name, "namespace": "shop", **metadata}
    return {"apiVersion": "example.com/v1", "kind": "Certificate", "metadata": found, "spec": spec}


def container(name: str, ports: Any = None, env: Any = None, **more: Any) -> dict[str, Any]:
    """With all that an API server would add, in its order."""
    lists = {key: value for key, value in (("ports", ports), ("env", env)) if value}
    return {
        "name": name,
        "image": f"registry.example/{name}:1",
        **lists,
        "resources": {},
        **more,
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def deployment(name: str, replicas: int = 2) -> dict[str, Any]:
    main = container(
        "main",
        ports=[{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 90, "protocol": "TCP"}],
        env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        volumeMounts=[{"name": "tmp", "mountPath": "/tmp"}, {"name": "data", "mountPath": "/data"}],  # noqa: S108
    )
    volumes = [{"name": "tmp", "emptyDir": {}}, {"name": "data", "emptyDir": {}}]
    spec = {"volumes": volumes, "containers": [main, container("side")]}
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    found = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": found,
    }


def pod(name: str, node: str = "", **metadata: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"name": "c", "image": "i"}]} | ({"nodeName": node} if node else {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop-test", **metadata},
        "spec": spec,
    }


CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "moons.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "moons", "singular": "moon", "kind": "Moon", "listKind": "MoonList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.count", "statusReplicasPath": ".status.count"},
                },
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
MOON = {
    "apiVersion": "example.com/v1",
    "kind": "Moon",
    "metadata": {"name": "luna", "namespace": "shop"},
    "spec": {"count": 1},
}

"""The changes of the contract: each a few calls in a row, on objects that no other change touches."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.snapshot.contract import Question
from tests.snapshot.manifests import CRD, MOON, certificate, config, container, deployment, pod

LAST = "the last one"
"""Stands for the change id in the answer before."""

_GENERATED = re.compile(r"\bgen-[a-z0-9]{5}\b")
_CHANGE_ID = re.compile(r"changeId \w+")
_WHO = re.compile(r"you are \w+, in the groups [\w:, ]+")
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _create(manifest: Any, **more: Any) -> Question:
    return "k8s_create_resource", {"manifest": manifest, **more}


def _apply(manifest: Any, **more: Any) -> Question:
    return "k8s_apply_resource", {"manifest": manifest, **more}


def _named(kind: str, name: str, namespace: str | None = "shop") -> dict[str, Any]:
    return {"resourceType": kind, "name": name} | ({"namespace": namespace} if namespace else {})


def _patch(kind: str, name: str, how: str, patch: Any, **more: Any) -> Question:
    return "k8s_patch_resource", {**_named(kind, name), "patchType": how, "patch": patch, **more}


def _delete(kind: str, name: str, namespace: str | None = "shop", **more: Any) -> Question:
    return "k8s_delete_resource", {**_named(kind, name, namespace), **more}


def _scale(kind: str, name: str, replicas: int, **more: Any) -> Question:
    return "k8s_scale_resource", {**_named(kind, name), "replicas": replicas, **more}


def _get(kind: str, name: str, fields: str, namespace: str | None = "shop") -> Question:
    return "k8s_get_resource", {**_named(kind, name, namespace), "fields": fields}


def _undo(**more: Any) -> Question:
    return "k8s_undo_change", {"changeId": LAST, **more}


_WITHOUT_A = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}
_PODS = ".spec.template.spec"
_FIRST = f"{_PODS}.containers[0]"


def _variable(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def _template(patch: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": patch}}}


def _strategic(name: str, patch: dict[str, Any], *fields: str) -> tuple[Question, ...]:
    made = _create(deployment(name))
    return made, _patch("deployment", name, "strategic", patch), _get("deployment", name, ",".join(fields))


CHANGES: dict[str, tuple[Question, ...]] = {
    "create": (_create(config("c1", {"a": "1"})), _get("configmap", "c1", ".data,.metadata.name")),
    "create what is there": (_create(config("settings", {})),),
    "create a deployment that is there": (_create(deployment("web")),),
    "create where no namespace is": (_create(config("c2", {}, "nowhere")),),
    "create without a name": (_create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}, namespace="shop"),),
    "create a custom object without a name": (
        _create({"apiVersion": "example.com/v1", "kind": "Certificate", "metadata": {}}, namespace="shop"),
    ),
    "create under a generated name": (
        _create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "gen-"}}, namespace="shop"),
    ),
    "create under a name that none can have": (_create(config("A_b", {})),),
    "create of an unknown kind": (_create({"apiVersion": "v1", "kind": "Nonsense", "metadata": {"name": "x"}}),),
    "create with a version": (_create(config("c3", {}, resourceVersion="1")),),
    "create, only tried": (_create(config("c4", {"a": "1"}), dryRun=True), _get("configmap", "c4", ".data")),
    "create a deployment": (
        _create(deployment("d1")),
        _get("deployment", "d1", ".metadata.generation,.spec.replicas"),
    ),
    "create a custom object": (
        _create(certificate("n1", {"days": 3})),
        _get("certificate", "n1", ".metadata.generation,.spec"),
    ),
    "create a cluster's custom object": (
        _create({"apiVersion": "example.com/v1", "kind": "Planet", "metadata": {"name": "mars"}, "size": 3}),
        ("k8s_get_resource", {"resourceType": "planet", "name": "mars", "fields": ".size,.metadata.generation"}),
    ),
    "create a namespace and something in it": (
        _create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fresh"}}),
        _get("namespace", "fresh", ".status,.spec,.metadata.labels", None),
        _create(config("inside", {}, "fresh")),
    ),
    "create a kind, an object of it, and scale it": (
        _create("\n---\n".join(map(json.dumps, (CRD, MOON)))),
        _scale("moon", "luna", 4),
        _get("moon", "luna", ".spec,.metadata.generation"),
        _delete("moon", "luna"),
    ),
    "merge": (
        _create(config("m1", {"a": "1", "b": "2"})),
        _patch("configmap", "m1", "merge", {"data": {"a": None, "c": "3"}}),
        _get("configmap", "m1", ".data"),
    ),
    "merge that changes nothing": (_patch("configmap", "settings", "merge", {"metadata": {"labels": {"app": "web"}}}),),
    "merge, only tried": (
        _create(config("m2", {"a": "1"})),
        _patch("configmap", "m2", "merge", {"data": {"a": "2"}}, dryRun=True),
        _get("configmap", "m2", ".data"),
    ),
    "merge into what is not there": (_patch("configmap", "nothing", "merge", {"data": {}}),),
    "merge of a list": (
        _create(deployment("d2")),
        _patch("deployment", "d2", "merge", _template({"containers": [container("x")], "volumes": None})),
        _get("deployment", "d2", f"{_PODS}.containers[*].name,.metadata.generation"),
    ),
    "merge of metadata alone": (
        _create(deployment("d3")),
        _patch("deployment", "d3", "merge", {"metadata": {"annotations": {"a": "b"}}}),
        _get("deployment", "d3", ".metadata.generation,.metadata.annotations"),
    ),
    "merge with another version": (
        _patch("configmap", "settings", "merge", {"metadata": {"resourceVersion": "1"}, "data": {"x": "y"}}),
    ),
    "merge with another name": (_patch("configmap", "settings", "merge", {"metadata": {"name": "other"}}),),
    "merge into a custom object": (
        _create(certificate("n2", {"days": 3, "dns": ["a", "b"]})),
        _patch("certificate", "n2", "merge", {"spec": {"dns": ["c"]}}),
        _get("certificate", "n2", ".spec,.metadata.generation"),
    ),
    "merge into status": (
        _create(certificate("n3", {"days": 3})),
        _patch("certificate", "n3", "merge", {"status": {"ok": True}, "spec": {"days": 9}}, subresource="status"),
        _get("certificate", "n3", ".spec,.status,.metadata.generation"),
    ),
    "status that is sent to the object": (
        _create(certificate("n4", {"days": 3})),
        _patch("certificate", "n4", "merge", {"status": {"ok": True}, "spec": {"days": 4}}),
        _get("certificate", "n4", ".spec,.status,.metadata.generation"),
    ),
    "fewer replicas than none": (_patch("deployment", "web", "merge", {"spec": {"replicas": -1}}),),
    "json": (
        _create(deployment("d4")),
        _patch(
            "deployment",
            "d4",
            "json",
            [
                {"op": "test", "path": "/spec/replicas", "value": 2},
                {"op": "replace", "path": "/spec/replicas", "value": 5},
                {"op": "add", "path": "/metadata/labels", "value": {"a/b": "c"}},
                {"op": "remove", "path": "/spec/template/spec/containers/1"},
                {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "C", "value": "3"}},
            ],
        ),
        _get("deployment", "d4", f"{_FIRST}.env,{_PODS}.containers[*].name,.metadata.labels,.spec.replicas"),
    ),
    "json whose test fails": (
        _patch("deployment", "web", "json", [{"op": "test", "path": "/spec/replicas", "value": 99}]),
    ),
    "json that removes what is not there": (
        _patch("deployment", "web", "json", [{"op": "remove", "path": "/spec/nothing"}]),
    ),
    "json that goes into nothing": (
        _patch("deployment", "web", "json", [{"op": "add", "path": "/spec/nothing/x", "value": 1}]),
    ),
    "json beyond a list": (
        _patch(
            "deployment", "web", "json", [{"op": "replace", "path": "/spec/template/spec/containers/9", "value": {}}]
        ),
    ),
    "strategic: an image": _strategic(
        "s1",
        _template({"containers": [{"name": "side", "image": "registry.example/side:2"}]}),
        f"{_PODS}.containers[*].name",
        f"{_PODS}.containers[*].image",
        ".metadata.generation",
    ),
    "strategic: another container": _strategic(
        "s2", _template({"containers": [container("new")]}), f"{_PODS}.containers[*].name"
    ),
    "strategic: a container goes": _strategic(
        "s3", _template({"containers": [{"name": "side", "$patch": "delete"}]}), f"{_PODS}.containers[*].name"
    ),
    "strategic: variables": _strategic(
        "s4",
        _template({"containers": [{"name": "main", "env": [_variable("C", "3"), _variable("A", "9")]}]}),
        f"{_FIRST}.env",
    ),
    "strategic: ports and mounts": _strategic(
        "s5",
        _template(
            {
                "containers": [
                    {
                        "name": "main",
                        "ports": [{"containerPort": 90, "protocol": "UDP"}],
                        "volumeMounts": [{"mountPath": "/data", "name": "tmp"}],
                    }
                ]
            }
        ),
        f"{_FIRST}.ports",
        f"{_FIRST}.volumeMounts",
    ),
    "strategic: a list is replaced": _strategic(
        "s6", _template({"containers": [{"$patch": "replace"}, container("o")]}), f"{_PODS}.containers[*].name"
    ),
    "strategic: volumes and what is not joined": _strategic(
        "s7",
        _template(
            {
                "volumes": [{"name": "data", "$patch": "delete"}, {"name": "more", "emptyDir": {}}],
                "tolerations": [{"key": "k", "operator": "Exists"}],
                "containers": [{"name": "main", "volumeMounts": [{"mountPath": "/data", "$patch": "delete"}]}],
            }
        ),
        f"{_PODS}.volumes[*].name",
        f"{_PODS}.tolerations",
    ),
    "strategic: an item without its key": (
        _patch("deployment", "web", "strategic", _template({"containers": [{"image": "x"}]})),
    ),
    "strategic: finalizers": (
        _create(config("f1", {}, finalizers=["example.com/a", "example.com/b"])),
        _patch("configmap", "f1", "strategic", {"metadata": {"finalizers": ["example.com/c"]}}),
        _get("configmap", "f1", ".metadata.finalizers"),
        _patch("configmap", "f1", "strategic", _WITHOUT_A),
        _get("configmap", "f1", ".metadata.finalizers"),
    ),
    "strategic: a custom object": (_patch("certificate", "shop", "strategic", {"spec": {"days": 1}}),),
    "strategic: ports of a service": (
        _patch("service", "web", "strategic", {"spec": {"ports": [{"port": 80, "targetPort": 9090}]}}),
        _get("service", "web", ".spec.ports"),
    ),
    "apply what is not there": (_apply(config("a1", {"a": "1"})), _get("configmap", "a1", ".data")),
    "apply, only tried": (_apply(config("a2", {"a": "1"}), dryRun=True), _get("configmap", "a2", ".data")),
    "apply twice": (_apply(config("a3", {"a": "1"})), _apply(config("a3", {"a": "1"}))),
    "apply a change": (
        _apply(deployment("d5")),
        _apply(deployment("d5", 4)),
        _get("deployment", "d5", ".spec.replicas,.metadata.generation"),
    ),
    "apply part of what somebody made": (
        _create(config("a4", {"a": "1", "b": "2"})),
        _apply(config("a4", {"c": "3"})),
        _get("configmap", "a4", ".data"),
    ),
    "apply a custom object": (
        _apply(certificate("n5", {"days": 1})),
        _apply(certificate("n5", {"days": 2})),
        _get("certificate", "n5", ".spec,.metadata.generation"),
    ),
    "apply where no namespace is": (_apply(config("a5", {}, "nowhere")),),
    "delete": (_create(config("x1", {})), _delete("configmap", "x1"), _get("configmap", "x1", ".data")),
    "delete, only tried": (
        _create(config("x2", {"a": "1"})),
        _delete("configmap", "x2", dryRun=True),
        _get("configmap", "x2", ".data"),
    ),
    "delete what is not there": (_delete("configmap", "nothing"),),
    "delete another one": (_delete("configmap", "settings", uid="00000000-0000-0000-0000-000000000000"),),
    "delete what is held": (
        _create(config("x3", {}, finalizers=["example.com/hold"])),
        _delete("configmap", "x3"),
        _patch("configmap", "x3", "merge", {"metadata": {"finalizers": None}}),
        _get("configmap", "x3", ".data"),
    ),
    "delete a custom object that is held": (
        _create(certificate("n6", {}, finalizers=["example.com/hold"])),
        _delete("certificate", "n6"),
        _get("certificate", "n6", ".metadata.generation,.metadata.finalizers"),
    ),
    "delete a deployment": (_create(deployment("d6")), _delete("deployment", "d6")),
    "delete in the foreground": (
        _create(deployment("d7")),
        _delete("deployment", "d7", propagationPolicy="Foreground"),
        _get("deployment", "d7", ".metadata.finalizers"),
    ),
    "delete and leave what it owns": (
        _create(deployment("d8")),
        _delete("deployment", "d8", propagationPolicy="Orphan"),
        _get("deployment", "d8", ".metadata.finalizers"),
    ),
    "delete a job": (
        _delete("job", "cleanup", propagationPolicy="Orphan"),
        _get("job", "cleanup", ".metadata.finalizers"),
    ),
    "delete a pod that no node has": (
        _create(pod("p1")),
        _delete("pod", "p1", "shop-test"),
        _get("pod", "p1", ".spec", "shop-test"),
    ),
    "delete a pod": (
        _create(pod("p2", "node-a")),
        _delete("pod", "p2", "shop-test"),
        _get("pod", "p2", ".metadata.deletionGracePeriodSeconds", "shop-test"),
    ),
    "delete a pod at once": (
        _create(pod("p3", "node-a")),
        _delete("pod", "p3", "shop-test", gracePeriodSeconds=0),
        _get("pod", "p3", ".metadata.name", "shop-test"),
    ),
    "delete by label": (
        _create(config("l1", {}, labels={"to": "go"})),
        _create(config("l2", {}, labels={"to": "go"})),
        ("k8s_delete_resource", {"resourceType": "configmaps", "namespace": "shop", "labelSelector": "to=go"}),
        ("k8s_list_resources", {"resourceType": "configmaps", "namespace": "shop", "labelSelector": "to=go"}),
    ),
    "delete a namespace, and create in it": (
        _create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "leaving"}}),
        _delete("namespace", "leaving", None, confirm="leaving"),
        _get("namespace", "leaving", ".status.phase", None),
        _create(config("late", {}, "leaving")),
    ),
    "scale": (
        _create(deployment("d9")),
        _scale("deployment", "d9", 7),
        _get("deployment", "d9", ".spec.replicas,.metadata.generation"),
    ),
    "scale to none": (_create(deployment("d10")), _scale("deployment", "d10", 0)),
    "scale, only tried": (_scale("statefulset", "db", 5, dryRun=True), _get("statefulset", "db", ".spec.replicas")),
    "scale a set": (_scale("statefulset", "db", 3), _get("statefulset", "db", ".spec.replicas,.metadata.generation")),
    "scale what cannot be scaled": (_scale("certificate", "shop", 2),),
    "scale what is not there": (_scale("deployment", "nothing", 2),),
    "undo a patch": (
        _create(deployment("u1")),
        _patch("deployment", "u1", "merge", {"spec": {"replicas": 9}}),
        _undo(),
        _get("deployment", "u1", ".spec.replicas"),
    ),
    "undo a creation": (_create(config("u2", {})), _undo(), _get("configmap", "u2", ".data")),
    "undo a deletion": (
        _create(config("u3", {"a": "1"})),
        _delete("configmap", "u3"),
        _undo(),
        _get("configmap", "u3", ".data"),
    ),
    "undo, only tried": (
        _create(config("u4", {"a": "1"})),
        _patch("configmap", "u4", "merge", {"data": {"a": "2"}}),
        _undo(dryRun=True),
    ),
}


def with_last(arguments: dict[str, Any], before: str) -> dict[str, Any]:
    """The arguments of a call, with the change id that the answer before it gave."""
    found = _CHANGE_ID.findall(before)
    return {key: found[-1].split()[1] if value == LAST and found else value for key, value in arguments.items()}


def alike(text: str) -> str:
    """Without what no two clusters have in common."""
    text = _WHO.sub("you are NOBODY", text)
    return _UID.sub("UID", _CHANGE_ID.sub("changeId ID", _GENERATED.sub("gen-NAME", text)))

"""The same small cluster as different programs collect it: made here, file by file, in the layouts that they write."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]
Files = dict[str, bytes]

BEGAN, COLLECTED = "2026-01-01T10:00:00Z", "2026-01-01T12:00:00Z"


def thing(api_version: str, kind: str, name: str, namespace: str | None = "shop", **rest: Any) -> Object:
    metadata = {"name": name, "creationTimestamp": BEGAN, "resourceVersion": "7"}
    metadata |= {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def node(name: str, ready: str) -> Object:
    condition = {"type": "Ready", "status": ready, "reason": "KubeletReady", "message": "kubelet stopped posting"}
    condition |= {"lastTransitionTime": BEGAN, "lastHeartbeatTime": BEGAN}
    return thing(
        "v1", "Node", name, None, status={"conditions": [condition], "nodeInfo": {"kubeletVersion": "v1.30.4"}}
    )


RUNNING = {"running": {"startedAt": BEGAN}}
ENDED = {"startedAt": "2026-01-01T08:00:00Z", "finishedAt": "2026-01-01T11:58:00Z"}
CRASHED = {"terminated": {"exitCode": 1, "reason": "Error", **ENDED}}
WAITING = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=app"}}


def pod(name: str, phase: str, *statuses: Object) -> Object:
    containers = [{"name": each["name"], "image": "registry.example/app:1"} for each in statuses]
    status = {"phase": phase, "containerStatuses": list(statuses)}
    return thing("v1", "Pod", name, spec={"nodeName": "node-a", "containers": containers}, status=status)


def container(name: str, restarts: int, state: Object, last: Object | None = None) -> Object:
    common = {"name": name, "restartCount": restarts, "ready": "running" in state, "image": "registry.example/app:1"}
    return {**common, "state": state, "lastState": last or {}}


PODS = [
    pod("web-a", "Running", container("app", 1, RUNNING, CRASHED), container("proxy", 0, RUNNING)),
    pod("web-b", "Running", container("app", 7, WAITING, CRASHED)),
]
EVENT: Object = {
    "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": "web-b", "namespace": "shop"},
    "reason": "BackOff", "type": "Warning", "message": "Back-off restarting failed container app in pod web-b",
    "count": 9, "firstTimestamp": BEGAN, "lastTimestamp": "2026-01-01T11:59:30Z", "source": {"component": "kubelet"},
}  # fmt: skip
KINDS: dict[tuple[str, str], list[Object]] = {
    ("", "nodes"): [node("node-a", "True"), node("node-b", "Unknown")],
    ("", "namespaces"): [thing("v1", "Namespace", "shop", None, status={"phase": "Active"})],
    ("", "pods"): PODS,
    ("", "events"): [thing("v1", "Event", "web-b.1", **EVENT)],
    ("apps", "deployments"): [
        thing("apps/v1", "Deployment", "web", spec={"replicas": 2}, status={"replicas": 2, "readyReplicas": 1})
    ],
    # Kinds of which nothing in the cluster's own schemas tells how they are called: no rule guesses these.
    ("metrics.example", "pods"): [thing("metrics.example/v1", "PodMetrics", "web-a", usage={"cpu": "5m"})],
    ("security.example", "constraints"): [thing("security.example/v1", "Constraints", "tight", None)],
}
"""Objects by group and plural."""

TEXT = {
    ("web-a", "app", False): ["serving on :8080", "GET / 200", "GET /cart 500 upstream refused"],
    ("web-a", "app", True): ["starting", "fatal: no database"],
    ("web-a", "proxy", False): ["listening", "ready"],
    ("web-b", "app", False): ["starting", "fatal: no database"],
}
"""Lines by pod, container, and whether they are of the run before."""

STAMPS = [f"2026-01-01T1{hour}:00:00.{hour}00000000Z" for hour in range(3)]


def log(*whose: Any, stamped: bool) -> bytes:
    lines = [f"{stamp} {line}" if stamped else line for stamp, line in zip(STAMPS, TEXT[whose], strict=False)]
    return "".join(f"{line}\n" for line in lines).encode()


def is_namespaced(found: list[Object]) -> bool:
    return "namespace" in found[0]["metadata"]


def as_yaml(value: Any) -> bytes:
    # Through JSON, for what stands there twice is written twice, and not as an alias.
    return yaml.safe_dump(json.loads(json.dumps(value))).encode()


def listed(found: list[Object], **more: Any) -> Object:
    return {"apiVersion": found[0]["apiVersion"], "items": found, "kind": f"{found[0]['kind']}List", **more}


def must_gather() -> Files:
    """`oc adm must-gather` with two images, the second of which has seen a pod that the first one saw, too."""
    top, first = "must-gather.local.1", "must-gather.local.1/quay-io-example-must-gather-sha256-01"
    second = f"{top}/quay-io-example-virtualization-sha256-02"
    files: Files = {
        f"{top}/timestamp": b"2026-01-01 11:55:00.5 +0000 UTC m=+0.1\n2026-01-01 12:00:00.5 +0000 UTC m=+300.1\n",
        f"{top}/event-filter.html": b"<html></html>",
        f"{first}/version": b"must-gather\n4.17.0\n",
        f"{first}/etcd_info/endpoint_health.json": b'[{"endpoint":"https://192.0.2.1:2379","health":true}]',
        f"{first}/host_service_logs/masters/kubelet_service.log": b"kubelet[1]: x\n",
        f"{first}/audit_logs/kube-apiserver/node-a-audit.log.gz": gzip.compress(b"{}\n"),
        f"{first}/namespaces/shop/shop.yaml": b"---\n" + as_yaml(KINDS["", "namespaces"][0]),
        f"{first}/namespaces/shop/pods/web-b/web-b.yaml": b"---\n" + as_yaml(PODS[1]),
        f"{second}/namespaces/shop/core/pods.yaml": b"---\n" + as_yaml(listed(PODS)),
        f"{second}/namespaces/shop/pods/web-b/app/app/logs/current.log": b"",
        f"{first}/cluster-scoped-resources/config.openshift.io/clusteroperators/kube-apiserver.yaml": as_yaml(
            thing("config.openshift.io/v1", "ClusterOperator", "kube-apiserver", None,
                  status={"versions": [{"name": "kube-apiserver", "version": "1.30.4"}]})
        ),
    }  # fmt: skip
    for (group, plural), found in KINDS.items():
        place = "namespaces/shop" if is_namespaced(found) else "cluster-scoped-resources"
        files[f"{first}/{place}/{group or 'core'}/{plural}.yaml"] = b"---\n" + as_yaml(listed(found))
    for name, where, previous in TEXT:
        logs = f"{first}/namespaces/shop/pods/{name}/{where}/{where}/logs"
        text = log(name, where, previous, stamped=True)
        files[f"{logs}/{'previous' if previous else 'current'}.log"] = b"" if previous else text
        if previous:
            files[f"{logs}/previous.insecure.log"] = text
    rotated = f"{first}/namespaces/shop/pods/web-a/app/app/logs/rotated"
    files[f"{rotated}/1.log.20260101-091500"] = b"2026-01-01T09:15:00.1Z stdout F put aside later\n"
    files[f"{rotated}/1.log.20260101-090000.gz"] = gzip.compress(
        b"2026-01-01T09:00:00.1Z stdout P put aside \n2026-01-01T09:00:00.1Z stdout F first\n"
    )
    files[f"{rotated}/0.log.20260101-080000.gz"] = gzip.compress(b"2026-01-01T08:00:00.1Z stdout F of the run before\n")
    return files


def troubleshoot() -> Files:
    """A support bundle of Troubleshoot: lists in JSON, custom resources as sequences in YAML, discovery, errors."""
    top, below = "support-bundle-2026-01-01T12_00_00", "support-bundle-2026-01-01T12_00_00/cluster-resources"
    version = {"major": "1", "minor": "30", "gitVersion": "v1.30.4+k3s1", "platform": "linux/amd64"}
    files: Files = {
        f"{top}/version.yaml": as_yaml({"apiVersion": "troubleshoot.sh/v1beta2", "kind": "SupportBundle", "spec": {}}),
        f"{top}/analysis.json": b'[{"name": "a", "severity": "debug"}]',
        f"{top}/cluster-info/cluster_version.json": indented({"info": version, "string": "v1.30.4+k3s1"}),
        f"{below}/resources.json": indented(resource_lists()),
        f"{below}/groups.json": indented([{"name": "apps", "versions": []}]),
        f"{below}/auth-cani-list/shop.json": indented([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]),
        f"{below}/image-pull-secrets/shop/pull.json": b'{"registry.example":"someone"}\n',
        f"{below}/secrets-errors.json": indented({"shop": 'secrets is forbidden: User "someone" cannot list'}),
        f"{below}/pods-errors.json": b"",
        f"{below}/pods/logs/shop/web-b/app-logs-errors.log": b"failed to get log stream",
    }
    for (group, plural), found in KINDS.items():
        namespace = "/shop" if is_namespaced(found) else ""
        if group in {"", "apps"}:
            # What older versions wrote has no kind, neither the list nor its items.
            old = [{key: each[key] for key in each if key not in {"apiVersion", "kind"}} for each in found]
            body: Any = old if plural in {"pods", "nodes"} else listed(found)
            files[f"{below}/{plural}{namespace}.json"] = indented(body)
        else:
            files[f"{below}/custom-resources/{plural}.{group}{namespace}.yaml"] = as_yaml(found)
    for name, where, previous in TEXT:
        ending = "-previous" if previous else ""
        text = log(name, where, previous, stamped=False)
        files[f"{below}/pods/logs/shop/{name}/{where}{ending}.log"] = text
    return files


def resource_lists() -> list[Object]:
    lists: dict[str, list[Object]] = {}
    for (_, plural), found in KINDS.items():
        entry = {"name": plural, "singularName": "", "namespaced": is_namespaced(found), "kind": found[0]["kind"]}
        entry |= {"verbs": ["get", "list"]} | ({"shortNames": ["cst"]} if plural == "constraints" else {})
        lists.setdefault(found[0]["apiVersion"], []).append(entry)
    lists["v1"].append({"name": "pods/log", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get"]})
    return [
        {"kind": "APIResourceList", "groupVersion": version, "resources": entries} for version, entries in lists.items()
    ]


def indented(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


def support_bundle_kit() -> Files:
    """A bundle of Harvester, Longhorn or Rancher: each kind a list in YAML, by group and version."""
    top = "supportbundle_0123_2026-01-01T12-00-00Z"
    files: Files = {
        f"{top}/metadata.yaml": b'bundleversion: 0.1.0\nkubernetesversion: v1.30.4+rke2r1\nissueurl: ""\n'
        + f'bundlecreatedat: "{COLLECTED}"\n'.encode(),
        f"{top}/bundleGenerationError.log": b"Failed to get /apis/a.example/v1/bs: the server is currently unable\n",
        f"{top}/nodes/node-a.zip": b"PK\x05\x06" + b"\0" * 18,
        f"{top}/external/notes.txt": b"apiVersion: v1\n",
    }
    for (_, plural), found in KINDS.items():
        place = "namespaced/shop" if is_namespaced(found) else "cluster"
        body = {"apiVersion": "v1", "items": found, "kind": "List", "metadata": {"resourceVersion": "9"}}
        files[f"{top}/yamls/{place}/{found[0]['apiVersion']}/{plural}.yaml"] = as_yaml(body)
    for name, where, previous in TEXT:
        text = log(name, where, previous, stamped=True)
        files[f"{top}/logs/shop/{name}/{where}.log{'.1' if previous else ''}"] = text
    return files


def cluster_info_dump(form: str) -> Files:
    """`kubectl cluster-info dump --all-namespaces --output-directory`, which has no kinds but these, and no times."""
    files: Files = {}
    for (group, plural), found in KINDS.items():
        if group in {"", "apps"} and plural != "namespaces":
            place = f"shop/{plural}" if is_namespaced(found) else plural
            files[f"{place}.{form}"] = indented(listed(found)) if form == "json" else as_yaml(listed(found))
    for name in ("web-a", "web-b"):
        files[f"shop/{name}/logs.txt"] = b"".join(
            _marked(*whose) for whose in TEXT if whose[0] == name and not whose[2]
        )
    return files


def _marked(name: str, where: str, previous: bool) -> bytes:
    first, last = (f"==== {word} logs for container {where} of pod shop/{name} ====\n" for word in ("START", "END"))
    return first.encode() + log(name, where, previous, stamped=False) + last.encode()


def in_folder(path: Path, files: Files) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def in_tar(path: Path, files: Files, mode: str) -> Path:
    with tarfile.open(path, f"w:{mode}") as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def in_zip(path: Path, files: Files, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


BUNDLES: dict[str, Callable[[Path], Path]] = {
    "a must-gather": lambda path: in_tar(path / "bundle.tar.gz", must_gather(), "gz"),
    "a must-gather in a folder": lambda path: in_folder(path / "bundle", must_gather()),
    "a bundle of Troubleshoot": lambda path: in_tar(path / "bundle.tar.gz", troubleshoot(), "gz"),
    "a bundle of Troubleshoot in a folder": lambda path: in_folder(path / "bundle", troubleshoot()),
    "a bundle of support-bundle-kit": lambda path: in_zip(path / "bundle.zip", support_bundle_kit()),
    "a dump of kubectl": lambda path: in_folder(path / "bundle", cluster_info_dump("json")),
    "a dump of kubectl in YAML": lambda path: in_tar(path / "bundle.tar.xz", cluster_info_dump("yaml"), "xz"),
}

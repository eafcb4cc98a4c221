"""Fields that hold what the API server puts there when nobody says otherwise, and a few that seldom matter.

What each default is: https://kubernetes.io/docs/reference/kubernetes-api/. A field with any other value stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mcp_kubernetes import Noise

_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"

_PROBE = {"failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1}
_CONTAINER: Mapping[str, Any] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
    "volumeMounts[*]": {"mountPath": _ACCOUNT},
    "ports[*].protocol": "TCP",
    "env[*].valueFrom.fieldRef.apiVersion": "v1",
    **{f"{probe}.{name}": value for probe in ("livenessProbe", "readinessProbe", "startupProbe")
       for name, value in {**_PROBE, "httpGet.scheme": "HTTP"}.items()},
}  # fmt: skip
_ACCOUNT_SOURCES = [
    {"serviceAccountToken": {"path": "token"}},
    {"configMap": {"name": "kube-root-ca.crt"}},
    {"downwardAPI": {"items": [{"path": "namespace"}]}},
]
_POD_SPEC: Mapping[str, Any] = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
    "serviceAccountName": "default",
    "serviceAccount": "default",
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
    "priority": 0,
    "volumes[*].configMap.defaultMode": 420,
    "volumes[*].secret.defaultMode": 420,
}


def defaults(values: Mapping[str, Any], below: str = "") -> list[Noise]:
    """Noise for each path, where it holds that value."""
    return [Noise(path=f"{below}.{path}", like=value) for path, value in values.items()]


def always(*paths: str) -> list[Noise]:
    """Noise for each path, whatever it holds."""
    return [Noise(path=path) for path in paths]


def pod_spec(below: str) -> list[Noise]:
    """What is noise in the pod spec at a path."""
    containers = [defaults(_CONTAINER, f"{below}.{name}[*]") for name in ("containers", "initContainers")]
    return [
        *defaults(_POD_SPEC, below),
        *_tolerations(below),
        *_account_volume(below),
        *(noise for each in containers for noise in each),
    ]


def pod_status() -> list[Noise]:
    """What is noise in the status of a pod."""
    statuses: Iterable[str] = (".status.containerStatuses[*]", ".status.initContainerStatuses[*]")
    mounts = {"lastState": {}, "volumeMounts[*]": {"mountPath": _ACCOUNT}}
    return [
        *defaults({"status.conditions[*].lastProbeTime": None}),
        *(noise for status in statuses for noise in defaults(mounts, status)),
    ]


def _tolerations(below: str) -> Iterable[Noise]:
    """Those that admission gives to every pod: five minutes on a node that is not ready or cannot be reached."""
    for key in ("not-ready", "unreachable"):
        like = {
            "key": f"node.kubernetes.io/{key}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        }
        yield Noise(path=f"{below}.tolerations[*]", like=like)


def _account_volume(below: str) -> Iterable[Noise]:
    """The volume with the token of the ServiceAccount, which admission gives to every pod."""
    yield Noise(path=f"{below}.volumes[*]", like={"projected": {"sources": _ACCOUNT_SOURCES}})

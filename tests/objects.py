"""Values such as JSON may hold, and a pod as clusters have them: about 8 kB."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st


def jsonlike(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Values of any shape whose texts and keys are drawn from `texts`."""
    leaves = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        leaves | texts,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
        max_leaves=20,
    )


_CODES = "".join(
    map(chr, [*range(0x20), 0x7F, 0x85, 0x9B, 0xAD, 0x200B, 0x202E, 0x2028, 0x2066, 0xFE0F, 0xFEFF, 0xE0041])
)


def as_decoded(text: str) -> str:
    """The text as a decoder of JSON gives it: two halves of a surrogate pair, side by side, are one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


TEXTS = (
    st.text(max_size=30)
    | st.text(alphabet="ab01 \n\t:#-'\"\\,[]{}?&*!|>%@`~=<é", max_size=30)
    | st.text(alphabet=f"ab \n{_CODES}\ud800\udfff", max_size=12)
).map(as_decoded)
VALUES = jsonlike(TEXTS)


def _container(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"registry.example.com/team/{name}:1.27.3",
        "imagePullPolicy": "IfNotPresent",
        "args": ["--listen=:8080", "-v=2", "--config=/etc/app/config.yaml"],
        "env": [{"name": f"SETTING_{n}", "value": f"value {n}: some text"} for n in range(8)],
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "2", "memory": "512Mi"}, "requests": {"cpu": "250m", "memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": [{"mountPath": f"/var/lib/{n}", "name": n, "readOnly": True} for n in ("data", "tmp", "tls")],
    }


_NAMES = ("web", "proxy", "metrics", "agent")
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web-7d4b9c6f5d-x2x7k",
        "namespace": "shop",
        "uid": "3f0c2f6e-5c39-4f8a-9a4b-0d1f6a3b2c1d",
        "creationTimestamp": "2026-11-24T05:20:02Z",
        "labels": {f"example.com/label-{n}": f"value-{n}" for n in range(6)},
        "annotations": {"example.com/checksum": "017e3", "example.com/script": "set -e\nexec run --all\n"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7d4b9c6f5d"}],
    },
    "spec": {
        "containers": [_container(name) for name in _NAMES],
        "nodeName": "node-12",
        "tolerations": [{"effect": "NoExecute", "key": f"example.com/t{n}", "operator": "Exists"} for n in range(4)],
        "volumes": [{"name": n, "emptyDir": {}} for n in ("data", "tmp", "tls")],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.244.3.17",
        "conditions": [
            {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-11-24T05:20:09Z"}
            for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
        ],
        "containerStatuses": [
            {
                "name": name,
                "ready": True,
                "restartCount": 0,
                "containerID": f"containerd://{name * 12}",
                "imageID": f"registry.example.com/team/{name}@sha256:{'0a1b' * 16}",
                "state": {"running": {"startedAt": "2026-11-24T05:20:08Z"}},
            }
            for name in _NAMES
        ],
    },
}  # fmt: skip

"""Pods on the node: made for a test, waited for by watching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.cluster.node.images import BUSYBOX
from tests.cluster.node.plan import TAINT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.cluster.api import Api

_SECONDS = 60
FOREVER = ("sleep", "2147483647")


class PodFailed(RuntimeError):
    """The pod did not come to the state that was waited for; the message tells in which one it is."""


@dataclass(frozen=True, kw_only=True)
class Pods:
    """The pods of one node."""

    api: Api
    node: str

    def spec(self, containers: Mapping[str, Sequence[str]], **more: Any) -> dict[str, Any]:
        """A pod's spec for the node: containers by name, each with its command. Also for templates of Deployments."""
        return {
            "nodeSelector": {"kubernetes.io/hostname": self.node},
            "tolerations": [{"key": TAINT, "operator": "Exists"}],
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "containers": [_container(name, command) for name, command in containers.items()],
            **more,
        }

    def run(
        self,
        namespace: str,
        name: str,
        containers: Mapping[str, Sequence[str]] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        **more: Any,
    ) -> str:
        """Make a pod (by default one container `main` that sleeps), and return its name when it is ready.

        `more` goes into its spec.
        """
        self.make(namespace, name, containers, labels=labels, annotations=annotations, **more)
        self.until(namespace, name, is_ready, "ready")
        return name

    def make(
        self,
        namespace: str,
        name: str,
        containers: Mapping[str, Sequence[str]] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """The same without waiting."""
        # The controllers make it as well; admission refuses pods until one of us has.
        self.api.ensure(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "default"}})
        spec = self.spec(containers or {"main": FOREVER}, **{"nodeName": self.node, **more})
        metadata = {"name": name, "labels": dict(labels or {}), "annotations": dict(annotations or {})}
        self.api.post(f"/api/v1/namespaces/{namespace}/pods", {"metadata": metadata, "spec": spec})

    def until(
        self, namespace: str, name: str, done: Callable[[dict[str, Any]], bool], what: str, seconds: int = _SECONDS
    ) -> dict[str, Any]:
        """The pod as soon as `done` says so of it. Raises PodFailed."""
        path = f"/api/v1/namespaces/{namespace}/pods?fieldSelector=metadata.name={name}"
        last: dict[str, Any] = {}
        for event in self.api.watch(path, seconds):
            last = event["object"]
            if event["type"] != "DELETED" and done(last):
                return last
        raise PodFailed(f"{namespace}/{name} is not {what} after {seconds} s: {last.get('status', 'there is none')}")

    def until_gone(self, namespace: str, name: str) -> None:
        """Return when there is no such pod (any more). Raises PodFailed."""
        path = f"/api/v1/namespaces/{namespace}/pods?fieldSelector=metadata.name={name}"
        found = self.api.get(path)
        version = found["metadata"]["resourceVersion"]
        if found["items"] and not any(
            event["type"] == "DELETED" for event in self.api.watch(f"{path}&resourceVersion={version}", _SECONDS)
        ):
            raise PodFailed(f"{namespace}/{name} is still there after {_SECONDS} s.")


def is_ready(pod: dict[str, Any]) -> bool:
    """Whether all of its containers run and are ready."""
    conditions = pod["status"].get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def has_ended(pod: dict[str, Any]) -> bool:
    """Whether all of its containers have ended for good."""
    return pod["status"].get("phase") in {"Succeeded", "Failed"}


def _container(name: str, command: Sequence[str]) -> dict[str, Any]:
    return {"name": name, "image": BUSYBOX, "imagePullPolicy": "IfNotPresent", "command": list(command)}

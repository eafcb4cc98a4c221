"""The requests of the contract that change something, and the watches that tell of it."""

from __future__ import annotations

from tests.snapshot.manifests import pod
from tests.snapshot.requests import (
    CERTIFICATES,
    JSON,
    MERGE,
    PARTIAL,
    TABLE,
    TRIAL,
    VERSION,
    Ask,
    ask,
    create,
    delete,
    merge,
)

_COLLECTED = {"labels": {"gone": "yes"}}
CHANGES: dict[str, tuple[Ask, ...]] = {
    "delete a selection": (
        create("x1", **_COLLECTED),
        create("x2", **_COLLECTED),
        create("x3"),
        ask(TRIAL, method="DELETE", labelSelector="gone=yes"),
        ask(TRIAL),
    ),
    "delete a page": (ask(TRIAL, method="DELETE", limit="1"), ask(TRIAL)),
    "delete all that waits for somebody": (
        create("x4", finalizers=["example.com/hold"]),
        ask(TRIAL, method="DELETE", propagationPolicy="Background"),
        ask(TRIAL),
        merge("x4", {"metadata": {"finalizers": None}}),
        ask(TRIAL),
    ),
    "delete all of nothing": (ask(TRIAL, method="DELETE"),),
}
"""Each a few requests in a row that do."""


class Watched:
    """A watch, the changes that are made meanwhile, and its last event: type, name, and for which time it comes."""

    def __init__(self, watch: Ask, *changes: Ask, last: tuple[str, str], times: int = 1) -> None:
        self.watch = watch
        self.changes = changes
        self.last = last
        self.times = times


def _followed(accept: str = JSON, **query: str) -> Ask:
    return ask(TRIAL, accept, watch="true", timeoutSeconds="30", resourceVersion=VERSION, **query)


def _life(name: str) -> tuple[Ask, ...]:
    """A ConfigMap that is made, leaves the selection `app=web`, comes back, and goes."""
    other, back = ({"metadata": {"labels": {"app": app}}} for app in ("db", "web"))
    note = {"metadata": {"annotations": {"a": "b"}}}
    made = create(name, labels={"app": "web"})
    return made, merge(name, note), merge(name, note), merge(name, other), merge(name, back), delete(name)


_POD = pod("p")
_POD["spec"]["automountServiceAccountToken"] = False
_TRIAL_PODS = "/api/v1/namespaces/shop-test/pods"
_POD_LIFE = (
    ask(_TRIAL_PODS, method="POST", body=_POD),
    ask(f"{_TRIAL_PODS}/p/status", method="PATCH", body={"status": {"phase": "Running"}}, form=MERGE),
    ask(f"{_TRIAL_PODS}/p", method="DELETE"),
)
_TRIAL_CERTIFICATES = CERTIFICATES.replace("/shop/", "/shop-test/")


def _pods(**query: str) -> Ask:
    """Their metadata: the API server of the test bed fills in a spec that a snapshot leaves as it is."""
    return ask(_TRIAL_PODS, PARTIAL, watch="1", timeoutSeconds="30", resourceVersion=VERSION, **query)


WATCHED: dict[str, Watched] = {
    "all changes": Watched(_followed(), *_life("w1"), last=("DELETED", "w1")),
    "a selection of labels": Watched(_followed(labelSelector="app=web"), *_life("w2"), last=("DELETED", "w2"), times=2),
    "those that are not selected": Watched(_followed(labelSelector="app!=web"), *_life("w3"), last=("DELETED", "w3")),
    "one name": Watched(
        _followed(fieldSelector="metadata.name=w4"), create("w0"), delete("w0"), *_life("w4"), last=("DELETED", "w4")
    ),
    "a table": Watched(_followed(TABLE, labelSelector="app=web"), *_life("w5"), last=("DELETED", "w5"), times=2),
    "metadata": Watched(_followed(PARTIAL), *_life("w6"), last=("DELETED", "w6")),
    "a finalizer": Watched(
        _followed(),
        create("w7", finalizers=["example.com/hold"]),
        delete("w7"),
        delete("w7"),
        ask(TRIAL, method="DELETE"),
        merge("w7", {"metadata": {"finalizers": None}}),
        last=("DELETED", "w7"),
    ),
    "only tried": Watched(
        _followed(),
        create("w8"),
        ask(f"{TRIAL}/w8", method="PATCH", body={"data": {"a": "2"}}, form=MERGE, dryRun="All"),
        delete("w8", dryRun="All"),
        delete("w8"),
        last=("DELETED", "w8"),
    ),
    "a collection that is deleted": Watched(
        _followed(), create("w9"), create("w91"), ask(TRIAL, method="DELETE"), last=("DELETED", "w91")
    ),
    "all namespaces": Watched(
        ask("/api/v1/configmaps", watch="1", timeoutSeconds="30", resourceVersion=VERSION, labelSelector="app=web"),
        *_life("w10"),
        last=("DELETED", "w10"),
        times=2,
    ),
    "pods": Watched(_pods(), *_POD_LIFE, last=("DELETED", "p")),
    "a field that changes": Watched(_pods(fieldSelector="status.phase=Running"), *_POD_LIFE, last=("DELETED", "p")),
    "custom objects": Watched(
        ask(_TRIAL_CERTIFICATES, watch="1", timeoutSeconds="30", resourceVersion=VERSION),
        ask(
            _TRIAL_CERTIFICATES,
            method="POST",
            body={
                "apiVersion": "example.com/v1",
                "kind": "Certificate",
                "metadata": {"name": "c"},
                "spec": {"days": 1},
            },
        ),
        ask(f"{_TRIAL_CERTIFICATES}/c", method="PATCH", body={"spec": {"days": 2}}, form=MERGE),
        ask(f"{_TRIAL_CERTIFICATES}/c/status", method="PATCH", body={"status": {"ok": True}}, form=MERGE),
        ask(f"{_TRIAL_CERTIFICATES}/c", method="DELETE"),
        last=("DELETED", "c"),
    ),
}

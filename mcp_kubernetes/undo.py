"""How a change is reversed: one JSON patch that the API server refuses if anybody changed the same fields since.

Before it puts a value back, the patch tests that each field still holds what the change left there, in the same
request: there is no moment between looking and writing. A deleted object is created again where that loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mcp_kubernetes.diff import ABSENT, SERVER_FIELDS, FieldChange, Step, changes, identifying
from mcp_kubernetes.kinds import KindProfile

MOST_OPERATIONS = 10_000
"""Of one JSON patch: kube-apiserver takes no more (`maxJSONPatchOperations`)."""

NO_UNDO: Final[Mapping[tuple[str, str], str]] = {
    ("", "namespaces"): "everything in it is deleted with it",
    ("", "nodes"): "the pods on it are deleted with it",
    ("", "persistentvolumeclaims"): "the volume behind it may be erased",
    ("", "persistentvolumes"): "the storage behind it may be erased",
    ("", "pods"): "what it held is gone, and another pod would start in its place",
    ("apiextensions.k8s.io", "customresourcedefinitions"): "all objects of its kind are deleted with it",
    ("batch", "jobs"): "what it has done is forgotten, and it would run again",
    ("certificates.k8s.io", "certificatesigningrequests"): "its approval and its certificate are deleted with it",
    ("coordination.k8s.io", "leases"): "somebody else may hold it at once",
}
"""Kinds (group, resource) whose objects take something with them for good, and what, whatever a plugin says."""

_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - the type of a Secret, not a secret


def undo_patch(before: Any, after: Any, *, status: bool = False) -> list[dict[str, Any]]:
    """The JSON patch (RFC 6902) from `after` back to `before`: first all tests, then the reversals.

    It has to be sent as `go_json` spells it. Somebody else's changes of other fields stay; where one moved an item of
    a list, or took another object's place, a test fails. It is empty where nothing differs.
    """
    paths = [change.path for change in changes(before, after, status=status)]
    found = _patch(before, after, paths)
    if len(found) <= MOST_OPERATIONS:
        return found
    return _patch(before, after, dict.fromkeys(path[: 2 if path[0] == "metadata" else 1] for path in paths))


def why_not_undoable(profile: KindProfile, before: Mapping[str, Any]) -> str:
    """What would be lost for good if this object were deleted, to be asked before; "" if nothing is."""
    metadata, spec = before.get("metadata") or {}, before.get("spec") or {}
    kind = (profile.group, profile.resource)
    if found := NO_UNDO.get(kind) or profile.no_undo:
        return found
    if metadata.get("deletionTimestamp"):
        return "it is being deleted already"
    if metadata.get("finalizers"):
        return "its finalizers clean up what would not come back with it"
    if kind == ("", "secrets") and before.get("type") == _TOKEN:
        return "its token ends with it"
    if kind == ("apps", "statefulsets") and _erases_claims(spec):
        return "its volume claims are deleted with it"
    return ""


def recreated(before: Mapping[str, Any]) -> dict[str, Any]:
    """The body that creates a deleted object again: all of it but the status and what the API server sets itself.

    Addresses and ports of a Service stay, so that its clients find it again: if somebody else got them since, the API
    server refuses.
    """
    metadata = {key: value for key, value in before["metadata"].items() if key not in SERVER_FIELDS}
    return {**{key: value for key, value in before.items() if key != "status"}, "metadata": metadata}


def _patch(before: Any, after: Any, paths: Iterable[tuple[Step, ...]]) -> list[dict[str, Any]]:
    reversal = _Reversal(before, after)
    for path in paths:
        reversal.add(path)
    return reversal.patch


@dataclass
class _Reversal:
    """Collects what to test and what to put back, by JSON pointer."""

    before: Any
    after: Any
    tests: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    _keys: dict[tuple[Step, ...], str | None] = field(default_factory=dict)

    def add(self, path: tuple[Step, ...]) -> None:
        """Put back what is at `path`, or the whole list on the way in which an item is not sure to be found again."""
        walked: tuple[Step, ...] = ()
        old, new = self.before, self.after
        for step in path:
            if isinstance(new, list) and not self._finds(walked, old, new, step):
                break
            walked, old, new = (*walked, step), _at(old, step), _at(new, step)
        self._put_back(FieldChange(path=walked, before=old, after=new))

    @property
    def patch(self) -> list[dict[str, Any]]:
        """The whole patch."""
        if not self.changes:
            return []
        self._test_metadata("uid")
        tests = [{"op": "test", "path": pointer, "value": value} for pointer, value in self.tests.items()]
        return [*tests, *self.changes.values()]

    def _finds(self, walked: tuple[Step, ...], old: Any, new: list[Any], step: Step) -> bool:
        """Whether a test can tell that the item of that place is still the same one; it is added to the tests."""
        if walked not in self._keys:
            self._keys[walked] = _steady_key(old, new)
        if (key := self._keys[walked]) is None:
            return False
        self._test((*walked, step, key), _at(new, step)[key])
        return True

    def _put_back(self, change: FieldChange) -> None:
        # The API server's `test` takes a field that is not there for null, and so tells whether it came back.
        self._test(change.path, None if change.after is ABSENT else change.after)
        if change.before is ABSENT:
            self.changes[change.pointer] = {"op": "remove", "path": change.pointer}
        else:
            op = "add" if change.after is ABSENT else "replace"
            self.changes[change.pointer] = {"op": op, "path": change.pointer, "value": change.before}

    def _test(self, path: tuple[Step, ...], value: Any) -> None:
        if _holds_null(value):
            # Comparing such a list makes the API server fail: then the whole object must not have changed.
            self._test_metadata("resourceVersion")
        else:
            self.tests[FieldChange(path=path, before=value, after=value).pointer] = value

    def _test_metadata(self, name: str) -> None:
        metadata = self.after.get("metadata")
        if isinstance(metadata, dict) and name in metadata:
            self.tests[f"/metadata/{name}"] = metadata[name]


def _steady_key(old: list[Any], new: list[Any]) -> str | None:
    """The key that tells the items of a list apart, if they are the same ones in the same order."""
    key = identifying(old, new)
    return key if key is not None and [item[key] for item in old] == [item[key] for item in new] else None


def _at(value: Any, step: Step) -> Any:
    return value.get(step, ABSENT) if isinstance(value, dict) else value[step]


def _holds_null(value: Any) -> bool:
    """Whether a list with a null item is in it."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, list) and None in one:
            return True
        left += one if isinstance(one, list) else one.values() if isinstance(one, dict) else ()
    return False


def _erases_claims(spec: Mapping[str, Any]) -> bool:
    return (spec.get("persistentVolumeClaimRetentionPolicy") or {}).get("whenDeleted") == "Delete"

"""Patches by which maps are joined, and lists by a key: strategic ones, and what an apply makes of a manifest.

The keys are those of the fields' `patchMergeKey` in k8s.io/api. A strategic patch follows strategicpatch/patch.go of
k8s.io/apimachinery, the order of lists included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_BY_NAME = frozenset(
    {
        *("containers", "initContainers", "ephemeralContainers", "volumes", "env", "imagePullSecrets", "secrets"),
        *("resourceClaims", "schedulingGates", "webhooks", "validations"),
    }
)
_KEYS = {
    **dict.fromkeys(_BY_NAME, "name"),
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "hostAliases": "ip",
    "podIPs": "ip",
    "hostIPs": "ip",
    "topologySpreadConstraints": "topologyKey",
    "conditions": "type",
    "addresses": "type",
    "taints": "key",
    "ownerReferences": "uid",
}
_SETS = frozenset({"finalizers", "podCIDRs"})
_HOLD_CONTAINERS = frozenset({"containers", "initContainers", "ephemeralContainers"})
_PATCH, _RETAIN = "$patch", "$retainKeys"
_DELETE_FROM, _ORDER = "$deleteFromPrimitiveList/", "$setElementOrder/"

Path = tuple[str, ...]


class WithoutKey(ValueError):
    """An item of a list does not say which one it is; the text is that of an API server."""


def strategic(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The object after a strategic merge patch. Raises ValueError for what makes no sense."""
    return _map(target, patch, (), _patched_list)


def applied(target: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The object after an apply of a built-in kind by whoever owns all of it: new items stand behind the others."""
    return _map(target, manifest, (), _applied_list)


_List = Callable[[Sequence[Any], Sequence[Any], Path], list[Any]]


def _map(target: Any, patch: Mapping[str, Any], path: Path, join: _List) -> dict[str, Any]:
    found = dict(target) if isinstance(target, Mapping) else {}
    if patch.get(_PATCH) == "replace":
        return {key: value for key, value in patch.items() if key != _PATCH}
    if patch.get(_PATCH) == "delete":
        return {}
    if (kept := patch.get(_RETAIN)) is not None:
        found = {key: value for key, value in found.items() if key in kept}
    for key, value in patch.items():
        if key.startswith(_DELETE_FROM):
            field = key.removeprefix(_DELETE_FROM)
            found[field] = [each for each in found.get(field) or () if each not in value]
        elif value is None:
            found.pop(key, None)
        elif not key.startswith("$"):
            found[key] = _value(found.get(key), value, (*path, key), join)
    return found


def _value(target: Any, patch: Any, path: Path, join: _List) -> Any:
    if isinstance(patch, Mapping):
        return _map(target, patch, path, join)
    if isinstance(patch, Sequence) and not isinstance(patch, str) and (_key(path) or path[-1] in _SETS):
        return join(target if isinstance(target, list) else [], patch, path)
    return patch


def _key(path: Path) -> str:
    """What tells the items of the list there apart; "" where a list is replaced as a whole."""
    if path[-1] != "ports":
        return _KEYS.get(path[-1], "")
    if path[-2:-1] and path[-2] in _HOLD_CONTAINERS:
        return "containerPort"
    return "port" if path == ("spec", "ports") else ""


def _patched_list(target: Sequence[Any], patch: Sequence[Any], path: Path) -> list[Any]:
    key = _key(path)
    if not key:
        return _interleaved([each for each in target if each not in patch], list(dict.fromkeys(patch)), target, str)
    if any(isinstance(each, Mapping) and each.get(_PATCH) == "replace" for each in patch):
        return [each for each in patch if _PATCH not in each]
    deleted = [_of(each, key) for each in patch if each.get(_PATCH) == "delete"]
    left = [each for each in target if _of(each, key) not in deleted]
    sent = [each for each in patch if each.get(_PATCH) != "delete"]
    before = {_of(each, key): each for each in left}
    joined = [_map(before.get(_of(each, key)), each, path, _patched_list) for each in sent]
    named = {_of(each, key) for each in sent}
    return _interleaved([each for each in left if _of(each, key) not in named], joined, left, lambda e: _of(e, key))


def _interleaved(
    others: Sequence[Any], sent: Sequence[Any], before: Sequence[Any], named: Callable[[Any], Any]
) -> list[Any]:
    """Both in their own order; an item that was there before stands as it did, where that is possible."""
    places = {named(each): place for place, each in reversed(list(enumerate(before)))}
    found, waiting = [], list(others)
    for each in sent:
        place = places.get(named(each))
        while waiting and place is not None and places[named(waiting[0])] < place:
            found.append(waiting.pop(0))
        found.append(each)
    return [*found, *waiting]


def _applied_list(target: Sequence[Any], patch: Sequence[Any], path: Path) -> list[Any]:
    key = _key(path)
    if not key:
        return list(dict.fromkeys([*target, *patch]))
    sent = {_of(each, key): each for each in patch}
    there = {_of(each, key) for each in target}
    kept = [_map(each, sent.get(_of(each, key), {}), path, _applied_list) for each in target]
    return [*kept, *(each for name, each in sent.items() if name not in there)]


def _of(item: Any, key: str) -> Any:
    if not isinstance(item, Mapping) or key not in item:
        raise WithoutKey(f"map: {_go(item)} does not contain declared merge key: {key}")
    return item[key]


def _go(value: Any) -> str:
    """As Go prints a value of a map."""
    if not isinstance(value, Mapping):
        return str(value)
    return f"map[{' '.join(f'{key}:{_go(value[key])}' for key in sorted(value))}]"

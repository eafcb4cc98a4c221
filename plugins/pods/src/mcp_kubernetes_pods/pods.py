"""Which pods are meant: one by its name, those that labels match, or those that an object owns, however far down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from mcp_kubernetes import InvalidArguments, Object, Selectors, ToolCall, ToolError
from mcp_kubernetes_pods.containers import NAMED, NAMES, default_container

POD = "v1/Pod"
_PATHS = {
    "name": ".metadata.name",
    "uid": ".metadata.uid",
    "default": NAMED,
    "owners": ".metadata.ownerReferences[*]",
    "containers": NAMES,
    "init": ".spec.initContainers[*].name",
    "ephemeral": ".spec.ephemeralContainers[*].name",
    "statuses": ".status.containerStatuses[*]",
    "init_statuses": ".status.initContainerStatuses[*]",
    "ephemeral_statuses": ".status.ephemeralContainerStatuses[*]",
}
_OWNED = {"uid": ".metadata.uid", "owners": ".metadata.ownerReferences[*]"}
_SINGLE = ("name", "uid", "default")
_MOST_LEVELS = 4
"""From a pod up to its owner: CronJob, Job, pod are two."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """What of a pod is needed to read its logs. `statuses` are by container."""

    name: str
    owners: Sequence[Mapping[str, Any]]
    default: str
    containers: Sequence[str]
    statuses: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Pod:
        """From the values at `_PATHS`."""
        lists = {name: _several(value) for name, value in values.items()}
        statuses = [*lists["statuses"], *lists["init_statuses"], *lists["ephemeral_statuses"]]
        return cls(
            name=str(values["name"]),
            owners=lists["owners"],
            default=default_container(lists["containers"], values["default"]).name,
            containers=[*lists["init"], *lists["containers"], *lists["ephemeral"]],
            statuses={status["name"]: status for status in statuses},
        )


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value is not None else []


async def chosen(
    call: ToolCall, namespace: str | None, name: str | None, labels: str | None, owner: str | None
) -> list[Pod]:
    """The pods that are meant. Raises InvalidArguments unless it is said in exactly one way."""
    if sum(given is not None for given in (name, labels, owner)) != 1:
        raise InvalidArguments(
            "Which pods is said by exactly one of podName, labelSelector and owner.", hint="Give one of them."
        )
    if name is not None:
        return [await _named(call, namespace, name)]
    if labels is not None:
        return [pod async for pod in _listed(call, namespace, labels)]
    return await _owned(call, namespace, str(owner))


async def _named(call: ToolCall, namespace: str | None, name: str) -> Pod:
    found = await call.cluster.get(POD, name, namespace, full=True)
    return Pod.of({key: found.at(path) if key in _SINGLE else found.all(path) for key, path in _PATHS.items()})


async def _listed(call: ToolCall, namespace: str | None, labels: str | None) -> AsyncIterator[Pod]:
    selectors = Selectors(label_selector=labels)
    async with aclosing(call.cluster.rows(POD, namespace, where=selectors, columns=_PATHS)) as rows:
        async for row in rows:
            yield Pod.of(dict(zip(_PATHS, row, strict=True)))


async def _owned(call: ToolCall, namespace: str | None, owner: str) -> list[Pod]:
    kind, _, name = owner.rpartition("/")
    if not kind:
        raise InvalidArguments("owner is no object.", hint="Write it as kind/name: deployment/web.")
    found = await call.cluster.get(kind, name, namespace, full=True)
    if found.at(".kind") == "Pod":
        return [await _named(call, namespace, name)]
    pods = [pod async for pod in _listed(call, namespace, None)]
    return await _Owners(call, namespace, found).those_of(pods)


class _Owners:
    """Follows owner references up, kind after kind: each is listed once, however many objects it has."""

    def __init__(self, call: ToolCall, namespace: str | None, top: Object) -> None:
        self._call = call
        self._namespace = namespace
        self._top = str(top.at(".metadata.uid"))
        self._parents: dict[str, list[str]] = {}
        self._listed = {(str(top.at(".apiVersion")), str(top.at(".kind")))}

    async def those_of(self, pods: Sequence[Pod]) -> list[Pod]:
        references = [reference for pod in pods for reference in pod.owners]
        for _ in range(_MOST_LEVELS):
            kinds = {(str(one.get("apiVersion")), str(one.get("kind"))) for one in references} - self._listed
            self._listed |= kinds
            references = [reference for kind in sorted(kinds) for reference in await self._read(*kind)]
        return [pod for pod in pods if self._leads_to_top([str(one.get("uid")) for one in pod.owners])]

    async def _read(self, version: str, kind: str) -> list[Mapping[str, Any]]:
        """The owners of all objects of a kind, which are remembered."""
        found: list[Mapping[str, Any]] = []
        try:
            if not (await self._call.cluster.resource(f"{version}/{kind}", None, self._namespace)).namespaced:
                return []
            async with aclosing(self._call.cluster.rows(f"{version}/{kind}", self._namespace, columns=_OWNED)) as rows:
                async for uid, owners in rows:
                    self._parents[str(uid)] = [str(one.get("uid")) for one in _several(owners)]
                    found += _several(owners)
        except ToolError as error:
            self._call.notes.add("Owners of the kind {kind} could not be looked at: {why}", kind=kind, why=error)
        return found

    def _leads_to_top(self, uids: Sequence[str]) -> bool:
        for _ in range(_MOST_LEVELS + 1):
            if self._top in uids:
                return True
            uids = [parent for uid in uids for parent in self._parents.get(uid, ())]
        return False

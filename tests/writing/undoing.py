"""One kind in a namespace: changed by tools in any way, looked at and meddled with by others."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pytest_mcp_kubernetes.apps import text
from tests.writing.comparing import merged
from tests.writing.kinds import Fields, Kind
from tests.writing.watched import change_id

if TYPE_CHECKING:
    from mcp import Client

    from tests.cluster import Cluster
    from tests.cluster.api import Api

LABELS = {"a": "1", "kept": "1"}
_ANNOTATIONS = {"example.com/b": "<&>\u2028", "kept": "1"}
CHANGED_SINCE = "changed since, so nothing was undone"

_OTHER_LABELS = st.fixed_dictionaries({}, optional={"a": st.none() | st.just("2"), "example.com/new": st.just("")})
_OTHER_NOTES = st.fixed_dictionaries(
    {}, optional={"example.com/b": st.none() | st.just("é\n\\"), "c": st.text("<&> \t\"'", max_size=5)}
)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A change as a merge patch, and the way in which it is to be sent."""

    way: str
    patch: Fields


@st.composite
def edits(draw: st.DrawFn, kind: Kind, *, least: int = 0) -> Edit:
    """Some of the changes of this kind, and of labels and annotations; `least` is the number of the former."""
    chosen = draw(st.lists(st.sampled_from(kind.changes), min_size=least, max_size=1)) if kind.changes else []
    fields = chosen[0][0] if chosen else {}
    metadata = {"labels": draw(_OTHER_LABELS), "annotations": draw(_OTHER_NOTES)}
    ways = ["apply", "merge", "json", *(["strategic"] if kind.is_builtin else [])]
    return Edit(way=draw(st.sampled_from(ways)), patch={**fields, "metadata": metadata})


@dataclass
class Bench:
    """One kind in the namespace of a test: changed by tools, looked at and meddled with by others."""

    cluster: Cluster
    namespace: str
    kind: Kind
    client: Client
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @cached_property
    def api(self) -> Api:
        return self.cluster.api

    @property
    def which(self) -> dict[str, str]:
        return {"resourceType": f"{self.kind.api_version}/{self.kind.kind}", "namespace": self.namespace}

    def new_name(self) -> str:
        return f"o{next(self._numbers)}"

    def manifest(self, name: str, labels: dict[str, str] = LABELS) -> Fields:
        return self.kind.manifest(name, labels=labels, annotations=_ANNOTATIONS)

    def made(self, name: str, labels: dict[str, str] = LABELS) -> Fields:
        self.api.post(self.kind.path(self.namespace), self.manifest(name, labels))
        return self.get(name)

    def get(self, name: str, part: str = "") -> Fields:
        found: Fields = self.api.get(self.kind.path(self.namespace, name, part))
        return found

    def exists(self, name: str) -> bool:
        """Asked of a list: that something is not there is no error of it."""
        items = self.api.get(self.kind.path(self.namespace))["items"]
        return name in [item["metadata"]["name"] for item in items]

    def meddle(self, name: str, patch: Fields) -> None:
        """Somebody else's change."""
        self.api.patch(self.kind.path(self.namespace, name), patch)

    def scale(self, name: str, replicas: int) -> None:
        """Somebody else's choice."""
        self.api.patch(self.kind.path(self.namespace, name, "scale"), {"spec": {"replicas": replicas}})

    def replace(self, name: str, labels: dict[str, str] = LABELS) -> Fields:
        """Somebody else's object of the same name and content."""
        self.api.delete(self.kind.path(self.namespace, name))
        self.wait_until_gone(name)
        return self.made(name, labels)

    def wait_until_gone(self, name: str) -> None:
        """Controllers may hold a delete for a moment."""
        if self.exists(name):
            which = f"{self.kind.resource}/{name}"
            self.cluster.kubectl("-n", self.namespace, "wait", "--for=delete", which, "--timeout=30s")

    async def edit(self, name: str, edit: Edit) -> str | None:
        """Change it by a tool. The id of the change; None if the tool says that nothing changed."""
        if edit.way == "apply":
            manifest = json.dumps(merged(self.manifest(name), edit.patch))
            answer = await self.ask("k8s_apply_resource", manifest=manifest, namespace=self.namespace, force=True)
        else:
            patch = operations(self.get(name), edit.patch) if edit.way == "json" else edit.patch
            answer = await self.ask("k8s_patch_resource", **self.which, name=name, patch=patch, patchType=edit.way)
        return None if " unchanged in " in answer else change_id(answer)

    async def create(self, name: str) -> str:
        return change_id(await self.ask("k8s_create_resource", manifest=self.manifest(name), namespace=self.namespace))

    async def ask(self, tool: str, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, text(result)
        return text(result)

    async def undo(self, change: str, **arguments: Any) -> str:
        return await self.ask("k8s_undo_change", changeId=change, **arguments)

    async def refused(self, change: str) -> str:
        result = await self.client.call_tool("k8s_undo_change", {"changeId": change})
        assert result.is_error, text(result)
        return text(result)


def operations(before: Fields, patch: Fields) -> list[Fields]:
    """The JSON patch that does the same as a merge patch: whole labels, annotations and outermost fields."""
    metadata = [(f"/metadata/{key}", before["metadata"].get(key), patch["metadata"][key]) for key in patch["metadata"]]
    others = [(f"/{key}", before.get(key), value) for key, value in patch.items() if key != "metadata"]
    return [
        {"op": "add", "path": path, "value": merged(old, new)}
        if new is not None
        else {"op": "remove", "path": path}
        for path, old, new in (*metadata, *others)
    ]  # fmt: skip

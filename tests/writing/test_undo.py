"""Whatever was changed can be put back, and nothing of what others did since is lost by it: against a real API server.

Objects are looked at, and others' changes are made, by the test bed's own requests.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mcp_kubernetes_resources
from mcp_kubernetes import Identity
from mcp_kubernetes.spi import Session
from mcp_kubernetes_contexts import Contexts
from pytest_mcp_kubernetes.apps import Apps, text
from pytest_mcp_kubernetes.static import Static
from tests.writing.kinds import GROUP, KINDS, Fields, Kind, define, merged, told
from tests.writing.watched import change_id

if TYPE_CHECKING:
    from pathlib import Path

    from mcp import Client

    from tests.cluster import Cluster
    from tests.cluster.api import Api
    from tests.writing.conftest import Call

_seeded = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
"""The seed is the test's own name, so that a failure stays one."""

few, fewer = settings(_seeded, max_examples=3), settings(_seeded, max_examples=2)
"""Fewer where each example makes several requests more."""

_LABELS = {"a": "1", "kept": "1"}
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

    def manifest(self, name: str, labels: dict[str, str] = _LABELS) -> Fields:
        return self.kind.manifest(name, labels=labels, annotations=_ANNOTATIONS)

    def made(self, name: str, labels: dict[str, str] = _LABELS) -> Fields:
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

    def replace(self, name: str, labels: dict[str, str] = _LABELS) -> Fields:
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


@pytest.fixture(scope="module")
def _defined(cluster: Cluster) -> Iterator[None]:
    define(cluster)
    yield
    cluster.kubectl("delete", "crd", f"typeds.{GROUP}", f"frees.{GROUP}", "--wait=false")


@pytest.fixture(scope="module")
async def served(cluster: Cluster) -> AsyncIterator[Client]:
    """One server for all: to start one for each kind and rule takes longer than the rules themselves."""
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(cluster.kubeconfig)}
    sections: dict[str, dict[str, Any]] = {"safety": {"non_destructive": False}, "kubernetes": {"qps_limit": 0}}
    async with Apps()(plugins, sections) as client:
        yield client


@pytest.fixture(scope="module")
def bench(cluster: Cluster, _defined: None, served: Client, request: pytest.FixtureRequest) -> Iterator[Bench]:
    namespace = f"undo-{request.param.lower()}-{uuid.uuid4().hex[:6]}"
    cluster.kubectl("create", "namespace", namespace)
    yield Bench(cluster=cluster, namespace=namespace, kind=KINDS[request.param], client=served)
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def _of(kinds: Iterable[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bench", list(kinds), indirect=True, scope="module")


each_kind = _of(KINDS)
each_kind_with_changes = _of(name for name, kind in KINDS.items() if kind.changes)
each_kind_that_scales = _of(name for name, kind in KINDS.items() if kind.scales)
each_kind_that_comes_back = _of(name for name, kind in KINDS.items() if kind.is_recreated)
each_kind_that_does_not = _of(name for name, kind in KINDS.items() if not kind.is_recreated)
of_config_maps = _of(["ConfigMap"])


@each_kind
@few
@given(data=st.data())
async def test_what_was_changed_is_as_it_was_and_undoing_that_changes_it_again(
    bench: Bench, data: st.DataObject
) -> None:
    before = bench.made(name := bench.new_name())
    change = await bench.edit(name, data.draw(edits(bench.kind)))
    after = bench.get(name)
    assert (change is None) is (told(after) == told(before))
    if change:
        answer = await bench.undo(change)
        assert f"/{name} restored in {bench.namespace}" in answer
        assert told(bench.get(name)) == told(before)
        await bench.undo(change_id(answer))
        assert told(bench.get(name)) == told(after)


@each_kind
@few
@given(data=st.data())
async def test_what_we_applied_from_the_beginning_is_put_back_too(bench: Bench, data: st.DataObject) -> None:
    """Then a field that the later manifest leaves out is removed by the API server."""
    name = bench.new_name()
    await bench.ask("k8s_apply_resource", manifest=bench.manifest(name), namespace=bench.namespace)
    before = bench.get(name)
    edit = data.draw(edits(bench.kind))
    if change := await bench.edit(name, Edit(way="apply", patch=edit.patch)):
        await bench.undo(change)
    assert told(bench.get(name)) == told(before)


@each_kind_with_changes
@fewer
@given(data=st.data())
async def test_a_change_of_the_same_field_in_between_is_detected(bench: Bench, data: st.DataObject) -> None:
    bench.made(name := bench.new_name())
    mine, theirs = data.draw(st.sampled_from(bench.kind.changes))
    # Not by apply: what the test bed made, it owns, and a field that is left out would stay.
    ways = ["merge", *(["strategic"] if bench.kind.is_builtin else [])]
    patch = {**mine, "metadata": data.draw(st.just({}) | st.just({"labels": {"mine": "1"}}))}
    change = await bench.edit(name, Edit(way=data.draw(st.sampled_from(ways)), patch=patch))
    assert change
    bench.meddle(name, theirs)
    since = bench.get(name)
    assert CHANGED_SINCE in await bench.refused(change)
    assert CHANGED_SINCE in await bench.refused(change)
    assert told(bench.get(name)) == told(since)


@each_kind
async def test_a_change_of_the_same_label_in_between_is_detected(bench: Bench) -> None:
    bench.made(name := bench.new_name())
    change = await bench.edit(name, Edit(way="merge", patch={"metadata": {"labels": {"a": "2", "new": "2"}}}))
    assert change
    bench.meddle(name, {"metadata": {"labels": {"new": None}}})
    assert CHANGED_SINCE in await bench.refused(change)
    assert bench.get(name)["metadata"]["labels"] == {**_LABELS, "a": "2"}


@each_kind
async def test_an_object_that_took_the_place_of_the_changed_one_is_left_alone(bench: Bench) -> None:
    bench.made(name := bench.new_name())
    change = await bench.edit(name, Edit(way="merge", patch={"metadata": {"labels": {"a": "2"}}}))
    assert change
    since = bench.replace(name, labels={**_LABELS, "a": "2"})
    assert CHANGED_SINCE in await bench.refused(change)
    assert told(bench.get(name)) == told(since)


@each_kind
@fewer
@given(data=st.data())
async def test_what_somebody_else_changed_elsewhere_stays(bench: Bench, data: st.DataObject) -> None:
    before = bench.made(name := bench.new_name())
    change = await bench.edit(name, data.draw(edits(bench.kind, least=1)))
    theirs = {"metadata": {"labels": {"theirs": "1", "kept": None}, "annotations": {"theirs": "x", "kept": "2"}}}
    bench.meddle(name, theirs)
    if change:
        await bench.undo(change)
    assert told(bench.get(name)) == merged(told(before), theirs)


@each_kind
@pytest.mark.parametrize("tool", ["k8s_create_resource", "k8s_apply_resource"])
async def test_what_was_created_is_gone_afterwards(bench: Bench, tool: str) -> None:
    name = bench.new_name()
    created = await bench.ask(tool, manifest=bench.manifest(name), namespace=bench.namespace)
    assert bench.exists(name)
    undone = await bench.undo(change_id(created))
    if not bench.kind.is_recreated:
        assert "cannot be undone: the volume" in undone
        bench.wait_until_gone(name)
    assert not bench.exists(name)


@each_kind
async def test_somebody_elses_object_in_place_of_a_created_one_stays(bench: Bench) -> None:
    change = await bench.create(name := bench.new_name())
    since = bench.replace(name)
    assert CHANGED_SINCE in await bench.refused(change)
    assert told(bench.get(name)) == told(since)


@each_kind_that_comes_back
async def test_what_was_deleted_comes_back_as_it_was(bench: Bench) -> None:
    before = bench.made(name := bench.new_name())
    answer = await bench.ask("k8s_delete_resource", **bench.which, name=name)
    await bench.undo(change_id(answer))
    assert told(bench.get(name)) == told(before)
    assert bench.get(name)["metadata"]["uid"] != before["metadata"]["uid"]


@each_kind_that_does_not
async def test_what_a_delete_loses_is_told_before_and_after_it(bench: Bench) -> None:
    bench.made(name := bench.new_name())
    for dry_run in (True, False):
        answer = await bench.ask("k8s_delete_resource", **bench.which, name=name, dryRun=dry_run)
        assert "cannot be undone: the volume behind it may be erased" in answer
        assert "changeId" not in answer


@each_kind_that_comes_back
async def test_somebody_elses_object_in_place_of_a_deleted_one_stays(bench: Bench) -> None:
    bench.made(name := bench.new_name())
    change = change_id(await bench.ask("k8s_delete_resource", **bench.which, name=name))
    since = bench.made(name)
    assert CHANGED_SINCE in await bench.refused(change)
    assert bench.get(name)["metadata"]["uid"] == since["metadata"]["uid"]


@each_kind_that_scales
@fewer
@given(numbers=st.tuples(*[st.integers(0, 3)] * 3))
async def test_a_number_of_replicas_is_put_back_unless_somebody_chose_another(
    bench: Bench, numbers: tuple[int, int, int]
) -> None:
    first, second, third = numbers
    bench.made(name := bench.new_name())
    bench.scale(name, first)
    before = bench.get(name)
    answer = await bench.ask("k8s_scale_resource", **bench.which, name=name, replicas=second)
    if first == second:
        assert "unchanged" in answer
        return
    bench.scale(name, third)
    if third == second:
        await bench.undo(change_id(answer))
        assert told(bench.get(name)) == told(before)
    else:
        assert CHANGED_SINCE in await bench.refused(change_id(answer))
        assert bench.get(name, "scale")["spec"].get("replicas", 0) == third


@of_config_maps
async def test_a_change_is_undone_once(bench: Bench) -> None:
    change = await bench.create(bench.new_name())
    await bench.undo(change)
    assert "No change of yours" in await bench.refused(change)


@of_config_maps
async def test_trying_an_undo_takes_nothing_from_it(bench: Bench) -> None:
    before = bench.made(name := bench.new_name())
    change = await bench.edit(name, Edit(way="merge", patch={"data": {"a": "2"}}))
    assert change
    after = bench.get(name)
    assert "would be restored" in await bench.undo(change, dryRun=True)
    assert bench.get(name) == after
    await bench.undo(change)
    assert told(bench.get(name)) == told(before)


@of_config_maps
async def test_changes_are_undone_one_after_the_other_and_not_past_a_later_one(bench: Bench) -> None:
    states = [bench.made(name := bench.new_name())]
    ids = []
    for number in range(3):
        ids.append(await bench.edit(name, Edit(way="merge", patch={"data": {"a": f"new {number}"}})))
        states.append(bench.get(name))
    assert CHANGED_SINCE in await bench.refused(ids[0] or "")
    for change, before in zip(reversed(ids), reversed(states[:-1]), strict=True):
        await bench.undo(change or "")
        assert told(bench.get(name)) == told(before)


@pytest.mark.parametrize("made_up", ["", "a" * 13, "A" * 13, "../x", "a" * 64, "é", "changeId"])
async def test_a_made_up_id_names_no_change(call: Call, made_up: str) -> None:
    result = await call("k8s_undo_change", changeId=made_up)
    assert result.is_error
    assert "No change of yours" in text(result)


async def test_a_change_of_somebody_else_is_none_of_the_callers(cluster: Cluster, namespace: str) -> None:
    one, other = Identity(subject="one"), Identity(subject="other")
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(cluster.kubeconfig)}
    async with Apps().make(plugins, {"safety": {"non_destructive": False}}) as app:

        async def said(who: Identity, tool: str, **arguments: Any) -> str:
            outcome = await app.call(tool, arguments, identity=who, session=Session(key="shared"))
            return "\n".join(outcome.blocks)

        manifest = KINDS["ConfigMap"].manifest("o", namespace=namespace)
        change = change_id(await said(one, "k8s_create_resource", manifest=manifest))
        refusal = await said(other, "k8s_undo_change", changeId=change)
        assert refusal == await said(other, "k8s_undo_change", changeId="a" * 13)
        assert "No change of yours" in refusal
        assert "deleted" in await said(one, "k8s_undo_change", changeId=change)


async def test_a_change_is_undone_in_its_own_context_alone(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """Both contexts lead to the same server: only their names tell them apart."""
    kubeconfig = json.loads(cluster.kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
    [context] = kubeconfig["contexts"]
    kubeconfig["contexts"] = [{**context, "name": name} for name in ("here", "there")]
    (tmp_path / "config").write_text(json.dumps({**kubeconfig, "current-context": "here"}), "utf-8")
    sections: dict[str, dict[str, Any]] = {
        "contexts": {"kubeconfig": [str(tmp_path / "config")]},
        "safety": {"non_destructive": False},
    }
    manifest = KINDS["ConfigMap"].manifest("o", namespace=namespace)
    async with Apps()({"resources": mcp_kubernetes_resources, "contexts": Contexts()}, sections) as client:
        created = await client.call_tool("k8s_create_resource", {"manifest": manifest, "kubeContext": "there"})
        change = {"changeId": change_id(text(created))}
        refused = await client.call_tool("k8s_undo_change", change)
        assert refused.is_error
        assert "made in there. Name that" in text(refused)
        assert cluster.kubectl("get", "configmap", "o", "-n", namespace, "-o", "name")
        undone = await client.call_tool("k8s_undo_change", {**change, "kubeContext": "there"})
        assert not undone.is_error, text(undone)

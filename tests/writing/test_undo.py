"""Whatever was changed can be put back, and nothing of what others did since is lost by it: against a real API server.

Objects are looked at, and others' changes are made, by the test bed's own requests.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import Apps
from pytest_mcp_kubernetes.static import Static
from tests.writing.comparing import merged, told
from tests.writing.definitions import define, undefine
from tests.writing.kinds import KINDS
from tests.writing.undoing import CHANGED_SINCE, LABELS, Bench, Edit, edits
from tests.writing.watched import change_id

if TYPE_CHECKING:
    from mcp import Client

    from tests.cluster import Cluster

_seeded = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
"""The seed is the test's own name, so that a failure stays one."""

few, fewer = settings(_seeded, max_examples=3), settings(_seeded, max_examples=2)
"""Fewer where each example makes several requests more."""


@pytest.fixture(scope="module")
def _defined(cluster: Cluster) -> Iterator[None]:
    define(cluster)
    yield
    undefine(cluster)


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
    assert bench.get(name)["metadata"]["labels"] == {**LABELS, "a": "2"}


@each_kind
async def test_an_object_that_took_the_place_of_the_changed_one_is_left_alone(bench: Bench) -> None:
    bench.made(name := bench.new_name())
    change = await bench.edit(name, Edit(way="merge", patch={"metadata": {"labels": {"a": "2"}}}))
    assert change
    since = bench.replace(name, labels={**LABELS, "a": "2"})
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

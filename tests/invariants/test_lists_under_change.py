"""Invariant 10, while others write: what existed from the first page to the last is seen exactly once."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcp_kubernetes_resources
from mcp_kubernetes import App, Identity
from pytest_mcp_kubernetes.static import Static
from tests.cluster import own
from tests.invariants.lists import BY_NAMESPACE, CURSOR, OVER_ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mcp_kubernetes.spi import Outcome
    from tests.cluster import Cluster

SPACES = ("churn-a", "churn-b", "churn-c")
STAYING = 8
KEPT = 'object.spec.containers[0].image == "a:1"'


class Reader:
    """Asks one app for the pods of our namespaces, and writes between the pages."""

    def __init__(self, runner: asyncio.Runner, app: App, cluster: Cluster) -> None:
        self._runner = runner
        self._app = app
        self.cluster = cluster

    def ask(self, **arguments: Any) -> Outcome:
        given = {"resourceType": "pods", "allNamespaces": True, "labelSelector": "churn=here"} | arguments
        given = {name: value for name, value in given.items() if value is not None}
        return self._runner.run(self._app.call("k8s_list_resources", given, identity=Identity.local(), session=None))

    def names(self, between: Callable[[], None], **question: Any) -> list[str]:
        """The names on all pages, in the order in which they came."""
        found: list[str] = []
        cursor: str | None = None
        for _ in range(200):
            page = self.ask(**question, **{"continue": cursor})
            assert not page.is_error, page.blocks
            found += re.findall(r"\bpod-[\w-]+", page.blocks[0]) if not page.blocks[0].startswith("note: ") else []
            more = CURSOR.search("\n".join(page.blocks))
            if more is None:
                return found
            cursor = more[1]
            between()
        raise AssertionError("the pages have no end")


@pytest.fixture(scope="module")
def changing(cluster: Cluster) -> Iterator[Cluster]:
    """An API server with objects that stay."""
    with own(cluster) as mine:
        for space in SPACES:
            mine.api.ensure("/api/v1/namespaces", {"metadata": {"name": space}})
            # Without controllers nobody else makes the account without which there are no pods.
            mine.api.ensure(f"/api/v1/namespaces/{space}/serviceaccounts", {"metadata": {"name": "default"}})
            for number in range(STAYING):
                _write(mine, space, f"pod-{space}-{number}0")
        yield mine


@pytest.fixture(scope="module", params=[BY_NAMESPACE, OVER_ALL], ids=["by namespace", "over all"])
def reader(request: pytest.FixtureRequest, changing: Cluster) -> Iterator[Reader]:
    app = App.of(request.param, plugins={"resources": mcp_kubernetes_resources, "static": Static(changing.kubeconfig)})
    with asyncio.Runner() as runner:
        runner.run(app.__aenter__())
        yield Reader(runner, app, changing)
        runner.run(app.__aexit__())


def _write(cluster: Cluster, space: str, name: str) -> None:
    spec = {"containers": [{"name": "a", "image": "a:1"}], "automountServiceAccountToken": False}
    body = {"metadata": {"name": name, "labels": {"churn": "here"}}, "spec": spec}
    cluster.api.ensure(f"/api/v1/namespaces/{space}/pods", body)


class Churn:
    """Creates and deletes objects between two pages, as told, and records what was never there throughout."""

    def __init__(self, cluster: Cluster, steps: list[tuple[str, int]]) -> None:
        self.cluster = cluster
        self.steps = list(steps)
        self.there: set[tuple[str, str]] = set()
        self.touched: set[str] = set()

    def __call__(self) -> None:
        for space, number in self.steps[:2]:
            name = f"pod-{space}-{number}5"
            self.touched.add(name)
            if (space, name) in self.there:
                self._delete(space, name)
            else:
                _write(self.cluster, space, name)
                self.there.add((space, name))
        self.steps = self.steps[2:]

    def _delete(self, space: str, name: str) -> None:
        self.cluster.api.delete(f"/api/v1/namespaces/{space}/pods/{name}")
        self.there.discard((space, name))

    def clear(self) -> None:
        for space, name in list(self.there):
            self._delete(space, name)


@settings(derandomize=True, max_examples=8, deadline=None)
@given(
    before=st.lists(st.tuples(st.sampled_from(SPACES), st.integers(0, STAYING)), unique=True, max_size=4),
    steps=st.lists(st.tuples(st.sampled_from(SPACES), st.integers(0, STAYING)), min_size=4, max_size=12),
    limit=st.integers(1, 9),
    more=st.sampled_from(
        [
            {},
            {"output": "name"},
            {"columns": "NAME:.metadata.name"},
            {"where": KEPT},
            {"where": KEPT, "columns": "NAME:.metadata.name"},
        ]
    ),
)
def test_what_exists_throughout_is_seen_once_while_others_come_and_go(
    reader: Reader, before: list[tuple[str, int]], steps: list[tuple[str, int]], limit: int, more: dict[str, str]
) -> None:
    churn = Churn(reader.cluster, steps)
    for space, number in before:
        _write(reader.cluster, space, f"pod-{space}-{number}5")
        churn.there.add((space, f"pod-{space}-{number}5"))
    start = {name for _, name in churn.there}
    try:
        found = reader.names(churn, limit=limit, **more)
    finally:
        churn.clear()
    throughout = {f"pod-{space}-{number}0" for space in SPACES for number in range(STAYING)} | (start - churn.touched)
    assert len(found) == len(set(found)), "an object was seen twice"
    assert throughout <= set(found)
    assert set(found) <= throughout | start | churn.touched

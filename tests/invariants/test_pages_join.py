"""Invariant 10: the pages of a list, put together, are the list, whichever way it was read."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mcp_kubernetes_resources
from mcp_kubernetes import App, Identity
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.invariants.probes import Witness, wait_until_allowed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mcp_kubernetes.spi import Outcome
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

from tests.invariants.lists import BY_NAMESPACE, CURSOR, NAMESPACES, OVER_ALL, ROOMY


def _notes(outcome: Outcome) -> str:
    return next((block for block in outcome.blocks if block.startswith("note: ")), "")


def _rows(outcome: Outcome) -> list[str]:
    """The rows of a table, without its header."""
    return outcome.blocks[0].splitlines()[1:] if not outcome.blocks[0].startswith("note: ") else []


def _names(outcome: Outcome) -> list[str]:
    """The names of whole objects."""
    return re.findall(r"(?m)\bname(?:\": ?\"|: )(cm-[0-9y]+)", outcome.blocks[0])


class Reader:
    """One app on one event loop, for tests that ask it many things."""

    def __init__(self, runner: asyncio.Runner, app: App) -> None:
        self._runner = runner
        self._app = app

    def ask(self, **arguments: Any) -> Outcome:
        """One call of `k8s_list_resources` for config maps."""
        given = {"resourceType": "configmaps"} | {name: value for name, value in arguments.items() if value is not None}
        call = self._app.call("k8s_list_resources", given, identity=Identity.local(), session=None)
        outcome = self._runner.run(call)
        assert not outcome.is_error, outcome.blocks
        return outcome

    def pages(self, sizes: Sequence[dict[str, Any]], **question: Any) -> list[Outcome]:
        """All pages; `sizes` are the limits of the pages, over and over."""
        pages: list[Outcome] = []
        cursor = None
        while not pages or cursor:
            assert len(pages) < 400, "the pages have no end"
            pages.append(self.ask(**question, **sizes[len(pages) % len(sizes)], **{"continue": cursor}))
            found = CURSOR.search(_notes(pages[-1]))
            cursor = found[1] if found else None
        return pages


@pytest.fixture(scope="module", params=[BY_NAMESPACE, OVER_ALL], ids=["by namespace", "over all"])
def reader(request: pytest.FixtureRequest, filled: Cluster) -> Iterator[Reader]:
    app = App.of(request.param, plugins={"resources": mcp_kubernetes_resources, "static": Static(filled.kubeconfig)})
    with asyncio.Runner() as runner:
        runner.run(app.__aenter__())
        yield Reader(runner, app)
        runner.run(app.__aexit__())


SIZES = st.lists(
    st.fixed_dictionaries(
        {"limit": st.none() | st.integers(1, 30) | st.just(700), "maxBytes": st.integers(1_024, 4_000) | st.just(ROOMY)}
    ),
    min_size=1,
    max_size=4,
)
SCOPES = st.sampled_from([{"namespace": "b"}, {"allNamespaces": True}])
ONE_BY_ONE = [{"limit": 1, "maxBytes": 1_024}]
FIRST_ALL_THEN_FEW = [{"limit": None, "maxBytes": 30_000}, {"limit": 3, "maxBytes": 1_024}]


@settings(derandomize=True, max_examples=25, deadline=None)
@given(sizes=SIZES, scope=SCOPES, selector=st.sampled_from([None, "parity=odd"]))
@example(sizes=ONE_BY_ONE, scope={"allNamespaces": True}, selector=None)
@example(sizes=FIRST_ALL_THEN_FEW, scope={"allNamespaces": True}, selector=None)
@pytest.mark.parametrize("output", ["table", "wide", "name"])
def test_all_pages_of_a_table_together_are_the_list(
    reader: Reader, output: str, sizes: list[dict[str, Any]], scope: dict[str, Any], selector: str | None
) -> None:
    question = {"output": output, "labelSelector": selector, **scope}
    whole = reader.ask(**question, maxBytes=ROOMY)
    assert "continue=" not in _notes(whole)
    pages = reader.pages(sizes, **question)
    assert [_without_age(row) for page in pages for row in _rows(page)] == [_without_age(row) for row in _rows(whole)]


@settings(derandomize=True, max_examples=15, deadline=None)
@given(sizes=SIZES, scope=SCOPES)
@example(sizes=ONE_BY_ONE, scope={"allNamespaces": True})
@pytest.mark.parametrize("output", ["yaml", "json"])
def test_all_pages_of_objects_together_are_the_list(
    reader: Reader, output: str, sizes: list[dict[str, Any]], scope: dict[str, Any]
) -> None:
    whole = reader.ask(output=output, maxBytes=ROOMY, **scope)
    pages = reader.pages(sizes, output=output, **scope)
    assert [name for page in pages for name in _names(page)] == _names(whole)
    assert len(_names(whole)) == (60 if "namespace" in scope else sum(NAMESPACES.values()))


WHERES = st.sampled_from(
    [
        "true",
        "false",
        'object.metadata.labels.parity == "odd"',
        'has(object.data.key3) || object.metadata.name.startsWith("cm-59")',
        'object.data.key1 == "v"',
    ]
)
COLUMNS = "SPACE:.metadata.namespace,NAME:.metadata.name,KEYS:.data.key2"
COUNTED = re.compile(r"(\d+) of the (\d+) objects that were looked at match where.*the list was (not )?read")


@settings(derandomize=True, max_examples=25, deadline=None)
@given(sizes=SIZES, scope=SCOPES, where=WHERES, columns=st.sampled_from([None, COLUMNS]))
@example(sizes=ONE_BY_ONE, scope={"allNamespaces": True}, where='object.data.key1 == "v"', columns=COLUMNS)
@example(sizes=ONE_BY_ONE, scope={"allNamespaces": True}, where="true", columns=None)
def test_all_pages_under_an_expression_together_are_what_matches(
    reader: Reader, sizes: list[dict[str, Any]], scope: dict[str, Any], where: str, columns: str | None
) -> None:
    question = {"where": where, "columns": columns, **scope}
    whole = reader.ask(**question, maxBytes=ROOMY)
    rows = [_without_age(row) for row in _rows(whole)]
    everything = [_without_age(row) for row in _rows(reader.ask(columns=columns, **scope, maxBytes=ROOMY))]
    assert set(rows) <= set(everything)
    assert _counted(whole) == (len(rows), len(everything), True)
    pages = reader.pages(sizes, **question)
    assert [_without_age(row) for page in pages for row in _rows(page)] == rows
    for page, size in zip(pages, sizes * len(pages), strict=False):
        assert len(_rows(page)) <= (size["limit"] or ROOMY)
    # A page cut by its budget has looked at one row more than it shows.
    assert (
        sum(_counted(page)[1] for page in pages) - len(pages)
        < len(everything)
        <= sum(_counted(page)[1] for page in pages)
    )
    assert [_counted(page)[2] for page in pages] == [False] * (len(pages) - 1) + [True]


def _counted(outcome: Outcome) -> tuple[int, int, bool]:
    """What the notes say: objects that match, objects that were looked at, whether that was all of the list."""
    found = COUNTED.search(_notes(outcome))
    assert found, outcome.blocks
    return int(found[1]), int(found[2]), not found[3]


def _without_age(row: str) -> str:
    """A second may pass between two answers."""
    return re.sub(r"\t\d+[smh]\S*$", "", row)


async def test_both_ways_to_list_all_namespaces_give_the_server_s_own_order(app: Apps, filled: Cluster) -> None:
    listed: list[list[str]] = []
    ways = []
    for way in (BY_NAMESPACE, OVER_ALL):
        witness = Witness.of(filled)
        async with app({"resources": mcp_kubernetes_resources, "static": Static(witness.kubeconfig)}, way) as client:
            asked = {"resourceType": "configmaps", "allNamespaces": True, "output": "name", "maxBytes": ROOMY}
            listed.append(text(await client.call_tool("k8s_list_resources", asked)).split("\nnote:")[0].splitlines())
        ways.append({re.findall(r"includeObject=(\w+)", uri)[0] for _, uri in witness.asked() if "Object=" in uri})
    items = filled.api.get("/api/v1/configmaps")["items"]
    expected = [f"{item['metadata']['namespace']}\t{item['metadata']['name']}" for item in items]
    assert ways == [{"None"}, {"Metadata"}]
    assert listed[0] == listed[1] == ["NAMESPACE\tNAME", *expected]


@pytest.mark.parametrize("grants", ["namespaces,configmaps", "configmaps"], ids=["may list", "may not list"])
async def test_who_may_not_list_namespaces_sees_the_same_rows(app: Apps, filled: Cluster, grants: str) -> None:
    witness = Witness.of(filled, groups=())
    filled.kubectl("create", "clusterrole", witness.name, "--verb=list", f"--resource={grants}")
    filled.kubectl(
        "create", "clusterrolebinding", witness.name, f"--clusterrole={witness.name}", f"--user={witness.name}"
    )
    for resource in grants.split(","):
        wait_until_allowed(filled, witness.name, "list", resource)
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(witness.kubeconfig)}
    async with app(plugins, BY_NAMESPACE) as client:
        asked = {"resourceType": "configmaps", "allNamespaces": True, "maxBytes": ROOMY}
        answer = await client.call_tool("k8s_list_resources", asked)
    assert not answer.is_error
    assert text(answer).count("\tcm-") == sum(NAMESPACES.values())

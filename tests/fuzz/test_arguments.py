"""Whatever arguments a tool gets, the answer is a result or a sentence; the seed is fixed, so a failure stays one.

Changes are only tried: nothing that a fuzzer thinks up may happen to a cluster that others test with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mcp_kubernetes_cluster
import mcp_kubernetes_resources
from mcp_kubernetes import App
from mcp_kubernetes_contexts import Contexts
from mcp_kubernetes_contexts.tools import CONTEXT_TOOLS
from tests.fuzz.judging import Asker, asking

if TYPE_CHECKING:
    from tests.cluster import Cluster

EXAMPLES = 150
FEW_EXAMPLES = 20
"""Of a tool that takes next to nothing."""

TOOLS = sorted(
    tool.name
    for tool in (*mcp_kubernetes_resources.register_tools(), *mcp_kubernetes_cluster.register_tools(), *CONTEXT_TOOLS)
)

TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "\ud800",
        "\u202e",
        "a" * 100_000,
        "..",
        "%2e",
        "*",
        "pods",
        "default",
        "{name}",
        "note: x",
        "=,!",
    ]
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXTS, inside, max_size=3),
    max_leaves=6,
)
MANIFESTS = st.sampled_from(
    [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\ndata: {a: b}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n---\napiVersion: none/v1\nkind: None",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n",
        "a: &a [*a]",
        "- - -",
        "{",
    ]
)
PLAUSIBLE: Mapping[str, st.SearchStrategy[Any]] = {
    "resourceType": st.sampled_from(
        ["pods", "ns", "apps/v1/Deployment", "nodes", "secrets", "events", "widgets", "v1/"]
    ),
    "apiGroup": st.sampled_from(["", "apps", "apps/v1", "core", "v1", "none.example"]),
    "name": st.sampled_from(["default", "kube-root-ca.crt", "none", "A", "a,b"]),
    "namespace": st.sampled_from(["default", "kube-system", "none", "Default"]),
    "labelSelector": st.sampled_from(["a=b", "a in (b,c)", "!a", "a==", "=", "a in (b", "((", "a=b,"]),
    "fieldSelector": st.sampled_from(["metadata.name=default", "spec.x=1", "=", "metadata.name", "a=b=c"]),
    "limit": st.integers(-1, 600),
    "maxBytes": st.sampled_from([0, 1_023, 1_024, 4_000, 4_194_304, 4_194_305]),
    "continue": st.sampled_from(["", "x", "AAAA" * 20, "é", "=" * 8_001]),
    "contextName": st.sampled_from(["admin", "", "none"]),
    "eventsLimit": st.integers(-1, 1_001),
    "fields": st.sampled_from([".status", ".spec,.metadata.uid", ".a[", ",", "..", ".metadata.labels['a,b']", "a=b"]),
    "object": st.sampled_from(["pod/web", "web", "/", "a/b/c", "apps/v1/Deployment/web", "none/x", "pod/a,b=c"]),
    "manifest": MANIFESTS | st.sampled_from([{"kind": "ConfigMap"}, [], [[]], {"apiVersion": "v1", "kind": "List"}]),
    "patch": st.sampled_from(['{"data":{"a":"1"}}', "a: [", "[]", '[{"op":"remove","path":"/none"}]', {"a": None}]),
    "subresource": st.sampled_from(["", "status", "scale", "exec", "../x"]),
    "replicas": st.integers(-1, 3),
    "gracePeriodSeconds": st.integers(-1, 1),
    "uid": st.sampled_from(["", "x", "é"]),
    "confirm": st.sampled_from(["default", "kube-root-ca.crt", "1"]),
    "changeId": st.sampled_from(["", "a" * 13, "../x"]),
    "waitSeconds": st.sampled_from([-1, 0]),
    "verbs": st.sampled_from(["", "list", "list, watch", ",", "none"]),
    "search": st.sampled_from(["", "po", "APPS", "*"]),
    "checks": st.lists(
        st.fixed_dictionaries(
            {
                "verb": st.sampled_from(["get", "*", "no"]),
                "resource": st.sampled_from(["po", "/x", "pods/log", "/", "a/b"]),
            },
            optional={"namespace": st.sampled_from(["*", "default", "A"]), "name": TEXTS, "subresource": TEXTS},
        ),
        max_size=3,
    ),
    "since": st.sampled_from(["10m", "1d2h", "0s", "99999d", "m", "-1h", "1 h"]),
}


def _arguments(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Mostly what the tool knows, with values that it may take or not; sometimes anything at all."""
    known = {name: _value(name, field) for name, field in schema["properties"].items()}
    required = {name: known.pop(name) for name in schema.get("required", ())}
    fitting = st.fixed_dictionaries(required, optional=known)
    return fitting | fitting | st.builds(lambda a, b: {**a, **b}, fitting, st.dictionaries(TEXTS, JUNK, max_size=2))


def _value(name: str, field: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    likely = st.sampled_from(field["enum"]) if "enum" in field else PLAUSIBLE.get(name, st.booleans())
    return st.integers(0, 9).flatmap(lambda dice: JUNK if dice == 0 else likely)


@pytest.fixture(scope="module")
def asker(cluster: Cluster) -> Iterator[Asker]:
    given_settings: dict[str, dict[str, Any]] = {
        "contexts": {"kubeconfig": [str(cluster.kubeconfig)]},
        "kubernetes": {"qps_limit": 0},
        "safety": {"dry_run": True},
    }
    plugins = {"cluster": mcp_kubernetes_cluster, "resources": mcp_kubernetes_resources, "contexts": Contexts()}
    with asking(App.of(given_settings, plugins=plugins)) as made:
        yield made


@pytest.mark.parametrize("tool", TOOLS)
def test_every_answer_is_a_result_or_a_sentence(asker: Asker, tool: str) -> None:
    schema = next(known.schema for known in asker.app.visible_tools if known.name == tool)
    examples = EXAMPLES if len(schema["properties"]) > 2 else FEW_EXAMPLES

    @settings(derandomize=True, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(arguments=_arguments(schema))
    def ask(arguments: dict[str, Any]) -> None:
        asker.ask(tool, arguments)

    ask()


def test_the_run_knows_every_tool_and_has_values_for_real_parameters(asker: Asker) -> None:
    """A parameter that was renamed must not leave the run without values that reach the cluster."""
    parameters = {name for tool in asker.app.visible_tools for name in tool.schema["properties"]}
    assert set(PLAUSIBLE) <= parameters
    assert [tool.name for tool in asker.app.visible_tools] == TOOLS

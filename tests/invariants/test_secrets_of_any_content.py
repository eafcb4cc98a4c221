"""Invariant 4 for Secrets whatever they hold: generated ones are asked about in every way, and nothing comes out."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcp_kubernetes_resources
from mcp_kubernetes import App, Identity
from mcp_kubernetes_resources.addresses import OBJECTS
from pytest_mcp_kubernetes.static import Static
from tests.cluster import own
from tests.every_kind.questions import Question
from tests.invariants.planted import Planted, bearer, encoded, jwt, private_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster import Cluster

SPACE = "generated"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
CONTENTS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "lines": lambda value: f"user=a\npassword={value}\nx: {value}\n",
    "json": lambda value: json.dumps({"auths": {"registry.example": {"auth": value}}}),
    "json in json": lambda value: json.dumps(json.dumps([value])),
    "jwt": jwt,
    "header": bearer,
    "key": private_key,
    "encoded": encoded,
    "encoded twice": lambda value: encoded(encoded(value)),
    "a mask that goes on": lambda value: f"<masked: 3 bytes, 00000000>{value}",
    "a url": lambda value: f"amqp://a:{value}@mq.example/",
    "unseen": lambda value: f"\u202e{value}\x00\x1b[31m",
}
KEYS = st.from_regex(r"\A[a-zA-Z0-9._-]{1,24}\Z").filter(lambda key: not key.startswith("..") and key != ".")
TYPES = st.sampled_from(["Opaque", "example.com/own", "helm.sh/release.v1"])


@st.composite
def drawn(draw: st.DrawFn) -> dict[str, Any]:
    """A Secret, with the names of contents in the places of values."""
    content = st.sampled_from(sorted(CONTENTS))
    return {
        "type": draw(TYPES),
        "data": draw(st.dictionaries(KEYS, content, min_size=1, max_size=4)),
        "stringData": draw(st.dictionaries(KEYS, content, max_size=2)),
        "password": draw(content),
        "is_applied": draw(st.booleans()),
    }


def secret(name: str, shape: dict[str, Any], value: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": shape["type"],
        "data": {key: encoded(CONTENTS[content](value)) for key, content in shape["data"].items()},
        "stringData": {key: CONTENTS[content](value) for key, content in shape["stringData"].items()},
    }
    annotations = {"example.com/password": CONTENTS[shape["password"]](value)}
    if shape["is_applied"]:
        annotations[APPLIED] = json.dumps(body)
    body["metadata"]["annotations"] = annotations
    return body


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[Cluster]:
    with own(cluster) as mine:
        mine.api.ensure("/api/v1/namespaces", {"metadata": {"name": SPACE}})
        yield mine


class Reader:
    """An app that is asked from outside of its event loop."""

    def __init__(self, runner: asyncio.Runner, app: App) -> None:
        self._runner = runner
        self._app = app

    def ask(self, tool: str, arguments: dict[str, Any]) -> str:
        asked = {"resourceType": "secrets", "namespace": SPACE, **arguments}
        outcome = self._runner.run(self._app.call(tool, asked, identity=Identity.local(), session=None))
        assert not outcome.is_error, outcome.blocks
        return "\n".join(outcome.blocks)

    def read(self, name: str) -> str:
        uri = f"k8s://test/{SPACE}/secrets/{name}"
        return "\n".join(self._runner.run(self._app.resources.read(uri, Identity.local(), None)).blocks)

    def complete(self) -> str:
        given_ = {"namespace": SPACE, "kind": "secrets"}
        found = self._app.resources.complete(OBJECTS.uri, "name", "", given_, Identity.local(), None)
        return " ".join(self._runner.run(found).values)


@pytest.fixture(scope="module")
def reader(server: Cluster) -> Iterator[Reader]:
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(server.kubeconfig)}
    app = App.of({"kubernetes": {"qps_limit": 0}, "output": {"max_bytes": 1_000_000}}, plugins=plugins)
    with asyncio.Runner() as runner:
        runner.run(app.__aenter__())
        yield Reader(runner, app)
        runner.run(app.__aexit__())


def questions(name: str, key: str, value: str) -> Iterator[Question]:
    more: dict[str, Any]
    for output in ("table", "wide", "yaml", "json"):
        yield "k8s_list_resources", {"output": output}
    path = f".data['{key}']"
    yield "k8s_list_resources", {"columns": f"A:{path},B:.data,C:.metadata.annotations,D:..password"}
    for more in (
        {"countBy": f"A:{path}"},
        {"countBy": "A:.data"},
        {"sortBy": path},
        {"sortBy": ".metadata.annotations"},
    ):
        yield "k8s_list_resources", more
    for where in guesses(key, value):
        yield "k8s_list_resources", {"where": where, "columns": "N:.metadata.name"}
    for more in (
        {"full": True},
        {"output": "yaml", "full": True},
        {"maxBytes": 1_024},
        {"fields": f"{path},.metadata"},
    ):
        yield "k8s_get_resource", {"name": name, **more}
    yield "k8s_describe_resource", {"name": name}


def guesses(key: str, value: str) -> Iterator[str]:
    """Whether the value is what somebody thinks it is."""
    field = f'object.data["{key}"]'
    annotation = 'object.metadata.annotations["example.com/password"]'
    yield f'{field} == "{encoded(value)}" || {field}.startsWith("{encoded(value)[:4]}")'
    yield f'{annotation}.contains("{value[:6]}") || object.metadata.annotations["{APPLIED}"].contains("{value[:6]}")'


@settings(derandomize=True, max_examples=6, deadline=None)
@given(shapes=st.lists(drawn(), min_size=1, max_size=3))
def test_no_answer_about_a_secret_holds_any_of_its_values(
    server: Cluster, reader: Reader, shapes: list[dict[str, Any]]
) -> None:
    value = secrets.token_hex(24)
    planted = Planted((value,))
    path = f"/api/v1/namespaces/{SPACE}/secrets"
    names = [f"s-{number}-{secrets.token_hex(3)}" for number in range(len(shapes))]
    for name, shape in zip(names, shapes, strict=True):
        server.api.post(path, secret(name, shape, value))
    try:
        for question in questions(names[0], next(iter(shapes[0]["data"])), value):
            said = reader.ask(*question)
            assert planted.left_in(said) == [], question
            assert "where" not in question[1] or said.count("\n") == 0 or "0 of the " in said, question
        assert planted.left_in(reader.read(names[-1])) == []
        assert {*names} <= {*reader.complete().split()}
    finally:
        for name in names:
            server.api.delete(f"{path}/{name}")


def test_neither_order_nor_counts_tell_how_values_compare(server: Cluster, reader: Reader) -> None:
    """Sorted by their masks, a dozen values come in their own order once in 479 million times."""
    path = f"/api/v1/namespaces/{SPACE}/secrets"
    names = [f"ordered-{number:02d}" for number in range(12)]
    for number, name in enumerate(names):
        data = {"rising": encoded(f"{number:02d}-value"), "same": encoded("the same")}
        server.api.post(path, {"metadata": {"name": name, "labels": {"ordered": "yes"}}, "data": data})
    mine = {"labelSelector": "ordered=yes"}
    in_order = reader.ask("k8s_list_resources", {**mine, "sortBy": ".data.rising", "columns": "N:.metadata.name"})
    counted = reader.ask("k8s_list_resources", {**mine, "countBy": "A:.data.same"})
    for name in names:
        server.api.delete(f"{path}/{name}")
    found = in_order.splitlines()[1:13]
    assert sorted(found) == names
    assert found != names
    assert [line.split("\t")[0] for line in counted.splitlines()[1:13]] == ["1"] * 12

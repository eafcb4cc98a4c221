"""Invariant 5: a path segment comes from a validated name; `..`, `/`, `%` never reach a URL."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mcp_kubernetes_resources
from mcp_kubernetes.errors import Denied, InvalidArguments
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.guard import attributes
from mcp_kubernetes.kube.paths import UnparsablePath, parse, resource_path
from mcp_kubernetes.kube.wire.network import _escaped
from mcp_kubernetes_contexts import Contexts
from pytest_mcp_kubernetes.apps import text
from tests.invariants.probes import Witness

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

HOSTILE = {
    "parent": "..",
    "parent and more": "../x",
    "parents": "../../../nodes/n1/proxy",
    "two segments": "a/b",
    "escaped parent": "%2e%2e",
    "escaped slash": "a%2Fb",
    "doubly escaped slash": "a%252Fb",
    "escaped NUL": "a%00b",
    "here": ".",
    "empty": "",
    "blank": " ",
    "absolute": "/api/v1/secrets",
    "URL": "https://evil.example.com/",
    "authority": "//evil.example.com",
    "backslash": "..\\x",
    "query": "pods?watch=1",
    "fragment": "x#y",
    "parameters": "a;b",
    "ampersand": "a&dryRun=All",
    "fullwidth dots": "\uff0e\uff0e",
    "one-dot leaders": "\u2024\u2024",
    "division slash": "a\u2215b",
    "Cyrillic": "\u0440\u043eds",
    "zero width": "po\u200bds",
    "right to left": "po\u202eds",
    "newline": "a\nb",
    "header": "a\r\nX-Evil: 1",
    "trailing newline": "a\n",
    "NUL": "a\x00b",
    "escape": "a\x1b[31mb",
    "long": "x" * 300,
    "very long": "x" * 100_000,
    "shell": "$(id)",
    "template": "{namespace}",
    "format": "%s%n",
}
TARGETS: dict[str, dict[str, Any]] = {
    "k8s_list_resources": {"resourceType": "configmaps", "namespace": "default"},
    "k8s_list_events": {"namespace": "default"},
    "k8s_get_resource": {"resourceType": "configmaps", "namespace": "default", "name": "planted"},
    "k8s_describe_resource": {"resourceType": "configmaps", "namespace": "default", "name": "planted"},
}
FIELDS = ("name", "namespace", "resourceType", "apiGroup", "kubeContext")
CASES = [(tool, field) for tool in TARGETS for field in FIELDS if field != "name" or "name" in TARGETS[tool]]
MEANS_NOTHING = {("apiGroup", ""), ("apiGroup", " ")}
"""An empty group is as good as none."""

SAFE = re.compile(r"(/[A-Za-z0-9][-A-Za-z0-9_.:@]*)+\Z")
SEGMENTS = st.text(min_size=1, max_size=12) | st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?", fullmatch=True)
PIECES = st.sampled_from(
    ["..", ".", "", "%2e", "%", "a", "pods", "namespaces", "api", "v1", "apis", "watch", "proxy", "log", "\\", "#", "?"]
)


@pytest.mark.parametrize(("tool", "field"), CASES)
async def test_a_hostile_value_is_refused_and_reaches_no_url(
    app: Apps, cluster: Cluster, tmp_path: Path, tool: str, field: str
) -> None:
    witness = Witness.of(cluster)
    config = _two_contexts(witness.kubeconfig, tmp_path / "kubeconfig")
    plugins = {"resources": mcp_kubernetes_resources, "contexts": Contexts()}
    hostile = {kind: value for kind, value in HOSTILE.items() if (field, value) not in MEANS_NOTHING}
    async with app(plugins, {"contexts": {"kubeconfig": [str(config)]}}) as client:
        answers = {
            kind: await client.call_tool(tool, {**TARGETS[tool], field: value}) for kind, value in hostile.items()
        }
    assert [kind for kind, answer in answers.items() if not answer.is_error] == []
    assert {kind: text(answer) for kind, answer in answers.items() if not _is_fit(text(answer), hostile[kind])} == {}
    # Whether a kind may be suggested is asked; its name is then the server's own, whatever was typed.
    assert {asked for asked in witness.asked() if not asked[1].endswith("/selfsubjectaccessreviews")} == set()


def _is_fit(said: str, value: str) -> bool:
    """Short, without control characters, and never with a text that holds a line break."""
    readable = all(character.isprintable() or character == "\n" for character in said)
    return readable and len(said) < 2_000 and not ("\n" in value and value in said)


def _two_contexts(kubeconfig: Path, path: Path) -> Path:
    config = yaml.safe_load(kubeconfig.read_text("utf-8"))
    config["contexts"] += [{**config["contexts"][0], "name": "second"}]
    path.write_text(json.dumps(config), "utf-8")
    return path


@settings(derandomize=True, deadline=None)
@given(
    group=st.just("") | SEGMENTS,
    version=SEGMENTS,
    resource=SEGMENTS,
    namespace=st.none() | SEGMENTS,
    name=st.none() | SEGMENTS,
    subresource=st.just("") | SEGMENTS,
)
@example(group="", version="v1", resource="pods", namespace="..", name="p", subresource="log")
@example(group="", version="v1", resource="secrets", namespace="a/../b", name=None, subresource="")
@example(group="apps", version="v1", resource="deployments", namespace="n", name="d", subresource="scale")
def test_a_built_path_is_parsed_into_what_it_was_built_from_or_not_at_all(
    group: str, version: str, resource: str, namespace: str | None, name: str | None, subresource: str
) -> None:
    try:
        path = resource_path(
            group=group,
            version=version,
            resource=resource,
            namespace=namespace,
            name=name,
            subresource=subresource if name else "",
        )
    except InvalidArguments:
        return
    assert SAFE.match(path)
    assert _escaped(path) == path
    try:
        found = parse(path)
    except UnparsablePath:
        return
    if resource == "namespaces" and namespace is None and name is not None:
        return  # the one resource whose name is a namespace, so that a subresource may read as a resource
    if namespace is not None and resource in {"status", "finalize"}:
        return  # the subresources of a namespace
    assert (found.group, found.version, found.resource) == (group, version, resource)
    assert (found.namespace, found.name) == (namespace, name)
    assert found.subresource == (subresource if name else "")


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=6), min_size=1, max_size=9).map(lambda pieces: "/" + "/".join(pieces)))
@example("/api/v1/namespaces/default/pods/p/proxy/a//b")
@example("/api/v1/nodes/n/proxy/%2e%2e/x")
def test_no_path_is_accepted_that_a_server_could_read_in_another_way(path: str) -> None:
    try:
        found = attributes(Request(method="GET", path=path)).target
    except Denied:
        return
    own = path.removesuffix("/".join(("", *found.rest))) if found.rest else path
    assert SAFE.match(own)
    assert not {"%", "\\", "?", "#"} & set(path)
    assert not {".", ".."} & set(path.split("/"))
    assert unquote(_escaped(path)) == path


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_no_text_makes_the_parser_fail_in_another_way_than_it_says(path: str) -> None:
    for tried in (path, f"/api/v1/{path}", f"/apis/{path}", f"/api/v1/namespaces/{path}/pods"):
        with suppress(UnparsablePath):
            parse(tried)

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcp_kubernetes.effects import Effect
from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.manifest import ordered, read_manifests, read_patch
from mcp_kubernetes.parameters import ManifestText, PatchText
from mcp_kubernetes.tools import tool
from mcp_kubernetes.yaml_form import yaml_text
from tests.objects import POD, VALUES

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "planted-value"  # noqa: S105 - looked for in what is said
ONE: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
TWO: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "two"}}
BEFORE = f"# a comment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: one}}\n---\n# {SECRET}\n"


def said(manifest: Any, **options: Any) -> str:
    with pytest.raises(InvalidArguments) as caught:
        read_manifests(manifest, **options)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def said_of_patch(patch: Any, patch_type: Any) -> str:
    with pytest.raises(InvalidArguments) as caught:
        read_patch(patch, patch_type)
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("manifest", "positions"),
    [
        (ONE, [""]),
        (json.dumps(ONE), [""]),
        ([ONE], [""]),
        ([ONE, TWO], ["item 1", "item 2"]),
        (json.dumps([ONE, TWO]), ["item 1", "item 2"]),
        ({"apiVersion": "v1", "kind": "List", "items": [ONE, TWO]}, ["item 1", "item 2"]),
        (f"{yaml_text(ONE)}\n---\n---\n{yaml_text(TWO)}", ["document 1", "document 2"]),
        (
            f"{json.dumps({'kind': 'List', 'items': [ONE, TWO]})}\n---\n{yaml_text(POD)}",
            ["document 1, item 1", "document 1, item 2", "document 2"],
        ),
    ],
)
def test_an_object_is_called_by_where_it_stands_and_not_at_all_where_it_is_alone(
    manifest: Any, positions: list[str]
) -> None:
    assert [each.position for each in read_manifests(manifest)] == positions


def test_an_object_says_which_it_is() -> None:
    [deployment] = read_manifests("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n")
    assert (deployment.api_version, deployment.group, deployment.kind) == ("apps/v1", "apps", "Deployment")
    assert (deployment.name, deployment.namespace, deployment.generate_name) == ("web", "shop", None)
    [pod] = read_manifests({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-", "name": ""}})
    assert (pod.group, pod.name, pod.namespace, pod.generate_name) == ("", None, None, "web-")


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (BEFORE + f"a: {SECRET}\nb: [{SECRET}\n", "line 10, column 1 (document 2): did not find expected"),
        (BEFORE + f"a: {SECRET}: {SECRET}\n", "line 8, column 17 (document 2): mapping values"),
        (
            BEFORE + f"a: 1\n\n  # {SECRET}\n'a': {SECRET}\n",
            "line 11, column 1 (document 2): a key that is there already",
        ),
        (BEFORE + f'{{"a": 1,\n "a": "{SECRET}"}}\n', "line 9, column 2 (document 2): a key that is there already"),
        (BEFORE + f"a: {SECRET}\nb: *{SECRET}\n", "line 9, column 4 (document 2): an alias without its anchor"),
        (BEFORE + f"a: &{SECRET} [*{SECRET}]\n", "line 8, column 20 (document 2): an alias inside"),
        (BEFORE + f"a: !!int {SECRET}\n", "line 8, column 4 (document 2): a value that does not fit its tag"),
        (BEFORE + f"a: {SECRET}\nb: \x07\n", "line 9, column 4 (document 2): a character that YAML does not allow"),
        (BEFORE + f"? [{SECRET}]\n: a\n", "line 8, column 17 (document 2): a key that is no text"),
        (
            BEFORE + f"a: {SECRET}\n...\nb: 1\n",
            "line 10, column 1 (document 2): did not find expected <document start>",
        ),
        (BEFORE + f"a: {SECRET}\r---\rb: 1\n", "line 9, column 1 (document 2): more than one document"),
        (BEFORE + f"a: 1\n--- {SECRET}\n", "Line 9 of the manifest begins with --- and holds more"),
        (BEFORE + f"a: {SECRET}\nb: .inf\n", "holds a number that JSON cannot hold (document 2)"),
        ({"a": float("nan"), SECRET: SECRET}, "holds a number that JSON cannot hold."),
        ({"a": 10**400}, "holds a number that JSON cannot hold."),
        ({"a": {1: SECRET}}, "holds a key that is no text."),
        ({"a": b"x"}, "holds something that JSON cannot hold."),
        ({"a": f"{SECRET}\ud800"}, "holds half of a surrogate pair"),
        (f"a: {SECRET}\ud800", "holds half of a surrogate pair"),
    ],
)
def test_what_is_wrong_with_the_text_is_said_with_its_place_and_without_a_word_of_it(
    manifest: Any, sentence: str
) -> None:
    assert sentence in said(manifest)


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ("5", "Document 2 is no object."),
        (f"- {SECRET}", "Document 2, item 1 is no object."),
        ("kind: Pod", "Document 2 has no apiVersion."),
        ("apiVersion: v1\nmetadata: {name: x}", "Document 2 has no kind."),
        ("apiVersion: v1\nkind: ''", "Document 2 has no kind."),
        ("apiVersion: 1\nkind: Pod", "Document 2 needs a text as its apiVersion."),
        ("apiVersion: v1\nkind: on", "Document 2 needs a text as its kind."),
        ("apiVersion: v1\nkind: Pod", "Document 2 has no metadata.name."),
        ("apiVersion: v1\nkind: Pod\nmetadata: x", "Document 2 has a metadata that is no object."),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: 017}", "Document 2 needs a text as its metadata.name."),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: 5}", "a text as its metadata.namespace."),
        ("apiVersion: v1\nkind: Pod\nmetadata: {generateName: 5}", "a text as its metadata.generateName."),
        ("apiVersion: v1\nkind: List\nitems: x", "The items of document 2 are no list."),
        ("apiVersion: v1\nkind: List\nitems: [5]", "Document 2, item 1 is no object."),
        ("apiVersion: v1\nkind: List\nitems: [{metadata: {name: x}}]", "Document 2, item 1 has no kind."),
    ],
)
def test_what_an_object_lacks_is_said_of_that_object(second: str, sentence: str) -> None:
    assert sentence in said(f"{yaml_text(ONE)}\n---\n{second}\n")


@pytest.mark.parametrize("nothing", ["", " \n", "# nothing\n---\n---\nnull\n", "[]", [], {"kind": "List"}])
def test_nothing_at_all_is_an_error(nothing: Any) -> None:
    assert said(nothing).startswith("The manifest ")


def test_what_it_is_called_is_the_callers() -> None:
    assert said("", what="template").startswith("The template is empty.")


def test_a_generated_name_does_where_no_name_is_needed() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-"}}
    assert len(read_manifests([pod, pod])) == 2
    assert said([ONE, pod], named=True).startswith("Item 2 has no metadata.name.")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"apiVersion": "v2"}, True),
        ({"apiVersion": "apps/v1"}, False),
        ({"kind": "Secret"}, False),
        ({"metadata": {"name": "two"}}, False),
        ({"metadata": {"name": "one", "namespace": "shop"}}, False),
    ],
)
def test_one_object_may_not_stand_there_twice(change: dict[str, Any], same: bool) -> None:
    manifest = [ONE, TWO, {**ONE, **change}]
    if same:
        assert said(manifest).startswith("Item 1 and item 3 are the same object.")
    else:
        assert len(read_manifests(manifest)) == 3


def test_what_others_need_comes_first_and_what_stands_in_their_way_last() -> None:
    kinds = [
        "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
        "apps/v1 Deployment",
        "apiregistration.k8s.io/v1 APIService",
        "example.com/v1 Namespace",
        "apiextensions.k8s.io/v1 CustomResourceDefinition",
        "v1 ConfigMap",
        "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
        "v1 Namespace",
        "apiextensions.k8s.io/v1 CustomResourceDefinition",
    ]
    manifests = read_manifests(
        [
            {"apiVersion": each.split()[0], "kind": each.split()[1], "metadata": {"name": f"n{count}"}}
            for count, each in enumerate(kinds)
        ]
    )
    assert [each.name for each in ordered(manifests)] == ["n7", "n4", "n8", "n1", "n3", "n5", "n0", "n2", "n6"]


def test_no_place_shares_anything_with_another() -> None:
    text = "kind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: x, labels: &l {a: [b]}}}\n"
    given_labels = {"a": ["b"]}
    pods = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": n, "labels": given_labels}} for n in "xy"]
    for manifest in (text + "- {apiVersion: v1, kind: Pod, metadata: {name: z, labels: *l}}\n", pods):
        first, second = read_manifests(manifest)
        first.value["metadata"]["labels"]["a"].append("c")
        assert second.value["metadata"]["labels"] == {"a": ["b"]}
    assert given_labels == {"a": ["b"]}


def bomb(levels: int, of: str) -> str:
    """Each level is nine times the one before."""
    lines = (f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, levels))
    return "\n".join((f"l0: &l0 {of}", *lines))


HUGE = {
    "aliases": bomb(30, "[x]"),
    "aliases of a long text": bomb(4, "x" * 100_000),
    "aliases one inside the other": "a0: &a0 []\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 5_000)),
    "merges": "m0: &m0 {a: 1}\n"
    + "".join(f"m{n}: &m{n} {{<<: *m{n - 1}, k{n}: {{<<: *m{n - 1}}}}}\n" for n in range(1, 60)),
    "brackets": "[" * 200_000,
    "braces": "{" * 200_000,
    "JSON objects": '{"a":' * 200_000,
    "JSON lists": "[" * 200_000 + "]" * 200_000,
    "a deep value": json.loads("[" * 150 + "]" * 150),
    "dashes": "- " * 200_000,
    "questions": "? " * 200_000,
    "indentation": "".join(" " * n + "a:\n" for n in range(1_000)),
    "5 MB": "a: " + "x" * 5_000_000,
    "5 MB of value": {"a": "x" * 5_000_000},
    "3.2 MB in two bytes each": "a: " + "é" * 1_600_000,
}


@pytest.mark.parametrize("name", HUGE)
def test_what_is_too_large_or_too_deep_is_refused_soon(name: str) -> None:
    started = time.process_time()
    sentence = said(HUGE[name])
    assert any(word in sentence for word in ("deeply", "repeat too much", "bytes")), sentence
    assert time.process_time() - started < 20 * _costs_a_parse()


def test_aliases_may_add_a_mebibyte_and_deepen_what_they_stand_in() -> None:
    text = f"{yaml_text(ONE)}\ndata:\n  a: &a {'x' * 100_000}\n  b: [%s]\n"
    [found] = read_manifests(text % ", ".join(["*a"] * 10))
    assert found.value["data"]["b"] == ["x" * 100_000] * 10
    assert "repeat too much" in said(text % ", ".join(["*a"] * 11))
    assert "line 100, column 12 (document 1): collections nested too deeply" in said(
        "a0: &a0 []\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
    )


def _costs_a_parse() -> float:
    """What a text of 100 kB costs here: the measure of "soon"."""
    text = "\n---\n".join(yaml_text({**POD, "metadata": {"name": f"n{n}"}}) for n in range(15))
    started = time.process_time()
    read_manifests(text)
    return time.process_time() - started


def test_how_large_it_may_be_is_said() -> None:
    assert said("x" * 5_000_000) == (
        "The manifest has 5,000,000 bytes; the API server takes at most 3,145,728 in a request."
        " Send it in several calls."
    )


def as_kubectl_hands_it_on(value: Any) -> Any:
    """Numbers beyond 64 bits as floats, and whole floats as integers, digit by digit."""
    if isinstance(value, dict):
        return {key: as_kubectl_hands_it_on(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_kubectl_hands_it_on(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else float(value)
    return int(value) if value.is_integer() and abs(value) <= 2**53 else value


def _is_text(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _close(one: Any, other: Any) -> bool:
    """Equal, but for whole floats beyond 2^53, which Go writes with other digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_close, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return float(one) == float(other)
    return type(one) is type(other) and bool(one == other)


OBJECTS = VALUES.filter(_is_text)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(OBJECTS)
@example([1.0, -0.0, 1e20, 2.0**62, 2**63, -(2**63) - 1, 1e-7, {"a": "\x00\x7f\x85\u2028\ufeff😀"}, "017", "<<"])
def test_whatever_json_holds_means_the_same_as_value_as_json_and_as_our_yaml(value: Any) -> None:
    given_object = {**ONE, "data": value}
    wanted = as_kubectl_hands_it_on(value)
    ways = (given_object, json.dumps(given_object), json.dumps(given_object, ensure_ascii=False, indent="\t"))
    for manifest in (*ways, yaml_text(given_object)):
        [found] = read_manifests(manifest)
        assert _close(found.value["data"], wanted)


BREAKING = st.text(alphabet="ab01 \n\t\r:#-'\"\\,[]{}?&*!|>%@`~=<._+eé\u2028\ufeff\x00\ud800", max_size=60)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.text(max_size=40) | BREAKING | BREAKING.map(lambda text: f"{yaml_text(ONE)}\ndata: {text}"))
@example("- " * 99 + "*a")
@example('{"a": ' + "1" * 10_000 + "}")
@example("a: " + "1" * 10_000)
@example("a: 0x" + "f" * 10_000)
@example("&a a: *a\n*a : a")
def test_any_text_is_read_or_refused(text: str) -> None:
    readers: list[Callable[[str], Any]] = [read_manifests, lambda each: read_patch(each, "merge")]
    for read in readers:
        with suppress(InvalidArguments):
            json.dumps(read(text), default=lambda each: each.value, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("patch", "patch_type", "wanted"),
    [
        ("spec: {replicas: 017}", "merge", {"spec": {"replicas": 15}}),
        ('{"a": null}', "merge", {"a": None}),
        ({"a": {"$patch": "replace"}}, "strategic", {"a": {"$patch": "replace"}}),
        ({}, "merge", {}),
        ("- {op: remove, path: /a}", "json", [{"op": "remove", "path": "/a"}]),
        ([{"op": "test", "path": "", "value": None}], "json", [{"op": "test", "path": "", "value": None}]),
        ('[{"op":"move","from":"/a","path":"/b"}]', "json", [{"op": "move", "from": "/a", "path": "/b"}]),
    ],
)
def test_a_patch_is_read_from_text_and_value(patch: Any, patch_type: Any, wanted: Any) -> None:
    assert read_patch(patch, patch_type) == wanted


@pytest.mark.parametrize(
    ("patch", "patch_type", "sentence"),
    [
        ("", "merge", "The patch is empty."),
        ("a: 1\n---\nb: 1", "merge", "The patch has 2 documents."),
        ("a: [", "merge", "The patch is not valid YAML at line 2, column 1"),
        ([{"op": "remove", "path": "/a"}], "merge", "A merge patch is an object with the fields to change."),
        (SECRET, "strategic", "A strategic patch is an object with the fields to change."),
        ({"op": "remove", "path": "/a"}, "json", "A json patch is a list of operations"),
        ([SECRET], "json", "Operation 1 of the patch is no object with op and path."),
        ([{"op": "test", "path": "", "value": 1}, {"path": "/a"}], "json", "Operation 2 of the patch has no op."),
        (
            [{"op": SECRET}],
            "json",
            "Operation 1 of the patch has an op that is none of add, remove, replace, move, copy",
        ),
        ([{"op": ["add"], "path": "/a"}], "json", "Operation 1 of the patch has an op that is none of add"),
        ([{"op": "add", "value": SECRET}], "json", "Operation 1 of the patch has no path, which add needs."),
        ([{"op": "add", "path": "/a"}], "json", "Operation 1 of the patch has no value, which add needs."),
        ([{"op": "move", "path": "/a"}], "json", "Operation 1 of the patch has no from, which move needs."),
        ([{"op": "copy", "path": "/a", "from": "a"}], "json", "Operation 1 of the patch has a from that is no JSON"),
        ([{"op": "remove", "path": 5}], "json", "Operation 1 of the patch has a path that is no JSON Pointer"),
    ],
)
def test_what_is_wrong_with_a_patch_is_said(patch: Any, patch_type: Any, sentence: str) -> None:
    assert said_of_patch(patch, patch_type).startswith(sentence)


@tool(effect=Effect.READ, title="Try")
async def try_it(_call: Any, manifest: ManifestText, patch: PatchText) -> str:
    """Try."""
    return f"{manifest} {patch}"


def test_on_the_wire_it_is_declared_as_text_and_a_value_is_taken_too() -> None:
    properties = try_it.schema["properties"]
    assert {name: set(schema) for name, schema in properties.items()} == {
        name: {"type", "description"} for name in ("manifest", "patch")
    }
    assert {schema["type"] for schema in properties.values()} == {"string"}
    for value in ("a: 1", {"a": [1, 1.5, None, {"b": True}]}, [{"a": 1}]):
        assert try_it.validate({"manifest": value, "patch": value}).handler == {"manifest": value, "patch": value}


@pytest.mark.parametrize("value", [5, 1.5, True, None])
def test_anything_else_is_refused_in_one_sentence(value: Any) -> None:
    with pytest.raises(InvalidArguments) as caught:
        try_it.validate({"manifest": value, "patch": ""})
    assert str(caught.value) == "Invalid arguments: manifest: should be YAML or JSON text."

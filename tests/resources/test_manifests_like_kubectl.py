"""kubectl is the judge: what it makes of a manifest, we make of it, and where we refuse more, the table says so."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.manifest import read_manifests
from mcp_kubernetes.manifest.block_style import read_block_style

if TYPE_CHECKING:
    from tests.cluster import Cluster

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
ONE = HEAD % "one"
JSON = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"}%s}'

PLAIN = (
    *("22:22", "1:2:3.5", "017", "0o17", "0O17", "-017", "+017", "08", "0o8", "00", "0_7"),
    "0777777777777777777777777",
    *("0x1F", "0X1f", "-0x1F", "0xFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFF", "0x", "0b101", "0B11", "-0b11", "0b102"),
    *("1_000", "1__0", "1_", "_1", "+1_0", "1_0.5", ".5_0", "._5", ".5_", ".5__0", ".5e1_0", ".5e_1", "1e3", "1E3"),
    *("1e", "1e+3", "12e03", "1e-7", "1e21", "1e20"),
    *("1e400", "-1e400", "1e-400", ".5", "+.5", "-.5", ".5e3", ".", ".e5", "0.", "1.", "1.e2", "1.0", "1.10", "-0.0"),
    *("1.2.3", "10.0.0.1", "250m", "1Gi", "30s", "+", "-1", "-0", "+1", "--1", "0x1p-2", "5678e910", "1e1000000"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"),
    *("18446744073709551615", "18446744073709551616", "+18446744073709551615", "4611686018427387904.0", "1" * 400),
    *("9007199254740993", "9007199254740993.0", "123456789012345678901234567890", "0.1", "3.14159265358979323846"),
    *("y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "on", "On", "oN", "off", "OFF", "true", "True", "tRUE"),
    *("~", "null", "Null", "NULL", "nULL", "", "nil", "None", "nan", "NaN", "inf", "Infinity", "=", "<<"),
    *("2001-01-01", "2001-1-1", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "2026-11-24T05:20:02Z"),
    *("!!str 5", "!!str null", "!!str", '!!int "5"', "!!int 0x10", "!!float 1", "!!float 1.5", '!!float "1e3"'),
    *('!!bool "yes"', "!!bool n", '!!null ""', "!!null ~", "!!timestamp 2001-01-01", "!foo 5", "!!unknown 5", "! 5"),
    *('! "5"', "!!binary aGVsbG8=", '!!binary "aGVs\\nbG8="', "!!set {a, b}", "!!omap [a: 1]", "!foo {a: 017}"),
    *("!<tag:yaml.org,2002:str> 5", "!!python/none x", "!!merge <<"),
    *("'017'", '"017"', "'it''s'", '"\\x41\\u00e9\\U0001F600\\n\\t\\0\\e"', '"a\\\n    b"', '"a\n\n  b"', "a\n   b"),
    *("a#b", "a #b", "a:b", "http://x/y?z#w", "-a", "?a", ":a", "a,b", "a]b", "é 🙂"),
    *("[]", "{}", "[a, [b, 1.0], {c: 017}]", "{a: 1, 'b': no}", '{"a":1}', "{a, b: }", "[a: 1, b]", "[1, ]"),
    "{a: [ ]}",
    *('{"a":017}', '{"a":true,"b":"\\n"}', "{a:1}", "{a: 1,\n   b: 2}", "[\ta,\t1]", "\ttab", "tab\t# comment"),
    *("|\n    a\n     b\n", "|-\n    a\n\n", "|+\n    a\n\n", ">\n    a\n    b\n\n    c\n", ">-\n    a\n     b\n"),
    "|2\n    a\n",
    *("|\n    # no comment\n", "|\n    a: 1\n    --- x\n", "|\n\n    a\n", "|\n", ">+\n    a\n\n"),
    *("{<<: {a: 1, b: 1}, b: 2}", "{b: 2, <<: {a: 1, b: 1}}", "{<<: [{a: 1}, {a: 2, b: 2}], c: 3}", "{'<<': {a: 1}}"),
    *("{x: &x {a: 1}, z: {<<: *x, b: 2}}", "{x: &x {a: 1}, z: {<<: [*x, {c: 1}]}}", "{<<: {a: 1}, <<: {a: 2, b: 1}}"),
    *("[&a 017, *a]", "[&a x, &a z, *a]", "{&k k: 1, v: *k}", "[&l [1], {a: *l}]", "{a: &e , b: *e}"),
    "[&k q, {*k : 1}]",
    *("{1: a}", "{017: a}", "{on: a}", "{no: a}", "{1.10: a}", "{1e6: a}", "{1.0: a}", "{0.1: a}", "{1.23456789: a}"),
    *("{123456.7: a}", "{1234567.5: a}", "{0.00001: a}", "{0.0001: a}", "{-2.5e-7: a}", "{16777217.0: a}"),
    "{-0.0: a}",
    *("{2001-01-01: a}", "{-5: a}", "{0x10: a}", "{'1': a}", "{!!str 1: a}", "{!!binary YQ==: b}"),
    "{18446744073709551616: a}",
    *("{? a : 1}", "{? a}", "{'a b': 1}", "{22:22: a}", "{.5: a}", "{'': a}", "{'null': a}", "{~a: b}"),
)

DOCUMENTS = {
    "comments and nothing": "# a licence\n---\n\n---\nnull\n---\n~\n---\n" + ONE + "---\n",
    "a comment after the line": "--- # first\n" + ONE + "---\t\n" + HEAD % "two",
    "blanks after the line": ONE + "---   \n" + HEAD % "two" + "---",
    "the end marked": ONE + "...\n---\n" + HEAD % "two" + "...\n",
    "carriage returns": (ONE + "data:\n  a: |\n    x\n    y\n---\n" + HEAD % "two").replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + ONE,
    "a byte order mark before the line": "\ufeff---\n" + ONE,
    "no line break at the end of a block": ONE + "data:\n  a: |\n    x",
    "no line break at the end of a kept block": ONE + "data:\n  a: |+\n    x",
    "indented separators": ONE + "data:\n  a: |\n    x\n    ---\n    y\n",
    "JSON": JSON % ',"data":{"a":1.0,"b":1e3,"c":"\\ud83d\\ude00","d":"22:22","e":"yes"}',
    "numbers in JSON": JSON % ',"data":[18446744073709551615,9223372036854775807,4611686018427387904.0,-0,1.5e300]',
    "what is no JSON and a text in YAML": JSON % ',"data":{"a":NaN,"b":Infinity}',
    "JSON one after the other": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"}}\n '
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two"}}',
    "JSON and then YAML": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"}}\n---\n' + HEAD % "two",
    "JSON in tabs": '{\n\t"apiVersion":"v1",\n\t"kind":"ConfigMap",\n\t"metadata":{"name":"one"}\n}',
    "braces that are no JSON": "{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: 017}}",
    "JSON but for a comma": JSON % ',"data":{"a":017,},',
    "a List": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}\n"
    "- {apiVersion: v1, kind: Secret, metadata: {name: two}}\n",
    "a typed list": "apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: one}}, {metadata: {name: two}}]\n",
    "anything with items": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n"
    "items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: one}}]\n",
    "an anchor in a List": "apiVersion: v1\nkind: List\nitems:\n"
    "- {apiVersion: v1, kind: ConfigMap, metadata: &m {name: one}}\n- {apiVersion: v1, kind: Secret, metadata: *m}\n",
}

REFUSED = {
    "a flow left open": ONE + "data: {a: [1",
    "a tab as indentation": ONE + "data:\n\ta: b\n",
    "two colons": ONE + "data: a: b\n",
    "a quote left open": ONE + 'data: {a: "b}\n',
    "an unknown anchor": ONE + "data: {a: *b}\n",
    "an anchor of another document": ONE + "data: {a: &x b}\n---\n" + HEAD % "two" + "data: {a: *x}\n",
    "an alias in itself": ONE + "data: &a {a: *a}\n",
    "an alias in its own renewal": ONE + "data: [&a x, &a [*a]]\n",
    "a null as key": ONE + "data: {null: a}\n",
    "a list as key": ONE + "data: {? [a] : b}\n",
    "a huge integer as key": ONE + "data: {18446744073709551615: b}\n",
    "infinity": ONE + "data: {a: .inf}\n",
    "not a number": ONE + "data: {a: -.INF}\n",
    "an integer that is none": ONE + "data: {a: !!int x}\n",
    "an integer with a fraction": ONE + "data: {a: !!int 1.0}\n",
    "a boolean that is none": ONE + "data: {a: !!bool 1}\n",
    "a float that is none": ONE + "data: {a: !!float x}\n",
    "a null that is none": ONE + "data: {a: !!null x}\n",
    "a date that is none": ONE + "data: {a: !!timestamp x}\n",
    "a binary that is none": ONE + "data: {a: !!binary '*'}\n",
    "a merge of a text": ONE + "data: {<<: a}\n",
    "a merge of a list of texts": ONE + "data: {<<: [a]}\n",
    "a number that is too large for JSON": JSON % ',"data":{"a":1e400}',
    "an integer that is too large for JSON": JSON % f',"data":{{"a":{"1" * 5_000}}}',
    "a directive of its own": "%YAML 1.1\n---\n" + ONE,
    "a directive without the line": "%YAML 1.1\n" + ONE,
    "a value that begins like a directive": ONE + "data: {a: %a b}\n",
    "a document on the line": "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}\n",
    "text at a line of dashes": ONE + "-----BEGIN\n",
    "items that are no list": "apiVersion: v1\nkind: List\nitems: 5\n",
    "an item without a kind": "apiVersion: v1\nkind: List\nitems: [{metadata: {name: one}}]\n",
    "an item with half of its type": "apiVersion: v1\nkind: PodList\nitems: [{apiVersion: v1, metadata: {name: x}}]\n",
    "an escape that is none": ONE + 'data: {a: "\\q"}\n',
    "half a pair in YAML": ONE + 'data: {a: "\\ud83d"}\n',
    "a pair in YAML": ONE + 'data: {a: "\\ud83d\\ude00"}\n',
    "a control character": ONE + "data: {a: \x01}\n",
    "no kind": "apiVersion: v1\nmetadata: {name: one}\n",
    "a scalar": "5\n",
    "a number as name": ONE.replace("one", "5"),
}

REFUSED_BY_US_ALONE = {
    "equal keys: kubectl takes the last": ONE + "data: {a: 1, a: 2}\n",
    "equal keys in JSON": JSON % ',"data":{"a":1,"a":2}',
    "keys that become equal: kubectl takes any": ONE + "data: {1: a, '1': b}\n",
    "a document after the end of one: kubectl forgets it": ONE + "...\n" + HEAD % "two",
    "bytes that are no text: kubectl changes them": ONE + "data: {a: !!binary /w==}\n",
    "half a pair in JSON: kubectl changes it": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\\ud83d"}}',
    "infinity as key": ONE + "data: {.inf: a}\n",
    "one object twice: kubectl shows both": ONE + "---\n" + ONE,
}

TAKEN_BY_US_ALONE = {
    "a slash with a backslash": ONE + 'data: {a: "\\/"}\n',
    "JSON after the first line of dashes": ONE
    + '---\n{"apiVersion":"v1","kind":"Secret","metadata":{"name":"\\ud83d\\ude00"}}',
    "a list of objects": "[{apiVersion: v1, kind: ConfigMap, metadata: {name: one}}]",
    "a List in a List": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n"
    "  - {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}\n",
}


def stream(output: str) -> list[Any]:
    """The JSON values that kubectl prints one after the other."""
    decoder, found, rest = json.JSONDecoder(), [], output.lstrip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].lstrip()
    return found


def shown(cluster: Cluster, manifest: str) -> list[Any]:
    arguments = ("--dry-run=client", "--validate=false", "-o", "json", "-f", "-")
    return stream(cluster.kubectl("create", *arguments, stdin=manifest))


def essence(value: Any) -> Any:
    """Without what kubectl adds when it creates."""
    metadata = {key: item for key, item in value["metadata"].items() if key != "namespace"}
    return {**value, "metadata": metadata}


def trap(number: int) -> str:
    return f"{HEAD % f't{number}'}data:\n  a: {PLAIN[number]}\n"


WRITTEN = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "one",
        "annotations": {
            "wrapped": "Back-off restarting failed container: and so many words that they do not fit on one line of 80",
            "plain": "Back-off restarting a container that failed, and so many words that they do not fit on one line",
            "escaped": "a\tb\x01 \ufeff 😀 and so many words more that they do not fit on one line of 80 characters",
            "lines": "a\n b\n\nc\n",
            "deeper": "  a\nb\n\n",
            **{f"t{number}": text for number, text in enumerate(PLAIN) if text.isprintable()},
        },
        "managedFields": [{"fieldsV1": {"f:spec": {".": {}, 'k:{"type":"Ready"}': {"f:x": {}}}}}],
    },
    "spec": {"containers": [{"name": "c", "args": [], "ports": [{"containerPort": 80}], "tty": None, "cpu": 0.5}]},
}


def test_what_kubectl_writes_is_read_without_the_strict_reader_and_means_what_it_was(cluster: Cluster) -> None:
    arguments = ("label", "--local", "--show-managed-fields", "-o", "yaml", "-f", "-", "a=b")
    written = cluster.kubectl(*arguments, stdin=json.dumps(WRITTEN))
    found = read_block_style(written)
    assert found["metadata"].pop("labels") == {"a": "b"}
    assert found == WRITTEN


@pytest.fixture(scope="module")
def by_kubectl(cluster: Cluster) -> dict[str, Any]:
    """All the values of the table, in one text: each kubectl costs a tenth of a second."""
    found = shown(cluster, "---\n".join(map(trap, range(len(PLAIN)))))
    return {value["metadata"]["name"]: value for value in found}


@pytest.mark.parametrize("number", range(len(PLAIN)), ids=[repr(text)[:40] for text in PLAIN])
def test_a_value_means_what_kubectl_takes_it_for(number: int, by_kubectl: dict[str, Any]) -> None:
    [ours] = read_manifests(trap(number))
    theirs = by_kubectl[f"t{number}"]["data"]
    assert typed(ours.value["data"]) == typed(theirs)


def typed(value: Any) -> Any:
    """True is 1 to Python and not to JSON; and integers beyond 64 bits are floats that Go writes without exponent."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    beyond = isinstance(value, int) and not -(2**63) <= value < 2**63
    return (isinstance(value, bool), float(value) if beyond else value)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_told_apart_as_kubectl_does(name: str, cluster: Cluster) -> None:
    ours = [essence(each.value) for each in read_manifests(DOCUMENTS[name])]
    assert ours
    assert typed(ours) == typed([essence(value) for value in shown(cluster, DOCUMENTS[name])])


@pytest.mark.parametrize("name", REFUSED)
def test_what_kubectl_refuses_is_refused(name: str, cluster: Cluster) -> None:
    with pytest.raises(InvalidArguments):
        read_manifests(REFUSED[name])
    with pytest.raises(subprocess.CalledProcessError):
        shown(cluster, REFUSED[name])


@pytest.mark.parametrize("name", REFUSED_BY_US_ALONE)
def test_where_kubectl_loses_something_without_a_word_it_is_refused(name: str, cluster: Cluster) -> None:
    with pytest.raises(InvalidArguments):
        read_manifests(REFUSED_BY_US_ALONE[name])
    assert shown(cluster, REFUSED_BY_US_ALONE[name])


@pytest.mark.parametrize("name", TAKEN_BY_US_ALONE)
def test_where_kubectl_has_no_reason_to_refuse_it_is_taken(name: str, cluster: Cluster) -> None:
    assert read_manifests(TAKEN_BY_US_ALONE[name])
    with pytest.raises(subprocess.CalledProcessError):
        shown(cluster, TAKEN_BY_US_ALONE[name])

"""`where`: what the language holds, what it does not, and that it costs no more than it may."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.kube.reads.expression import FUNCTIONS, LONGEST, Expression

POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {
        "name": "web-1",
        "labels": {"app": "web", "app.kubernetes.io/name": "b"},
        "creationTimestamp": "2026-01-02T03:04:05Z",
    },
    "spec": {
        "on": True,
        "nothing": None,
        "replicas": 3,
        "weight": 1.5,
        "containers": [
            {"name": "c", "image": "example/a:1.0", "ports": [{"containerPort": 80}]},
            {"name": "d", "image": "example/b:latest"},
        ],
    },
    "status": {"phase": "Running"},
}
RAW = json.dumps(POD).encode()


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("has(object.metadata.labels)", True),
        ("has(object.metadata.annotations)", False),
        ("has(object.metadata.labels.app) && object.metadata.labels.app == 'web'", True),
        ('"app" in object.metadata.labels', True),
        ('object.status.phase in ["Pending", "Failed"]', False),
        ("object.spec.replicas > 1", True),
        ("object.spec.replicas >= 4", False),
        ("object.spec.replicas > 1.5", True),
        ("object.spec.weight == 1.5", True),
        ("object.spec.replicas % 2 == 1", True),
        ("object.spec.nothing == null", True),
        ('object.metadata.name != "web-2"', True),
        ('object.metadata.labels["app.kubernetes.io/name"] == "b"', True),
        ('object.metadata.name.startsWith("web")', True),
        ('object.metadata.name.endsWith("-2")', False),
        ('object.metadata.name.contains("b-")', True),
        ('object.metadata.name.matches("^web-[0-9]+$")', True),
        ("object.metadata.name.size() == 5", True),
        ("size(object.spec.containers) == 2", True),
        ('object.spec.containers[1].image.endsWith(":latest")', True),
        ('object.spec.containers.all(c, c.image.startsWith("example/"))', True),
        ('object.spec.containers.exists(c, c.image.endsWith(":latest"))', True),
        ("object.spec.containers.exists_one(c, has(c.ports))", True),
        ("object.spec.containers.exists(c, has(c.ports) && c.ports.exists(p, p.containerPort == 443))", False),
        ("object.spec.containers.filter(c, has(c.ports)).size() == 1", True),
        ('object.spec.containers.map(c, c.name) == ["c", "d"]', True),
        ('object.metadata.labels.all(k, k.startsWith("app"))', True),
        ("object.spec.on ? object.spec.replicas == 3 : object.spec.none", True),
        ('timestamp(object.metadata.creationTimestamp) < timestamp("2026-02-01T00:00:00Z")', True),
        ('timestamp("2026-01-03T00:00:00Z") - timestamp(object.metadata.creationTimestamp) > duration("24h")', False),
        ("timestamp(object.metadata.creationTimestamp).getFullYear() == 2026", True),
        ('!(object.status.phase == "Failed")', True),
        ("object.spec.none == 1 || object.spec.on", True),
        ("object.spec.on || object.spec.none == 1", True),
        ("object.spec.none == 1 && false", False),
        ("int(object.spec.weight) == 1 && string(object.spec.replicas) == '3'", True),
        ("type(object.spec.replicas) == int", True),
        ('"loop.all(x, y).all(z, ((((" != object.kind', True),
    ],
)
def test_an_expression_over_an_object(text: str, verdict: bool) -> None:
    assert Expression(text).matches(RAW) is verdict


@pytest.mark.parametrize(
    "text",
    [
        "object.none.deeper == 1",
        "has(object.none.deeper)",
        "object.spec.none == 1 || object.spec.replicas > 5",
        "object.spec.on && object.spec.none",
        "object.metadata.name > 3",
        "object.metadata.name + 1 == ''",
        "!object.spec.replicas",
        "object.spec.containers[9].name == 'c'",
        "object.spec.replicas / 0 == 1",
        "object.spec.replicas + 9223372036854775807 > 0",
        "object.spec.containers.startsWith('a')",
        "timestamp(object.metadata.name) < timestamp('2026-02-01T00:00:00Z')",
        "'x'.matches(object.metadata.labels.app + '(')",
    ],
)
def test_an_absent_field_or_one_of_another_type_makes_no_verdict(text: str) -> None:
    assert Expression(text).matches(RAW) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("object.status.phase = 'x'", "what stands at character 21 is not expected there"),
        ("object.status.phase == 'x' and true", "what stands at character 28 is not expected there"),
        ("object.status.phase ==", "ends at character 23"),
        ("(object.status.phase == 'x'", "at character 28 a closing bracket is missing"),
        ("object.a == 1 &&\n  object.b = 1", "what stands at character 12 of line 2 is not expected"),
        ("object.kind == 'x", "what stands at character 16"),
        ("has(object)", "has\\(\\) at character 5 takes a field"),
        ("object.a.all(1, true)", "the loop at character 14 takes a name first"),
        ("object.a == 99999999999999999999", "the number at character 13 is too large"),
        (r"object.a == '\ud800'", "the text at character 13 has an escape"),
        ("((" * 100, "neither|cannot be read|ends at|too deep"),
        ("nosuch == 1", "nosuch is not known"),
        ("self.a == 1", "self is not known"),
        ("nosuch(object.a)", "nosuch is not known"),
        ("object.a.nosuch()", "nosuch is not known"),
        ("object.a.all(c, d)", "d is not known"),
        ("object.a.all(i, c, c == 1)", "all is not known, or not with such arguments"),
        ("size() == 1", "given what it does not take"),
        ("object.spec", "neither true nor false|cannot"),
        ("1", "neither true nor false"),
        ("object.a.matches('(')", "the text given to matches cannot be read"),
        ("timestamp('soon') < timestamp('later')", "the text given to timestamp cannot be read"),
        ("duration('long') == duration('1s')", "the text given to duration cannot be read"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_place(text: str, why: str) -> None:
    with pytest.raises(InvalidArguments, match=f"^where cannot be used: .*{why}") as caught:
        assert Expression(text).matches(RAW) is None
    assert "\n" not in str(caught.value)


NOT_SUPPORTED = [
    'quantity("1Gi").isGreaterThan(quantity("1Mi"))',
    "object.spec.?none.orValue(1) == 1",
    "object[?'spec'].hasValue()",
    "optional.of(1).hasValue()",
    "object.metadata.name.lowerAscii() == 'x'",
    "object.metadata.name.upperAscii() == 'x'",
    "object.metadata.name.split('-')[0] == 'web'",
    "object.metadata.name.replace('a', 'b') == 'x'",
    "object.metadata.name.substring(0, 3) == 'web'",
    "object.metadata.name.indexOf('-') == 3",
    "object.metadata.name.trim() == ''",
    "['a'].join(',') == 'a'",
    "'%s'.format([1]) == '1'",
    "object.metadata.name.find('[a-z]+') == 'web'",
    "[1, 2].sum() == 3",
    "[1, 2].isSorted()",
    "[1, 2].min() == 1",
    "sets.contains([1], [1])",
    "math.greatest(1, 2) == 2",
    "cel.bind(x, 1, x == 1)",
    "url('https://example.com').getHost() == ''",
    "ip('192.0.2.1').family() == 4",
    "cidr('192.0.2.0/24').containsIP('192.0.2.1')",
    "semver('1.2.3').major() == 1",
    "authorizer.path('/').check('get').allowed()",
    "oldObject.spec == object.spec",
    "request.userInfo.username == ''",
    "now() > timestamp('2026-01-01T00:00:00Z')",
    "bool('true')",
    "object.`a-b` == 1",
    "true // a comment",
    "r'a' == 'a'",
    "b'a' == b'a'",
    "'''a''' == 'a'",
]
"""What ValidatingAdmissionPolicy, or the language, has and `where` has not."""


@pytest.mark.parametrize("text", NOT_SUPPORTED)
def test_what_is_not_supported_is_said_before_any_object_is_looked_at(text: str) -> None:
    with pytest.raises(InvalidArguments, match=r"is not known|not supported"):
        Expression(text)


@pytest.mark.parametrize(
    "text", ['object.a == "b"', 'object.a == "xb" && "r" != \'R\'', "'//' != object.a", 'object.a == ""']
)
def test_texts_that_only_look_like_what_is_not_supported_are_texts(text: str) -> None:
    Expression(text)


def test_an_expression_has_a_longest_length() -> None:
    longest = "true" + " " * (LONGEST - 4)
    assert Expression(longest).matches(RAW)
    with pytest.raises(InvalidArguments, match=f"longer than {LONGEST} characters"):
        Expression(longest + " ")


@pytest.mark.parametrize("loop", ["all", "exists", "exists_one", "filter", "map"])
@pytest.mark.parametrize("call", [".{}(", ". {} (", ".{}\n("])
def test_loops_are_nested_two_deep_at_most(loop: str, call: str) -> None:
    two = "object.a.all(b, b.all(c, c == 1))"
    three = f"object.a.all(b, b.all(c, c{call.format(loop)}d, d == 1)))"
    assert Expression(two).matches(b'{"a":[[1,1]]}')
    with pytest.raises(InvalidArguments, match="nested more than 2 deep"):
        Expression(three)


def test_loops_after_each_other_are_not_nested() -> None:
    text = "object.a.filter(x, x > 0).filter(x, x > 1).exists(x, x == 2) && (((object.a.all(x, x > 0))))"
    assert Expression(text).matches(b'{"a":[1,2]}')


def test_loops_over_too_much_make_no_verdict() -> None:
    every_pair = Expression("object.data.all(a, object.data.all(b, a != 'x' || b != 'y'))")
    few = {"data": {f"k{number}": "v" for number in range(50)}, "other": "x" * 100_000}
    assert every_pair.matches(json.dumps(few).encode()) is True
    many = {"data": {f"k{number}": "v" for number in range(5_000)}}
    assert every_pair.matches(json.dumps(many).encode()) is None
    assert Expression("object.data.all(a, a != 'x')").matches(json.dumps(many).encode()) is True


def test_constants_are_looped_over_as_little() -> None:
    numbers = ",".join("1" * 450)
    with pytest.raises(InvalidArguments, match="take too long"):
        Expression(f"[{numbers}].all(a, [1].all(b, 'a'.matches('a')))")


@pytest.mark.parametrize("pattern", [r"\\w{100}\\w{100}\\w{100}", r"(\\pL{50}){50}"])
def test_a_pattern_that_takes_long_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidArguments, match=r"takes too long|cannot be read"):
        Expression(f"object.a.matches('{pattern}')")


def test_an_object_that_is_nested_too_deep_makes_no_verdict() -> None:
    assert Expression("object.a.a == 1").matches(b'{"a":' * 5_000 + b"1" + b"}" * 5_000) is None


@pytest.mark.parametrize(
    "text",
    ["object" + ".a" * 400 + " == 1", "!" * 900 + "true", "(" * 400 + "true" + ")" * 400, "object" + "[0]" * 300],
)
def test_a_deep_expression_is_an_answer_or_a_sentence(text: str) -> None:
    with suppress(InvalidArguments):
        assert Expression(text).matches(RAW) in {True, False, None}


def test_every_function_that_is_named_exists() -> None:
    arguments = ("object.t", "'a'", "1", "'1h'", "1, 'a'")
    for name in FUNCTIONS:
        calls = [f"{name}({given})" for given in arguments]
        calls += [f"'a'.{name}('a')", f"timestamp(object.t).{name}()", f"object.t.{name}()"]
        assert any(_works(call) for call in calls), name


def _works(text: str) -> bool:
    try:
        cel.compile(text).execute({"object": {"t": "2026-01-01T00:00:00Z"}})
    except (RuntimeError, ValueError, TypeError):
        return False
    return True


LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"]) | st.floats(-2, 2)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c-d"]), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c-d"]), VALUES, max_size=3)
STEPS = st.sampled_from([".a", ".b", "['a']", '["c-d"]', "[0]", " . a", "\n.b", r"['\u0061']"])
CHAINS = st.lists(STEPS, min_size=1, max_size=4).map(lambda steps: "object" + "".join(steps))
LOOPS = st.sampled_from(["all", "exists", "exists_one"])
BODIES = st.sampled_from(
    [
        "x.a == 1",
        "has(x.b)",
        "x.a == x.b || x['c-d'] == 'a'",
        "x != null && 'x.b' != 'a'",
        "x == 'a'",
        "x in ['a', 'b']",
        "'a' in x.a && x[0].b == 1",
        "x.a.all(y, y == 1)",
        "x.exists(x, x.a == 1)",
        "object.a == x.a",
        "[x].exists(z, z.a == 1)",
        "{'k': x}.k.a == 1",
    ]
)
ATOMS = st.one_of(
    CHAINS.map(lambda chain: f"{chain} == 1"),
    CHAINS.map(lambda chain: f"{chain} == {{}}"),
    st.builds(lambda left, right: f"{left} == {right}", CHAINS, CHAINS),
    CHAINS.map(lambda chain: f"'a' in {chain}"),
    CHAINS.map(lambda chain: f"size({chain}) > 1"),
    CHAINS.map(lambda chain: f"{chain}.all(x, x.a == 1 || object.b == x)"),
    CHAINS.map(lambda chain: f"{chain}.exists(object, object.b == 1)"),
    CHAINS.map(lambda chain: f"{chain}.map(a, a.b).size() == 1"),
    st.builds(lambda chain, loop, body: f"{chain}.{loop}(x, {body})", CHAINS, LOOPS, BODIES),
    st.builds(
        lambda chain, loop, body: f"size({chain}.filter(x, {body})) > 0 || {chain}.{loop}(y, true)",
        CHAINS,
        LOOPS,
        BODIES,
    ),
    st.builds(lambda chain, body: f"{chain}.map(x, {body}, x.a) == [1]", CHAINS, BODIES),
    st.sampled_from(["object == {'a': 1}", "'object.b' == object.a", "has(object.a)", "has(object.a.b)", "true"]),
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds(lambda left, sign, right: f"({left} {sign} {right})", inner, st.sampled_from(["&&", "||"]), inner)
        | inner.map(lambda text: f"!({text})")
    ),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "text",
    [
        "object.a.filter(x, x.a == 1)[0].b == 2",
        "object.a.all(x, true) && size(object.a.filter(y, true)) == 2",
        "object.a.exists(x, size(object.c) == 2)",
        "object.c.all(k, k != 'z') && size(object.c) == 2",
        "object.c.exists(k, k == 'd')",
        "object.a.map(x, x) == [{'a': 1, 'b': 2}, {'a': 3}]",
        "object.a.map(x, x.a == 1, x.b) == [2]",
        "object.a.exists(x, x.a == 1) && object.a.exists(x, has(x.b) && x.b == 2)",
        "object.a.exists(object, object.b == 2)",
        "object.a.exists(x, [x].exists(y, y.b == 2))",
        "object.a[0].b == 2 && object.a[1] == {'a': 3}",
        "object.e.exists(x, x.exists(y, y == 1))",
        "size(object.a) == 2 && object.a.exists(x, x.a == 1)",
        "object.a.exists_one(x, x . a == 1)",
    ],
)
def test_what_loops_read_of_their_items_is_decoded(text: str) -> None:
    value = {"a": [{"a": 1, "b": 2}, {"a": 3}], "c": {"d": 1, "e": 2}, "e": [[1], [2]]}
    assert Expression(text).matches(json.dumps(value).encode()) is True


@settings(derandomize=True, max_examples=500, deadline=None)
@given(value=OBJECTS, text=EXPRESSIONS)
def test_the_fields_that_are_decoded_give_the_verdict_of_the_whole_object(value: dict[str, Any], text: str) -> None:
    assert Expression(text).matches(json.dumps(value).encode()) is _over_all(text, value)


def _over_all(text: str, value: dict[str, Any]) -> bool | None:
    try:
        return bool(cel.compile(text).execute({"object": value}))
    except (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError):
        return None

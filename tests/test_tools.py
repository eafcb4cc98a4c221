"""From a typed async function to a tool."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from mcp_kubernetes import Effect, InvalidArguments, Page, Selectors, Text, Tool, ToolCall, tool
from mcp_kubernetes.tools import Parameter, ToolDefinitionError, page_of

if TYPE_CHECKING:
    from collections.abc import Callable

PLANTED = "planted-7f3a"


@dataclass(frozen=True)
class Window:
    """A group of parameters."""

    from_line: Annotated[int, Field(ge=0, description="First line.")] = 0
    to_line: int | None = None


@tool(effect=Effect.READ, title="Everything")
async def k8s_take_everything(
    call: ToolCall,
    name: Annotated[str, Field(min_length=1, max_length=20, description="Name.")],
    window: Window,
    tail_lines: Annotated[int, Field(ge=1, le=100)] = 10,
    ratio: float = 0.5,
    follow: bool = False,
    output: Literal["yaml", "json"] = "yaml",
    names: list[str] | None = None,
    continue_: str | None = None,
    api_group: str | None = None,
    class_: str = "",
) -> Text:
    """Take one of each kind.

    This belongs to the description, too.
    """
    taken = (call, name, window, tail_lines, ratio, follow, output, names, continue_, api_group, class_)
    return Text("{taken}", taken=taken)


def handler(**arguments: Any) -> dict[str, Any]:
    return dict(k8s_take_everything.validate(arguments).handler)


def refusal(found: Tool, arguments: dict[str, Any]) -> str:
    with pytest.raises(InvalidArguments) as caught:
        found.validate(arguments)
    return str(caught.value)


# The definition


def test_name_description_and_title_come_from_the_function() -> None:
    found = k8s_take_everything
    assert (found.name, found.title) == ("k8s_take_everything", "Everything")
    assert found.description == "Take one of each kind.\n\nThis belongs to the description, too."


def test_parameters_are_camel_case_on_the_wire_and_keep_clear_of_keywords() -> None:
    assert list(k8s_take_everything.schema["properties"]) == [
        *("name", "fromLine", "toLine", "tailLines", "ratio", "follow", "output", "names", "continue", "apiGroup"),
        "class",
    ]


def test_the_schema_is_small_and_closed() -> None:
    schema = k8s_take_everything.schema
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["name"]
    assert schema["properties"]["toLine"] == {"type": "integer"}
    assert schema["properties"]["names"] == {"type": "array", "items": {"type": "string"}}
    assert schema["properties"]["output"] == {"type": "string", "enum": ["yaml", "json"], "default": "yaml"}
    assert schema["properties"]["name"] == {"type": "string", "description": "Name."}
    text = json.dumps(schema)
    assert not [word for word in ('"title"', "null", "anyOf", "$defs", "$ref", "arg_") if word in text]


def test_a_tool_without_parameters_takes_none() -> None:
    @tool(effect=Effect.READ)
    async def bare(_: ToolCall) -> Text:
        """Do it."""
        return Text("Done.")

    assert bare.schema == {"type": "object", "properties": {}, "additionalProperties": False}
    assert bare.validate({}).handler == {}
    assert "there are: none" in refusal(bare, {"x": 1})


async def _untyped(call: ToolCall, name) -> Text:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Take something."""
    return Text("{x}", x=(call, name))


async def _silent(_: ToolCall) -> Text:
    return Text("a")


def _not_async(_: ToolCall) -> Text:
    """Not async."""
    return Text("a")


async def _no_call() -> Text:
    """Take nothing."""
    return Text("a")


async def camelCase(_: ToolCall) -> Text:  # noqa: N802
    """Have a bad name."""
    return Text("a")


async def too_long(_: ToolCall) -> Text:
    """Have a long name."""
    return Text("a")


too_long.__name__ = "a" * 65


def _named(function: Any, name: str) -> Any:
    function.__name__ = name
    return function


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (_named(_not_async, "a"), "is not an async function"),
        (_named(_silent, "a"), "has no docstring"),
        (_named(_no_call, "a"), "does not take the call"),
        (_named(_untyped, "a"), "has a parameter without a type"),
        (camelCase, "has a name that is not snake_case"),
        (too_long, "has a name that is not snake_case"),
    ],
)
def test_a_function_that_cannot_be_a_tool_is_refused_where_it_is_defined(
    function: Callable[..., Any], problem: str
) -> None:
    with pytest.raises(ToolDefinitionError, match=problem):
        tool(effect=Effect.READ)(function)


# Arguments


def test_arguments_arrive_under_the_names_of_the_function_with_its_defaults() -> None:
    assert handler(name="a") == {
        "name": "a",
        "window": Window(),
        "tail_lines": 10,
        "ratio": 0.5,
        "follow": False,
        "output": "yaml",
        "names": None,
        "continue_": None,
        "api_group": None,
        "class_": "",
    }


def test_arguments_that_were_given_win() -> None:
    found = handler(
        **{"name": "a", "fromLine": 2, "toLine": 5, "tailLines": 3, "continue": "c", "apiGroup": "g", "class": "k"},
        ratio=1,
        follow=True,
        output="json",
        names=["x"],
    )
    assert found["window"] == Window(from_line=2, to_line=5)
    assert (found["tail_lines"], found["continue_"], found["api_group"], found["class_"]) == (3, "c", "g", "k")
    assert (found["ratio"], found["follow"], found["output"], found["names"]) == (1.0, True, "json", ["x"])


@pytest.mark.parametrize("wire", ["toLine", "names", "continue", "apiGroup"])
def test_null_is_as_good_as_nothing_where_nothing_is_allowed(wire: str) -> None:
    assert handler(**{"name": "a", wire: None}) == handler(name="a")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "name is required"),
        ({"name": 5}, "name: Input should be a valid string"),
        ({"name": None}, "name: Input should be a valid string"),
        ({"name": ""}, "name: String should have at least 1 character"),
        ({"name": "x" * 21}, "name: String should have at most 20 characters"),
        ({"name": ["a"]}, "name: Input should be a valid string"),
        ({"name": "a", "tailLines": "5"}, "tailLines: Input should be a valid integer"),
        ({"name": "a", "tailLines": 5.5}, "tailLines: Input should be a valid integer"),
        ({"name": "a", "tailLines": True}, "tailLines: Input should be a valid integer"),
        ({"name": "a", "tailLines": 0}, "tailLines: Input should be greater than or equal to 1"),
        ({"name": "a", "tailLines": 101}, "tailLines: Input should be less than or equal to 100"),
        ({"name": "a", "tailLines": None}, "tailLines: Input should be a valid integer"),
        ({"name": "a", "follow": "true"}, "follow: Input should be a valid boolean"),
        ({"name": "a", "follow": 1}, "follow: Input should be a valid boolean"),
        ({"name": "a", "output": "xml"}, "output: Input should be 'yaml' or 'json'"),
        ({"name": "a", "names": "x"}, "names: Input should be a valid"),
        ({"name": "a", "names": ["x", 5]}, "names.1: Input should be a valid string"),
        ({"name": "a", "fromLine": -1}, "fromLine: Input should be greater than or equal to 0"),
        ({"name": "a", "tail_lines": 5}, "'tail_lines' is not a parameter (there are: name, fromLine"),
        ({"name": "a", "arg_name": "b"}, "'arg_name' is not a parameter"),
        ({"name": "a", "continue_": "b"}, "'continue_' is not a parameter"),
        ({"name": "a", "window": {}}, "'window' is not a parameter"),
        ({"name": "a", "call": {}}, "'call' is not a parameter"),
        ({"NAME": "a"}, "name is required"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_by_field_problem_and_what_is_allowed(
    arguments: dict[str, Any], said: str
) -> None:
    assert said in refusal(k8s_take_everything, arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": [PLANTED]},
        {"name": PLANTED * 3},
        {"name": "a", "tailLines": PLANTED},
        {"name": "a", "output": PLANTED},
        {"name": "a", "names": [PLANTED, 5]},
        {"name": "a", "names": {PLANTED: PLANTED}},
        {"name": "a", "unknown": PLANTED},
        {"name": "a", "ratio": {"x": PLANTED}},
    ],
)
def test_a_refusal_never_repeats_a_value(arguments: dict[str, Any]) -> None:
    assert PLANTED not in refusal(k8s_take_everything, arguments)


def test_an_unknown_name_is_repeated_in_short_and_cleaned() -> None:
    said = refusal(k8s_take_everything, {"name": "a", "x\n\x1b" + "y" * 10_000: 1})
    assert len(said) < 500
    assert said.isprintable()


def test_many_problems_are_counted_and_the_first_are_told() -> None:
    said = refusal(k8s_take_everything, {f"x{number}": 1 for number in range(50)})
    assert said.count("is not a parameter") <= 5
    assert "more)" in said


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 10**400, "\ud800", "\x00"],
    ids=["nan", "inf", "huge", "surrogate", "NUL"],
)
@pytest.mark.parametrize("field", ["name", "tailLines", "unknown"])
def test_values_that_json_cannot_hold_well_are_refused_or_taken_and_never_crash(field: str, value: Any) -> None:
    arguments = {"name": "a", field: value}
    if (field, value) == ("name", "\x00"):
        assert k8s_take_everything.validate(arguments).handler["name"] == "\x00"
    else:
        assert refusal(k8s_take_everything, arguments).startswith(("Invalid arguments", "The arguments are"))


def test_arguments_nested_without_end_are_refused() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    assert refusal(k8s_take_everything, {"name": nested})


@settings(derandomize=True, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(list(k8s_take_everything.schema["properties"])) | st.text(max_size=8),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=8)
        | st.lists(st.text(max_size=3), max_size=2),
        max_size=5,
    )
)
def test_whatever_is_sent_is_taken_or_refused(arguments: dict[str, Any]) -> None:
    try:
        found = k8s_take_everything.validate(arguments)
    except InvalidArguments as error:
        said = str(error)
    else:
        said = ""
        assert set(found.handler) == set(handler(name="a"))
    assert not said or said.isprintable()


# Groups, and the host's own parameters


def test_recurring_groups_are_flat_on_the_wire() -> None:
    @tool(effect=Effect.READ)
    async def lists(_: ToolCall, selectors: Selectors, page: Page) -> Text:
        """List."""
        return Text("{x}", x=(selectors, page))

    assert list(lists.schema["properties"]) == ["labelSelector", "fieldSelector", "where", "limit", "continue"]
    found = lists.validate({"labelSelector": "a=b", "limit": 5}).handler
    assert found == {"selectors": Selectors(label_selector="a=b"), "page": Page(limit=5)}
    assert page_of(found) == Page(limit=5)
    assert page_of({"a": 1}) is None


def test_each_call_has_a_page_of_its_own() -> None:
    @tool(effect=Effect.READ)
    async def lists(_: ToolCall, page: Page) -> Text:
        """List."""
        return Text("{x}", x=page)

    first, second = (page_of(lists.validate({}).handler) for _ in range(2))
    assert first is not None
    assert second is not None
    first.bind(lambda _: "cursor")
    assert (first.cursor(shown=True), second.cursor(shown=True)) == ("cursor", None)


def test_what_the_host_puts_into_the_schema_does_not_reach_the_handler() -> None:
    injected = Parameter("kubeContext", "kubeContext", Annotated[str | None, Field(max_length=5)], for_host=True)
    found = replace(k8s_take_everything, injected=(injected,))
    assert found.schema["properties"]["kubeContext"] == {"type": "string"}
    valid = found.validate({"name": "a", "kubeContext": "c"})
    assert valid.host == {"kubeContext": "c"}
    assert "kubeContext" not in valid.handler
    assert "kubeContext: String should have at most 5" in refusal(found, {"name": "a", "kubeContext": "long-name"})

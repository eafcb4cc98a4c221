"""Invariants 4 and 10 together: redaction takes a credential, and nothing that stands beside it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import Effect, Foreign, Rows, Text, ToolCall, tool
from pytest_mcp_kubernetes.apps import text
from tests.invariants.probes import Toolbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mcp_kubernetes.apps import Apps

BEGIN = "-----BEGIN PRIVATE KEY-----"


@pytest.mark.parametrize(
    "parts",
    [
        lambda: [Rows(("A", "B"), [("1", BEGIN), ("2", "kept-1"), ("3", "kept-2")]), Text("kept-3")],
        lambda: [Rows(("A", "B"), [(BEGIN, "kept-1"), ("2", "kept-2")]), Text("kept-3")],
        lambda: [Foreign(f"before\n{BEGIN}\nMIIE"), Text("kept-1 kept-2 kept-3")],
        lambda: [Text("{said}", said=BEGIN), Rows(("A",), [("kept-1",), ("kept-2",)]), Foreign("kept-3")],
    ],
)
async def test_a_private_key_without_an_end_hides_nothing_but_itself(app: Apps, parts: Callable[[], list[Any]]) -> None:
    @tool(effect=Effect.READ, clustered=False)
    async def speak(_: ToolCall) -> list[Any]:
        """Answer with parts."""
        return parts()

    async with app({"toolbox": Toolbox(speak)}) as client:
        answer = text(await client.call_tool("speak", {}))
    assert [f"kept-{number}" in answer for number in (1, 2, 3)] == [True] * 3


async def test_the_end_of_foreign_text_is_marked_whatever_the_text_is(app: Apps) -> None:
    @tool(effect=Effect.READ, clustered=False)
    async def speak(_: ToolCall) -> Foreign:
        """Answer with a key that has no end."""
        return Foreign(f"{uuid.uuid4()}\n{BEGIN}\nMIIE")

    async with app({"toolbox": Toolbox(speak)}) as client:
        answer = text(await client.call_tool("speak", {}))
    mark = answer.splitlines()[0].removeprefix("<<<data ")
    assert answer.splitlines()[-1] == f"{mark}>>>"

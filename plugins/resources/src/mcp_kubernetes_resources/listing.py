"""`k8s_list_resources`: the server's own columns, or whole objects, read no further than the answer reaches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from mcp_kubernetes import (
    AllNamespaces,
    APIGroup,
    Effect,
    Namespace,
    Object,
    Page,
    ResourceType,
    Rows,
    Selectors,
    TablePage,
    ToolCall,
    tool,
)

Output = Annotated[
    Literal["table", "wide", "name", "yaml", "json"],
    Field(description="table and wide are tab-separated; yaml and json give whole objects."),
]


@tool(effect=Effect.READ, title="List resources", max_bytes=True)
async def k8s_list_resources(
    call: ToolCall,
    resource_type: ResourceType,
    selectors: Selectors,
    page: Page,
    api_group: APIGroup = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    output: Output = "table",
) -> Rows:
    """List objects of any kind, with the columns of kubectl get."""
    scope: dict[str, Any] = {
        "where": selectors,
        "page": page,
        "all_namespaces": all_namespaces,
        "api_group": api_group,
    }
    found: AsyncIterator[Sequence[Any] | Object]
    if output in {"yaml", "json"}:
        found = call.cluster.objects(resource_type, namespace, form=output, **scope)
    else:
        found = _lines(call.cluster.table(resource_type, namespace, **scope), output)
    return Rows((), _noting_none(call, found, selectors))


async def _lines(pages: AsyncIterator[TablePage], output: str) -> AsyncIterator[Sequence[Any] | Object]:
    """The header before the first row, then the rows, with the columns that `output` shows."""
    shown: list[int] = []
    async for page in pages:
        for row in page:
            if not shown:
                shown = _shown(page, output)
                yield [_header(page)[index] for index in shown]
            yield [row[index] for index in shown]


def _header(page: TablePage) -> list[str]:
    names = [column.name.upper() for column in page.columns]
    return ["NAMESPACE", *names] if page.spans_namespaces else names


def _shown(page: TablePage, output: str) -> list[int]:
    first = int(page.spans_namespaces)
    wanted = [i for i, column in enumerate(page.columns) if output == "wide" or column.priority == 0]
    return [*range(first), *(first + i for i in (wanted[:1] if output == "name" else wanted))]


async def _noting_none(
    call: ToolCall, found: AsyncIterator[Sequence[Any] | Object], selectors: Selectors
) -> AsyncIterator[Sequence[Any] | Object]:
    """Pass everything on; an empty list says why it is empty."""
    empty = True
    async for row in found:
        empty = False
        yield row
    if not empty:
        return
    if selectors.label_selector or selectors.field_selector:
        call.notes.add("Nothing matches the selector there.")
    else:
        call.notes.add("There are none.")

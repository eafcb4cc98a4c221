"""`k8s_list_resources`: the server's own columns, chosen ones, counts, or whole objects, read no further."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_kubernetes import (
    AllNamespaces,
    APIGroup,
    Effect,
    InBlocks,
    InvalidArguments,
    Namespace,
    Page,
    ResourceType,
    Rows,
    Selectors,
    ToolCall,
    tool,
)
from mcp_kubernetes_resources.columns import parse
from mcp_kubernetes_resources.emptiness import Scope, noting_none
from mcp_kubernetes_resources.ordering import Order
from mcp_kubernetes_resources.ways import Lines, chosen, counted, in_order, objects, table

_LONGEST = 4_000

Columns = Annotated[
    str | None,
    Field(max_length=_LONGEST, description="Own columns: NAME:.metadata.name,IMAGE:.spec.containers[*].image."),
]
CountBy = Annotated[
    str | None,
    Field(max_length=_LONGEST, description="Columns whose values are counted, instead of rows."),
]
SortBy = Annotated[
    str | None, Field(max_length=1_000, description="Path to sort all matches by; -.path: the largest first.")
]
Form = Literal["table", "wide", "name", "yaml", "json"]
Output = Annotated[
    Form,
    Field(description="yaml and json give whole objects."),
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
    columns: Columns = None,
    count_by: CountBy = None,
    sort_by: SortBy = None,
    output: Output = "table",
) -> Rows:
    """List or count objects of any kind."""
    _check(page, columns, count_by, sort_by, output)
    scope = Scope(
        kind=resource_type,
        api_group=api_group,
        namespace=namespace,
        all_namespaces=all_namespaces,
        selectors=selectors,
        is_continued=page.continue_ is not None,
    )
    return Rows((), InBlocks(noting_none(call, scope, _way(call, scope, page, columns, count_by, sort_by, output))))


def _way(
    call: ToolCall,
    scope: Scope,
    page: Page,
    columns: str | None,
    count_by: str | None,
    sort_by: str | None,
    output: Form,
) -> Lines:
    if count_by:
        return counted(call, scope, parse(count_by, "countBy"), page.limit)
    chosen_columns = parse(columns, "columns") if columns else None
    if sort_by:
        return in_order(call, scope, chosen_columns, Order.of(sort_by), page.limit)
    if chosen_columns:
        return chosen(call, scope, chosen_columns, page)
    if output == "yaml" or output == "json":  # noqa: PLR1714 - what the type checker understands
        return objects(call, scope, page, output)
    return table(call, scope, page, output)


def _check(page: Page, columns: str | None, count_by: str | None, sort_by: str | None, output: str) -> None:
    """Refuse what would have no effect."""
    given = [name for name, value in (("countBy", count_by), ("columns", columns), ("sortBy", sort_by)) if value]
    if count_by and len(given) > 1:
        raise InvalidArguments(f"countBy has no use for {given[1]}.", hint="Leave it out: counts have their own order.")
    if given and output != "table":
        raise InvalidArguments(f"output has no effect beside {given[0]}.", hint="Leave output out.")
    if page.continue_ and (count_by or sort_by):
        raise InvalidArguments(
            f"{given[0]} looks at the whole list, so there is nothing to continue.", hint="Ask again without continue."
        )

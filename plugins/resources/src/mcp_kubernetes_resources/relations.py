"""What belongs to an object, as the profile of its kind describes it: a table for each relation, read at once.

Each relation costs one request, whatever it finds: a few rows, or those of the first page that the object owns,
uses or names.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from mcp_kubernetes import InBlocks, KindProfile, Object, Page, Relation, Rows, Selectors, Text, ToolCall, ToolError
from mcp_kubernetes_resources.emptiness import Scope
from mcp_kubernetes_resources.ways import table, with_key

Parts = Sequence[Text | Rows | Object]

MOST_ROWS = 10
"""Rows of one relation that are shown."""

_LOOKED_AT = 500
_PATH = re.compile(r"\{([^{}]+)\}")
_SPECIAL = re.compile(r"([\\,=])")
_SELECTOR_KEYS = {"matchLabels", "matchExpressions"}
_OPERATORS = {
    "In": "{key} in ({values})",
    "NotIn": "{key} notin ({values})",
    "Exists": "{key}",
    "DoesNotExist": "!{key}",
}


async def related(call: ToolCall, found: Object, relation: Relation) -> Parts:
    """The objects of one relation. Why they could not be read becomes a note."""
    scope = _scope(found, relation)
    if scope is None:
        return []
    try:
        header, rows = await _read(call, found, relation, scope)
    except ToolError as error:
        call.notes.add("{title} could not be read: {error}", title=relation.title, error=error)
        return []
    if not rows:
        return [Text("{title}: none.", title=relation.title)]
    if len(rows) > MOST_ROWS:
        call.notes.add("{title}: only the first {most} are shown.", title=relation.title, most=MOST_ROWS)
    return [Text("{title}:", title=relation.title), Rows(header, rows[:MOST_ROWS])]


def named(found: Object, profile: KindProfile) -> Parts:
    """The names of what the object only names."""
    by_kind = {kind: [name for path in paths for name in found.all(path)] for kind, paths in profile.names.items()}
    rows = [(kind, ", ".join(dict.fromkeys(map(str, names)))) for kind, names in by_kind.items() if names]
    return [Text("Named in it:"), Rows(("KIND", "NAMES"), rows)] if rows else []


async def _read(
    call: ToolCall, found: Object, relation: Relation, scope: Scope
) -> tuple[Sequence[Any], list[Sequence[Any]]]:
    """A header, and one row more than are shown if there are more."""
    if relation.key is None:
        page = Page(limit=MOST_ROWS + 1)
        return _split(await _lines_of(InBlocks(table(call, scope, page, "table")), page))
    page = Page(limit=_LOOKED_AT)
    header, rows = _split(await _lines_of(with_key(call, scope, None, relation.key, page), page))
    if page.cursor(shown=True):
        call.notes.add("{title}: only the first {n} candidates were looked at.", title=relation.title, n=_LOOKED_AT)
    wanted = {value for path in relation.values for value in found.all(path)}
    return header, [row[:-1] for row in rows if wanted.intersection(_several(row[-1]))]


async def _lines_of(lines: InBlocks | AsyncGenerator[Sequence[Any]], page: Page) -> list[Any]:
    """The header and as many lines as one page has: no second request."""
    read: list[Any] = []
    async with aclosing(lines):
        async for line in lines:
            read.append(line)
            if len(read) - 1 == page.limit:
                break
    return read


def _split(lines: list[Any]) -> tuple[Sequence[Any], list[Any]]:
    return (lines[0] if lines else ()), lines[1:]


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else (value,)


def _scope(found: Object, relation: Relation) -> Scope | None:
    """Where to look for what. None if the object lacks what the relation goes by."""
    kind, namespace = _filled(found, relation.kind), _filled(found, relation.namespace)
    labels = _selector(found.at(relation.selector)) if relation.selector else _filled(found, relation.labels)
    fields = _filled(found, relation.fields, escaped=True)
    given = (relation.namespace, relation.selector or relation.labels, relation.fields)
    missing = any(value is None for wish, value in zip(given, (namespace, labels, fields), strict=True) if wish)
    if kind is None or missing or (relation.key and not any(found.all(path) for path in relation.values)):
        return None
    return Scope(
        kind=kind,
        api_group=None,
        namespace=None if namespace == "*" else namespace,
        all_namespaces=namespace == "*",
        selectors=Selectors(label_selector=labels, field_selector=fields),
    )


def _filled(found: Object, template: str | None, *, escaped: bool = False) -> str | None:
    """The template with the object's values; None if it has not all of them."""
    if template is None:
        return None
    values = {path: found.at(path) for path in _PATH.findall(template)}
    if any(value in {None, ""} for value in values.values()):
        return None
    return _PATH.sub(lambda path: _SPECIAL.sub(r"\\\1", values[path[1]]) if escaped else str(values[path[1]]), template)


def _selector(value: Any) -> str | None:
    """A label selector of an object as the API server takes it in a query; None if it selects nothing."""
    if not isinstance(value, Mapping) or not value:
        return None
    labels = value if set(value) - _SELECTOR_KEYS else value.get("matchLabels") or {}
    expressions = () if set(value) - _SELECTOR_KEYS else value.get("matchExpressions") or ()
    return ",".join([*(f"{key}={label}" for key, label in labels.items()), *map(_requirement, expressions)])


def _requirement(expression: Mapping[str, Any]) -> str:
    values = ",".join(expression.get("values") or ())
    return _OPERATORS[expression["operator"]].format(key=expression["key"], values=values)

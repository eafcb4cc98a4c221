"""Every question that can be asked about the objects of a kind: each way in which what they hold might come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tests.every_kind.making import NAMESPACE

if TYPE_CHECKING:
    from tests.every_kind.making import Made
    from tests.every_kind.strings import Leaf, Steps

Question = tuple[str, dict[str, Any]]

_MOST_COLUMNS = 40
_LONGEST_COLUMNS, _LONGEST_WHERE = 3_800, 1_000
_GETS: tuple[dict[str, Any], ...] = (
    {},
    {"output": "yaml"},
    {"full": True},
    {"output": "yaml", "full": True},
    {"fields": ".metadata,.spec,.status,.data,..planted"},
)


def questions(made: Made, secret: str) -> Iterator[Question]:
    """What is answered, by tool and arguments. `where` looks for a secret that the objects hold."""
    scope = _scope(made)
    for arguments in _lists(made, secret):
        yield "k8s_list_resources", {**scope, **arguments}
    if made.kind.namespaced:
        everywhere = {key: value for key, value in scope.items() if key != "namespace"}
        yield "k8s_list_resources", {**everywhere, "allNamespaces": True, "output": "wide"}
    for arguments in _GETS:
        yield "k8s_get_resource", {**scope, "name": ",".join(made.names), **arguments}
    yield "k8s_get_resource", {**scope, "name": f"{made.names[0]},none", "maxBytes": 2_048}
    for name in made.names:
        yield "k8s_describe_resource", {**scope, "name": name}
    if made.kind.kind == "Event":
        yield "k8s_list_events", {"namespace": NAMESPACE}
        yield "k8s_list_events", {"allNamespaces": True}


def refused(made: Made) -> Iterator[Question]:
    """What is refused, by the API server or by us."""
    scope = _scope(made)
    yield "k8s_get_resource", {**scope, "name": "none"}
    yield "k8s_list_resources", {**scope, "fieldSelector": "spec.none=x"}
    yield "k8s_list_resources", {**scope, "labelSelector": "a in (b"}


def addresses(made: Made) -> Iterator[str]:
    """The URIs of the objects as MCP resources."""
    for name in made.names:
        yield f"k8s://test/{NAMESPACE if made.kind.namespaced else '-'}/{made.kind.full_name}/{name}"


def _scope(made: Made) -> dict[str, Any]:
    about = {"resourceType": made.kind.plural, "apiGroup": made.kind.group or "v1"}
    return {**about, "namespace": NAMESPACE} if made.kind.namespaced else about


def _lists(made: Made, secret: str) -> Iterator[dict[str, Any]]:
    yield from ({"output": output} for output in ("table", "wide", "name", "yaml", "json"))
    yield {"output": "json", "maxBytes": 2_048}
    leaves = [leaf for each in made.planted for leaf in each if leaf.key_value is None]
    parts = list(dict.fromkeys(str(leaf.steps[0]) for leaf in leaves))
    paths = dict.fromkeys([*(f".{part}" for part in parts), *(_path(leaf.steps) for leaf in leaves)])
    yield from ({"columns": columns} for columns in _columns(paths))
    for part in parts:
        yield {"countBy": f"A:.{part}"}
        yield {"sortBy": f".{part}"}
    yield {"countBy": "A:..planted"}
    yield from ({"where": where, "output": "name"} for where in _wheres(leaves, secret))


def _path(steps: Steps) -> str:
    return "".join("[*]" if isinstance(step, int) else f".{step}" for step in steps)


def _columns(paths: Iterable[str]) -> Iterator[str]:
    """All of them as columns, as many in one question as there is room for."""
    some: list[str] = []
    for path in paths:
        if some and (len(some) == _MOST_COLUMNS or sum(map(len, some)) + len(path) + 4 * len(some) > _LONGEST_COLUMNS):
            yield ",".join(some)
            some = []
        some.append(f"C{len(some)}:{path}")
    yield ",".join(some)


def _wheres(leaves: Sequence[Leaf], secret: str) -> Iterator[str]:
    """Whether any of these fields holds the secret, as many of them in one expression as there is room for."""
    text = ""
    for leaf in leaves:
        if any(isinstance(step, int) for step in leaf.steps):
            continue
        asked = f"object.{'.'.join(map(str, leaf.steps))}.contains('{secret}')"
        if text and len(text) + len(asked) + 4 > _LONGEST_WHERE:
            yield text
            text = ""
        text = f"{text} || {asked}" if text else asked
    yield text

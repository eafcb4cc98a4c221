"""Changing single values in the text of a kubeconfig, so that all else stays as its owner wrote it.

YAML is not written anew: that would lose comments, order and quotes. The old values are cut out where the parser
found them, and the result counts only if it means exactly what it was to mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mcp_kubernetes.kube.kubeconfig.plain_yaml import plain_yaml

Nodes = Mapping[str, tuple[Any, Any]]
"""The nodes of key and value, by key."""


class NotPossible(Exception):
    """A file that must not be changed. Its text follows "stay in memory: ", and quotes nothing of the file."""


def config_of(document: Any, user: str) -> dict[str, Any]:
    """The `config` of the auth-provider of the first user of this name. Raises NotPossible where there is none."""
    try:
        named = next(each for each in document["users"] if each["name"] == user)
        found = named["user"]["auth-provider"]["config"]
    except (LookupError, TypeError, StopIteration):
        found = None
    if not isinstance(found, dict):
        raise NotPossible("its entry has changed meanwhile")
    return found


def with_values(content: bytes, user: str, values: Mapping[str, str]) -> bytes:
    """`content` with these values in that config, and everything else as it was. Raises NotPossible."""
    import yaml  # not needed to start

    try:
        wanted = plain_yaml(content)
        config_of(wanted, user).update(values)
        changed = _changed(content.decode(), user, values).encode()
        if plain_yaml(changed) == wanted:
            return changed
    except (yaml.YAMLError, ValueError, LookupError, TypeError):
        pass
    raise NotPossible("its text cannot be changed safely")


def _changed(text: str, user: str, values: Mapping[str, str]) -> str:
    for start, end, new in sorted(_edits(text, user, values), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _edits(text: str, user: str, values: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    """From where to where what goes in. Tokens are ASCII, so that their JSON form is YAML too, wherever it stands."""
    config = _config_node(text, user)
    nodes = _children(config)
    for key, value in values.items():
        if key in nodes:
            start, end = nodes[key][1].start_mark.index, nodes[key][1].end_mark.index
            yield start, end, json.dumps(value) if end > start else f" {json.dumps(value)}"
        else:
            yield _insertion(text, _first_own(config), key, value, flow=config.flow_style)


def _first_own(config: Any) -> Any:
    """The first key below every merge key: kubectl lets those win over what stands above them."""
    keys = [key for key, _ in config.value]
    merges = [place for place, key in enumerate(keys) if key.value == "<<"]
    return keys[merges[-1] + 1 if merges else 0]


def _insertion(text: str, first: Any, key: str, value: str, *, flow: bool) -> tuple[int, int, str]:
    """A further key, before `first` and indented like it."""
    newline = "\r\n" if "\r\n" in text else "\n"
    between = ", " if flow else newline + " " * first.start_mark.column
    place = first.start_mark.index
    return place, place, f"{json.dumps(key) if flow else key}: {json.dumps(value)}{between}"


def _config_node(text: str, user: str) -> Any:
    import yaml  # not needed to start

    root = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    users = _children(root)["users"][1].value
    named = (each for each in map(_children, users) if each["name"][1].value == user)
    provider = _children(next(named, {})["user"][1])["auth-provider"][1]
    return _children(provider)["config"][1]


def _children(node: Any) -> Nodes:
    return {key.value: (key, value) for key, value in node.value}

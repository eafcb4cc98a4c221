r"""Paths into an object, as kubectl's columns and JSONPath templates write them.

    .metadata.name                     a.b            keys; the first dot and braces around all may be left out
    .labels['app.kubernetes.io/name']  .labels.app\.kubernetes\.io/name      keys that hold dots
    .containers[0]  [-1]  [0:2]  [*]   .labels.*      items of a list, values of a map
    .conditions[?(@.type=="Ready")]    items that compare (== != < <= > >=), or that have a value there
    ..image                            values at any depth

https://kubernetes.io/docs/reference/kubectl/jsonpath/

What is missing gives no value, and never an error: objects of one kind differ.
"""

from __future__ import annotations

from mcp_kubernetes.jsonpath.choosing import placed
from mcp_kubernetes.jsonpath.reading import PathError, parse
from mcp_kubernetes.jsonpath.steps import Path

__all__ = ["Path", "PathError", "parse", "placed"]

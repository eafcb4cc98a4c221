"""Objects as an API server sends them: alone with their kind in front, in a list of a built-in kind without it."""

from __future__ import annotations

from typing import Any

import msgspec

from mcp_kubernetes_snapshot.served import Served

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.encode


def alone(raw: bytes, served: Served) -> bytes:
    """One object."""
    fields = _FIELDS.decode(raw)
    return _encode(
        _said(served.kind, served) | {key: fields[key] for key in fields if key not in {"kind", "apiVersion"}}
    )


def in_list(raw: bytes, served: Served) -> msgspec.Raw:
    """An item of a list. Those of custom kinds say what they are, those of built-in kinds do not."""
    if served.is_custom:
        return msgspec.Raw(alone(raw, served))
    fields = _FIELDS.decode(raw)
    if not fields.keys() & {"kind", "apiVersion"}:
        return msgspec.Raw(raw)
    return msgspec.Raw(_encode({key: fields[key] for key in fields if key not in {"kind", "apiVersion"}}))


def metadata_alone(raw: bytes) -> dict[str, Any]:
    """The PartialObjectMetadata of an object."""
    metadata = _FIELDS.decode(raw).get("metadata", msgspec.Raw(b"{}"))
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}


def _said(kind: str, served: Served) -> dict[str, Any]:
    if served.is_custom:
        return {"apiVersion": served.api_version, "kind": kind}
    return {"kind": kind, "apiVersion": served.api_version}

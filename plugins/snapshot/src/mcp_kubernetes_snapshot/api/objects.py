"""Objects as an API server sends them: alone with their kind in front, in a list of a built-in kind without it."""

from __future__ import annotations

from typing import Any

import msgspec

from mcp_kubernetes_snapshot.api.negotiating import Form
from mcp_kubernetes_snapshot.api.status import Refusal
from mcp_kubernetes_snapshot.served import Served


class _Described(msgspec.Struct):
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_METADATA = msgspec.json.Decoder(_Described)
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


def metadata_alone(raw: bytes, form: Form) -> dict[str, Any]:
    """The PartialObjectMetadata of an object, in the version of that form."""
    metadata = _METADATA.decode(raw).metadata
    return {"kind": "PartialObjectMetadata", "apiVersion": form.api_version, "metadata": metadata}


def in_version(raw: bytes, version: str) -> bytes:
    """The same object with that resourceVersion."""
    fields: dict[str, Any] = _FIELDS.decode(raw)
    metadata = msgspec.json.decode(fields.get("metadata", b"{}")) | {"resourceVersion": version}
    return _encode({**fields, "metadata": metadata})


def _said(kind: str, served: Served) -> dict[str, Any]:
    if served.is_custom:
        return {"apiVersion": served.api_version, "kind": kind}
    return {"kind": kind, "apiVersion": served.api_version}


def check_number(form: Form, served: Served, *, is_list: bool) -> None:
    """Raise Refusal for the metadata of an object where there is a list, and the other way round."""
    if form.kind.endswith("List") is is_list:
        return
    if served.is_custom and not is_list:
        raise Refusal(500, "", "content is not a list")
    kind = f"{served.kind}List" if is_list else served.kind
    package = served.group.split(".")[0] or "core"
    found = "unstructured.UnstructuredList" if served.is_custom else f"{package}.{kind}"
    which = "a list" if is_list else "not a list"
    raise Refusal(406, "NotAcceptable", f"you requested {form.kind}, but the requested object is {which} (*{found})")

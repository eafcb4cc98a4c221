"""Our content in the SDK's types: blocks of a result or a prompt, and the contents of a resource."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mcp import types as mcp

if TYPE_CHECKING:
    from mcp_kubernetes.results import Whole

Contents = mcp.TextResourceContents | mcp.BlobResourceContents

_TEXT, _LINKS = "text/plain", "text/uri-list"


def block(part: str | Whole) -> mcp.ContentBlock:
    """One block of a result."""
    return mcp.TextContent(type="text", text=part) if isinstance(part, str) else _other_block(part)


def contents(uri: str, mime_type: str, parts: Sequence[str | Whole]) -> list[Contents]:
    """A resource that was read: what it holds, and after it what there is to know about it."""
    forms = (mime_type, *(_TEXT,) * len(parts))
    return [
        _contents(uri, part, form) if isinstance(part, str) else _other_contents(uri, part)
        for form, part in zip(forms, parts, strict=False)
    ]


def _other_block(part: Whole) -> mcp.ContentBlock:
    from mcp_kubernetes.content import Audio, EmbeddedResource, Image, ResourceLink

    match part:
        case Image():
            return mcp.ImageContent(type="image", data=_encoded(part.data), mime_type=part.mime_type)
        case Audio():
            return mcp.AudioContent(type="audio", data=_encoded(part.data), mime_type=part.mime_type)
        case EmbeddedResource():
            return mcp.EmbeddedResource(type="resource", resource=_contents(part.uri, part.data, part.mime_type))
        case ResourceLink():
            about, form = part.description or None, part.mime_type or None
            return mcp.ResourceLink(
                type="resource_link", uri=part.uri, name=part.name, description=about, mime_type=form
            )
    raise TypeError(f"{type(part).__name__} is no content of MCP")


def _other_contents(uri: str, part: Whole) -> Contents:
    from mcp_kubernetes.content import Audio, EmbeddedResource, Image, ResourceLink

    match part:
        case Image() | Audio() | EmbeddedResource():
            return _contents(uri, part.data, part.mime_type)
        case ResourceLink():
            return _contents(uri, part.uri, _LINKS)
    raise TypeError(f"{type(part).__name__} is no content of MCP")


def _contents(uri: str, data: str | bytes, mime_type: str) -> Contents:
    if isinstance(data, str):
        return mcp.TextResourceContents(uri=uri, mime_type=mime_type, text=data)
    return mcp.BlobResourceContents(uri=uri, mime_type=mime_type, blob=_encoded(data))


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()

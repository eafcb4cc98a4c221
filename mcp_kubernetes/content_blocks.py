"""Our content in the SDK's types: blocks of a result or a prompt, and the contents of a resource."""

from __future__ import annotations

import base64

from mcp import types as mcp

from mcp_kubernetes.content import Audio, Content, EmbeddedResource, Image, ResourceLink

_TEXT = "text/plain"


def block(part: str | Content) -> mcp.ContentBlock:
    """One block of a result."""
    match part:
        case str():
            return mcp.TextContent(type="text", text=part)
        case Image():
            return mcp.ImageContent(type="image", data=_encoded(part.data), mime_type=part.mime_type)
        case Audio():
            return mcp.AudioContent(type="audio", data=_encoded(part.data), mime_type=part.mime_type)
        case EmbeddedResource():
            return mcp.EmbeddedResource(type="resource", resource=_resource(part.uri, part.data, part.mime_type))
        case ResourceLink():
            return mcp.ResourceLink(
                type="resource_link",
                uri=part.uri,
                name=part.name,
                description=part.description or None,
                mime_type=part.mime_type or None,
            )


def contents(uri: str, mime_type: str, parts: tuple[str | Content, ...]) -> list[Resource]:
    """A resource that was read: what it holds, and after it what there is to know about it."""
    forms = (mime_type, *(_TEXT,) * len(parts))
    return [_content(uri, form, part) for form, part in zip(forms, parts, strict=False)]


Resource = mcp.TextResourceContents | mcp.BlobResourceContents


def _content(uri: str, mime_type: str, part: str | Content) -> Resource:
    match part:
        case str():
            return _resource(uri, part, mime_type)
        case ResourceLink():
            return _resource(uri, part.uri, "text/uri-list")
        case _:
            return _resource(uri, part.data, part.mime_type)


def _resource(uri: str, data: str | bytes, mime_type: str) -> Resource:
    if isinstance(data, str):
        return mcp.TextResourceContents(uri=uri, mime_type=mime_type, text=data)
    return mcp.BlobResourceContents(uri=uri, mime_type=mime_type, blob=_encoded(data))


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()

"""What an answer may hold beside text: pictures, sound and resources, as MCP has them (Content, 2025-06-18 and later).

Loaded by those who answer with it, which few do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import Whole, clean, strip_control


@dataclass(frozen=True, kw_only=True)
class _Medium(Whole):
    """What is seen or heard, and what it is."""

    data: bytes
    mime_type: str

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return _encoded(self.data) + len(self.mime_type)


class Image(_Medium):
    """A picture. `mime_type` is such as `image/png`."""


class Audio(_Medium):
    """Sound. `mime_type` is such as `audio/wav`."""


@dataclass(frozen=True, kw_only=True)
class EmbeddedResource(Whole):
    """A resource with its contents. Text in it is not fenced: clients tell it apart from words of ours."""

    uri: str
    data: str | bytes
    mime_type: str

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return _encoded(self.data) + len(self.uri.encode()) + len(self.mime_type)

    def cleaned(self) -> Self:
        """Text in it without credentials and what nobody sees."""
        return replace(self, data=redact(strip_control(self.data))) if isinstance(self.data, str) else self


@dataclass(frozen=True, kw_only=True)
class ResourceLink(Whole):
    """A resource that the client may read by its `uri`, if it wants to."""

    uri: str
    name: str
    description: str = ""
    mime_type: str = ""

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return len((self.uri + self.name + self.description + self.mime_type).encode())

    def cleaned(self) -> Self:
        """Its words without credentials and what nobody sees."""
        return replace(self, name=clean(redact(self.name)), description=clean(redact(self.description)))


def _encoded(data: str | bytes) -> int:
    """Bytes travel as base64, four for three (RFC 4648, section 4)."""
    return len(data.encode()) if isinstance(data, str) else -(-len(data) // 3) * 4

"""One state of an object as the API server gave it: its bytes, and the few facts of it that a change depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from mcp_kubernetes.kube.decoding.decode import decode

if TYPE_CHECKING:
    from mcp_kubernetes.kube.connection import Response

_CREATED = 201


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    name: str = ""
    uid: str = ""
    generation: int | None = None
    resource_version: str = ""
    deletion_timestamp: str | None = None
    finalizers: list[str] = []


class _Found(msgspec.Struct, gc=False):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


@dataclass(frozen=True, kw_only=True)
class Version:
    """An object, or the Status with which a delete is confirmed. `body` is unmasked; `is_new` after it was created."""

    body: bytes
    name: str
    uid: str
    generation: int | None
    resource_version: str
    finalizers: tuple[str, ...]
    is_ending: bool
    is_new: bool

    @classmethod
    def of(cls, response: Response) -> Version:
        """Read an answer of the API server. Raises Unanswered for what is none."""
        metadata = decode(_Found, response.body).metadata
        return cls(
            body=response.body,
            name=metadata.name,
            uid=metadata.uid,
            generation=metadata.generation,
            resource_version=metadata.resource_version,
            finalizers=tuple(metadata.finalizers),
            is_ending=metadata.deletion_timestamp is not None,
            is_new=response.status == _CREATED,
        )

    @property
    def ending(self) -> str:
        """What is still to come after a delete that was accepted, or ""."""
        if not self.is_ending:
            return ""
        if self.finalizers:
            return f"marked for deletion, held by its finalizers {', '.join(self.finalizers)}"
        return "marked for deletion and going"

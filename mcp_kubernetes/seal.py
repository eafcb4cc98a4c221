"""Sealed values: what a client carries for us and must not read, change, keep too long or use elsewhere.

Cursors, and what the store keeps for us, are encrypted and authenticated with AES-GCM. Identity, cluster and question
are bound in as associated data, so a cursor of one user or one question is refused with any other. The key lives as
long as the process.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp_kubernetes.errors import InvalidArguments

_NONCE_BYTES = 12
_REFUSED = "This cursor does not belong to this question, or the server was restarted since."


@dataclass(frozen=True)
class Seal:
    """The process's key. `bound` makes a sealer for one question."""

    key: bytes

    @classmethod
    def fresh(cls) -> Seal:
        """A seal with a new random key."""
        return cls(os.urandom(32))

    def bound(self, *question: str) -> Sealer:
        """A sealer whose values can only be opened by one with the same question."""
        return Sealer(self.key, json.dumps(question).encode())


class NotSealedHere(ValueError):
    """Bytes that were sealed with another key or for another question, or were changed since."""


@dataclass(frozen=True)
class Sealer:
    """Seals and opens bytes, and small mappings as text, for one question."""

    key: bytes
    question: bytes

    def seal_bytes(self, data: bytes) -> bytes:
        """The sealed bytes: 28 more than there were."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + bytes(self._cipher().encrypt(nonce, data, self.question))

    def open_bytes(self, sealed: bytes) -> bytes:
        """What was sealed. Raises NotSealedHere for anything that this sealer did not make."""
        try:
            return bytes(self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self.question))
        except Exception:  # noqa: BLE001 - whatever went wrong, the bytes are not ours
            raise NotSealedHere from None

    def seal(self, value: Mapping[str, Any]) -> str:
        """The sealed value as URL-safe text."""
        sealed = self.seal_bytes(json.dumps(value, separators=(",", ":")).encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, sealed: str) -> dict[str, Any]:
        """What was sealed. Raises InvalidArguments for anything that this sealer did not make."""
        try:
            data = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            value = json.loads(self.open_bytes(data))
        except ValueError:
            raise InvalidArguments(_REFUSED, hint="Start again without `continue`.") from None
        return dict(value)

    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self.key)

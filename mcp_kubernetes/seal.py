"""Sealed values: what a client carries for us and must not read, change, keep too long or use elsewhere.

Cursors, and what the store keeps for us, are encrypted and authenticated with AES-GCM. Identity, cluster and question
are bound in, so a cursor of one user or one question is refused with any other. Each question has a key of its own, so
that no key, however long the server's own are kept, ever seals so much that a random nonce could come twice.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mcp_kubernetes.errors import InvalidArguments

_NONCE_BYTES = 12
KEY_BYTES = 32
_REFUSED = (
    "This cursor does not belong to this question, or was sealed with a key that this server does not have: that of "
    "another replica, or one from before a restart."
)


@dataclass(frozen=True)
class Seal:
    """The server's keys as they are now: the first seals, and each of them opens. `bound` is for one question."""

    keys: Callable[[], Sequence[bytes]]

    @classmethod
    def fresh(cls) -> Seal:
        """A seal with one new random key, which lives as long as the process."""
        keys = (os.urandom(KEY_BYTES),)
        return cls(lambda: keys)

    def bound(self, *question: str) -> Sealer:
        """A sealer whose values can only be opened by one with the same question, and a key in common."""
        return Sealer(self.keys(), json.dumps(question).encode())

    def derived(self, purpose: str) -> bytes:
        """A key for another purpose than sealing, from the first of them."""
        return hmac.digest(self.keys()[0], purpose.encode(), "sha256")


class NotSealedHere(ValueError):
    """Bytes that were sealed with another key or for another question, or were changed since."""


@dataclass(frozen=True)
class Sealer:
    """Seals and opens bytes, and small mappings as text, for one question."""

    keys: Sequence[bytes]
    question: bytes

    def seal_bytes(self, data: bytes) -> bytes:
        """The sealed bytes: 28 more than there were."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + bytes(self._cipher(self.keys[0]).encrypt(nonce, data, self.question))

    def open_bytes(self, sealed: bytes) -> bytes:
        """What was sealed. Raises NotSealedHere for anything that no sealer of these keys and this question made."""
        for key in self.keys:
            with suppress(Exception):  # whatever went wrong, the bytes are not of this key
                return bytes(self._cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self.question))
        raise NotSealedHere

    def seal(self, value: Mapping[str, Any]) -> str:
        """The sealed value as URL-safe text."""
        sealed = self.seal_bytes(json.dumps(value, separators=(",", ":")).encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, sealed: str) -> dict[str, Any]:
        """What was sealed. Raises InvalidArguments where `open_bytes` raises NotSealedHere."""
        try:
            data = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            value = json.loads(self.open_bytes(data))
        except ValueError:
            raise InvalidArguments(_REFUSED, hint="Start again without `continue`.") from None
        return dict(value)

    def _cipher(self, key: bytes) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(hmac.digest(key, self.question, "sha256"))

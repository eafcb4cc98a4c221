"""Values that must not come out, and the search for what is left of them in a text."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

_LONGEST_LEFT = 11
"""Characters of a planted value that may appear by chance."""


@dataclass(frozen=True)
class Planted:
    """Random values, each found again in plain text and in base64, however it is cut or aligned."""

    values: tuple[str, ...]

    def left_in(self, text: str) -> list[str]:
        """Pieces of the values that the text still holds."""
        return [piece for value in self.values for form in _forms(value) for piece in _pieces(form) if piece in text]


def random_text() -> str:
    """48 characters that nobody wrote before."""
    return secrets.token_hex(24)


def jwt(secret: str) -> str:
    """A JSON Web Token by its looks; `secret` is its signature."""
    return f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJwbGFudGVkIn0.{secret}"


def bearer(secret: str) -> str:
    """An HTTP credential."""
    return f"Authorization: Bearer {secret}"


def private_key(secret: str) -> str:
    """A PEM private key by its looks, in lines of 16 characters."""
    lines = "\n".join(secret[start : start + 16] for start in range(0, len(secret), 16))
    return f"-----BEGIN EC PRIVATE KEY-----\n{lines}\n-----END EC PRIVATE KEY-----"


def encoded(text: str) -> str:
    """The text in base64."""
    return base64.b64encode(text.encode()).decode()


def _forms(value: str) -> list[str]:
    """The value, and its base64 at each of the three alignments, less what the neighbours decide."""
    return [value, *(encoded("x" * shift + value)[4:-4] for shift in range(3)), encoded(encoded(value))[4:-4]]


def _pieces(form: str) -> list[str]:
    size = _LONGEST_LEFT + 1
    return [form[start : start + size] for start in range(max(1, len(form) - size + 1))]

"""Who may call over the network: providers that know tokens, in an order that the operator chooses.

What a transport is given is an `Identity`, which then travels with each call; a token goes no further than this.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.identity import Identity


class AuthProvider(Protocol):
    """Knows bearer tokens.

    `issuer` is the `iss` of the JWTs that are its own; empty for a provider of opaque tokens. The identities that it
    gives have an issuer of their own, so that no two providers can give the same one.
    """

    name: str
    """What the setting `auth.providers` calls it."""
    issuer: str

    async def verify(self, token: str) -> Identity | None:
        """The identity that the token stands for; None for a token that it does not know, or does not take any more.

        What it raises is logged, and the request is refused.
        """


@dataclass(frozen=True, kw_only=True)
class Authentication:
    """The providers in use, in order. Without any, nobody has to sign in."""

    providers: Sequence[AuthProvider]

    @classmethod
    def of(cls, offered: Sequence[AuthProvider], wanted: Sequence[str]) -> Authentication:
        """The providers that are `wanted`, in this order; all that are offered if none is named. Raises ConfigError."""
        known = {provider.name: provider for provider in offered}
        for name in wanted:
            if name not in known:
                there = f"there are: {', '.join(known)}" if known else "none is set up"
                raise ConfigError(f"auth.providers names {name!r}, which no plugin offers; {there}.")
        return cls(providers=[known[name] for name in wanted] if wanted else list(offered))

    @property
    def required(self) -> bool:
        """Whether clients have to sign in."""
        return bool(self.providers)

    async def verify(self, token: str) -> Identity | None:
        """The identity behind a token: a JWT is its issuer's to judge, and nobody else is asked about it."""
        issuer = _issuer(token)
        own = [provider for provider in self.providers if provider.issuer and provider.issuer == issuer]
        for provider in own or [provider for provider in self.providers if not provider.issuer]:
            if (identity := await provider.verify(token)) is not None:
                return identity
        return None


def _issuer(token: str) -> str:
    """The `iss` of what looks like a JWT, not verified: good for choosing who verifies it, and for nothing else."""
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return ""
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else ""

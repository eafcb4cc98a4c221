"""The `auth-provider` of a kubeconfig's user: which OpenID Connect issuer signs in, for which client, with what tokens.

Of the providers that Kubernetes clients once had, client-go kept this one alone (plugin/pkg/client/auth/oidc).
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import msgspec

from mcp_kubernetes.errors import ToolError
from mcp_kubernetes.kube.cluster import ClusterEntry
from mcp_kubernetes.kube.credentials.token_file import is_token
from mcp_kubernetes.kube.kubeconfig.stanza import Stanza, shown
from mcp_kubernetes.kube.kubeconfig.target import authorities
from mcp_kubernetes.kube.wire.proxy import is_address

SIGN_IN = "Sign in again in the way that this user's tokens came into the kubeconfig; new ones are used at once."
"""What to do where no token is left that could be renewed."""

_SKEW = 10.0
_REMOVED = "signs in with an auth-provider that is not oidc; Kubernetes clients removed the others (gcp, azure) in 1.26"
_USE_EXEC = "Use a credential plugin (exec), which the cluster's provider has instead."


class _Claims(msgspec.Struct):
    exp: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a user's entry keeps of an earlier sign-in, or what an issuer gives. None: not there."""

    id_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)

    @property
    def is_current(self) -> bool:
        """Whether the id-token signs in for ten more seconds: clocks differ. Only the API server checks more."""
        return self.id_token is not None and time.time() + _SKEW < expiry(self.id_token)


def expiry(token: str) -> float:
    """When a JWT ends, in seconds since 1970; 0 where it does not say so, or is none."""
    try:
        payload = token.split(".")[1]
        return msgspec.json.decode(base64.urlsafe_b64decode(f"{payload}=="), type=_Claims).exp
    except (IndexError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return 0.0


@dataclass(frozen=True, kw_only=True)
class OidcEntry:
    """The checked entry. `stanza` is its `config`; `repr` shows no secret and no token."""

    stanza: Stanza
    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    """None for a public client, which has none."""
    tokens: Tokens

    @classmethod
    def of(cls, provider: Stanza) -> OidcEntry:
        """What `provider`, the mapping under `auth-provider`, says. Raises CredentialsError."""
        if provider.text("name") != "oidc":
            raise provider.refuse(_REMOVED, _USE_EXEC)
        config = provider.inside("config") or replace(provider, fields={})
        return cls(
            stanza=config,
            issuer=_issuer(config),
            client_id=_needed(config, "client-id"),
            client_secret=config.text("client-secret"),
            tokens=_tokens(config),
        )

    def refuse(self, problem: str, hint: str = "") -> ToolError:
        """The CredentialsError about the issuer; `problem` follows "the issuer …, which"."""
        return self.stanza.refuse(
            f"signs in with the OpenID Connect issuer {shown(self.issuer)}, which {problem}", hint
        )

    def authorities(self) -> bytes | None:
        """The PEM authorities that sign the issuer's certificate; None for the system's. Raises CredentialsError."""
        return authorities(self.stanza, "idp-certificate-authority")


def is_safe(url: str) -> bool:
    """Whether a secret may be sent there: over https, or to this very machine."""
    if not is_address(url, ("https", "http")) or urlsplit(url).username is not None:
        return False
    return urlsplit(url).scheme == "https" or ClusterEntry(name="", source="", server=url).is_local


def _issuer(config: Stanza) -> str:
    issuer = _needed(config, "idp-issuer-url")
    if not is_safe(issuer):
        raise config.refuse("has an idp-issuer-url that is no https address")
    return issuer


def _needed(config: Stanza, key: str) -> str:
    value = config.text(key)
    if value is None:
        raise config.refuse(f"signs in with oidc, but names no {key}")
    return value


def _tokens(config: Stanza) -> Tokens:
    found = Tokens(id_token=config.text("id-token"), refresh_token=config.text("refresh-token"))
    if found.id_token is not None and not is_token(found.id_token):
        raise config.refuse("has an id-token with characters that no token has")
    return found

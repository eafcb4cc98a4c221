"""How one user of a kubeconfig signs in.

A way to sign in is a `Way`: it recognises its keys in a user's entry and gives its share of the credentials.
Nobody acts with their own rights because impersonation was not understood: an entry that asks for more than is
known here is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import quote

from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.certificate import Certificate
from mcp_kubernetes.kube.credentials.exec_policy import ExecPolicy
from mcp_kubernetes.kube.credentials.token_file import Clock, TokenFile, is_token
from mcp_kubernetes.kube.kubeconfig.stanza import Stanza

_NOT_YET = ("username", "password")
_HEADER_NAME = "!#$&'*+-.^_`|~"


class Way(Protocol):
    """One way to sign in as a user. A further kind of user entry is a further class with this method."""

    async def sign(self, credentials: Credentials, entry: ClusterEntry, refused: Credentials | None, /) -> Credentials:
        """`credentials` with this way's share for `entry` added. Raises CredentialsError.

        `refused` were answered with 401: whatever was remembered and is in them is got anew.
        """


@dataclass(frozen=True)
class Token:
    """A token that stands in the kubeconfig itself."""

    token: str = field(repr=False)

    async def sign(
        self, credentials: Credentials, _entry: ClusterEntry, _refused: Credentials | None, /
    ) -> Credentials:
        """Add the token."""
        return replace(credentials, token=self.token)


@dataclass(frozen=True)
class Impersonation:
    """Acting as somebody else: `headers` are the complete Impersonate-* headers."""

    headers: tuple[tuple[str, str], ...]

    async def sign(
        self, credentials: Credentials, _entry: ClusterEntry, _refused: Credentials | None, /
    ) -> Credentials:
        """Add the headers."""
        return replace(credentials, impersonate=self.headers)


def ways(user: Stanza, clock: Clock, exec_policy: ExecPolicy) -> tuple[Way, ...]:
    """How this user signs in; with several ways all are used, but a plugin only where there is no other, as in kubectl.

    Raises CredentialsError for a user without any, and for one whose entry asks for more than is known here.
    """
    for key in _NOT_YET:
        if user.fields.get(key) not in (None, ""):
            raise user.refuse(f"signs in with {key}, which this version does not support")
    proofs = _standing(user, clock) or _plugin(user, exec_policy)
    if not proofs:
        raise user.refuse("holds no credentials: no token, tokenFile, client-certificate, exec or auth-provider")
    headers = tuple(_impersonation(user))
    return (*proofs, Impersonation(headers)) if headers else proofs


def _standing(user: Stanza, clock: Clock) -> tuple[Way, ...]:
    # As in client-go: a token keeps an auth-provider from being asked, a certificate is used beside it.
    provider = _auth_provider(user)
    return tuple(way for way in (_token(user, clock) or provider, _certificate(user)) if way is not None)


def _auth_provider(user: Stanza) -> Way | None:
    provider = user.inside("auth-provider")
    if provider is None:
        return None
    from mcp_kubernetes.kube.credentials.oidc import Oidc  # not needed to start
    from mcp_kubernetes.kube.credentials.oidc_entry import OidcEntry

    if user.inside("exec") is not None:
        raise user.refuse("has both an exec and an auth-provider; remove one")
    return Oidc(OidcEntry.of(provider))


def _plugin(user: Stanza, policy: ExecPolicy) -> tuple[Way, ...]:
    from mcp_kubernetes.kube.credentials.exec_entry import ExecEntry  # not needed to start
    from mcp_kubernetes.kube.credentials.exec_plugin import ExecPlugin

    command = user.inside("exec")
    return () if command is None else (ExecPlugin(ExecEntry.of(command), policy),)


def _token(user: Stanza, clock: Clock) -> Way | None:
    path, token = user.path("tokenFile"), user.text("token")
    if path is not None:
        return TokenFile(path, user.label, clock)
    if token is not None and not is_token(token):
        raise user.refuse("has a token with characters that no token has")
    return Token(token) if token else None


def _certificate(user: Stanza) -> Way | None:
    certificate, key = user.content("client-certificate"), user.content("client-key")
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        there, missing = ("client-key", "client-certificate") if key else ("client-certificate", "client-key")
        raise user.refuse(f"has a {there} without a {missing}")
    return Certificate(user, certificate, key)


def _impersonation(user: Stanza) -> Iterator[tuple[str, str]]:
    """The headers that client-go sends for `as` and its companions. Raises CredentialsError without `as`."""
    name = user.text("as")
    others = [*_companions(user)]
    if others and name is None:
        raise user.refuse("impersonates groups, a uid or extra fields without naming a user in `as`")
    for header, value in [("Impersonate-User", name), *others] if name else ():
        if not value or not value.isprintable():
            raise user.refuse("impersonates with an empty value, or one with control characters")
        yield header, value


def _companions(user: Stanza) -> Iterator[tuple[str, str]]:
    if uid := user.text("as-uid"):
        yield "Impersonate-Uid", uid
    for group in user.texts("as-groups"):
        yield "Impersonate-Group", group
    for key, values in user.lists("as-user-extra").items():
        for value in values:
            yield f"Impersonate-Extra-{quote(key, safe=_HEADER_NAME)}", value

"""Signing in with the tokens of an OpenID Connect issuer, renewed when they end.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens

A refresh-token that was used may never be used again, so tokens are renewed once for all who wait, a caller who
gives up does not end that, and the new ones are kept in the file that the old ones came from.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.oidc_entry import SIGN_IN, OidcEntry, Tokens
from mcp_kubernetes.kube.credentials.oidc_file import KeptTokens
from mcp_kubernetes.kube.credentials.oidc_issuer import refreshed
from mcp_kubernetes.kube.credentials.oidc_text import NotPossible
from mcp_kubernetes.kube.credentials.single_flight import SingleFlight

_log = logging.getLogger(__name__)

_NO_ID_TOKEN = "Sign in again with the scope openid, or use an issuer that renews id-tokens."  # noqa: S105 - a hint


class Oidc:
    """A way to sign in: the id-token, as long as it holds; else, and when it is refused, a new one."""

    def __init__(self, entry: OidcEntry) -> None:
        self._entry = entry
        self._tokens = entry.tokens
        self._kept = KeptTokens(entry.stanza.file, entry.stanza.name)
        self._in_file = entry.tokens
        self._renewing = SingleFlight[None]()
        self._has_warned = False

    async def sign(self, credentials: Credentials, _entry: ClusterEntry, refused: Credentials | None, /) -> Credentials:
        """Add the id-token. Raises CredentialsError where there is none that could be valid."""
        if not self._tokens.is_current or (self._is_in(refused) and self._tokens.refresh_token):
            await self._renewing.join("", self._renew)
        return replace(credentials, token=self._tokens.id_token)

    def _is_in(self, refused: Credentials | None) -> bool:
        return refused is not None and refused.token == self._tokens.id_token

    async def _renew(self) -> None:
        async with self._kept.turn():
            if not await self._found_newer():
                await self._refresh()

    async def _found_newer(self) -> bool:
        """Whether another process has put tokens into the file that sign in."""
        found = await asyncio.to_thread(self._kept.read)
        if found is None or found == self._in_file:
            return False
        self._tokens = self._in_file = found
        return found.is_current

    async def _refresh(self) -> None:
        spent = self._tokens.refresh_token
        if spent is None:
            raise self._entry.stanza.refuse("has no valid id-token, and no refresh-token to get one with", SIGN_IN)
        given = await refreshed(self._entry, spent)
        if given is None:
            await self._after_refusal()
            return
        # First of all the refresh-token: it is lost to everybody if it is lost here.
        await self._keep(given)
        if given.id_token is None:
            raise self._entry.refuse("gave no id_token when the tokens were renewed", _NO_ID_TOKEN)

    async def _after_refusal(self) -> None:
        """Another program may have been faster with the same refresh-token: kubectl knows no turns."""
        if not await self._found_newer():
            raise self._entry.refuse("does not accept the refresh-token any more", SIGN_IN)

    async def _keep(self, given: Tokens) -> None:
        new = Tokens(
            id_token=given.id_token or self._tokens.id_token,
            refresh_token=given.refresh_token or self._tokens.refresh_token,
        )
        self._tokens = new
        try:
            await asyncio.to_thread(self._kept.write, self._in_file, new)
            self._in_file = new
        except NotPossible as reason:
            self._warn(str(reason))
        except OSError as error:
            self._warn(error.strerror or "it cannot be written")

    def _warn(self, reason: str) -> None:
        if not self._has_warned:
            _log.warning("%s has new tokens, which stay in memory: %s.", self._entry.stanza.label, reason)
        self._has_warned = True

"""From the header Authorization to an identity, or to 401."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.datastructures import Headers

from mcp_kubernetes.identity import Identity
from mcp_kubernetes.log import brief
from mcp_kubernetes.transports.http.refusals import Refused

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mcp_kubernetes.auth import Authentication

_log = logging.getLogger(__name__)

IDENTITY = "mcp_kubernetes.identity"
"""Under this key of an ASGI scope the endpoint finds who asks."""

_ANYBODY = Identity(subject="anonymous")
"""Everybody, where nobody has to sign in."""


class SigningIn:
    """Lets those through to `app` who have signed in, if anybody has to."""

    def __init__(self, app: ASGIApp, authentication: Authentication) -> None:
        self._app = app
        self._authentication = authentication

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse."""
        try:
            identity = await self._identity(scope) if self._authentication.required else _ANYBODY
        except Refused as refused:
            await refused.answer(scope, receive, send)
            return
        # The SDK binds a session to this user, and answers everybody else that there is no such session.
        await self._app({**scope, IDENTITY: identity, "user": _user(identity)}, receive, send)

    async def _identity(self, scope: Scope) -> Identity:
        kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise _unknown("Sign in with a bearer token: Authorization: Bearer <token>.", "Bearer")
        try:
            identity = await self._authentication.verify(token.strip())
        except Exception as error:  # noqa: BLE001 - a provider may raise anything, and then nobody is let in
            _log.error("A token could not be verified: %s.", brief(error))
            identity = None
        if identity is None:
            raise _unknown("This token is not known, or not valid any more.", 'Bearer error="invalid_token"')
        return identity


def _unknown(sentence: str, challenge: str) -> Refused:
    return Refused(401, sentence, {"WWW-Authenticate": challenge})


def _user(identity: Identity) -> AuthenticatedUser:
    """The identity in the SDK's words. The token itself stays out of them."""
    claims = {"iss": identity.issuer}
    return AuthenticatedUser(
        AccessToken(token="", client_id=identity.key, scopes=[], subject=identity.subject, claims=claims)
    )

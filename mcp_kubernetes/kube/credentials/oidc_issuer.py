"""Asking an OpenID Connect issuer for new tokens.

https://openid.net/specs/openid-connect-discovery-1_0.html and RFC 6749, section 6. Nothing that an issuer answers
is quoted, for it is foreign text and may hold a token. The certificate is always verified, and no redirect followed.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote_plus, unquote, urlencode, urlsplit

import msgspec

from mcp_kubernetes.errors import ToolError
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.credentials.oidc_entry import SIGN_IN, OidcEntry, Tokens, expiry, is_safe
from mcp_kubernetes.kube.credentials.token_file import is_token
from mcp_kubernetes.kube.wire.pool import open_connection
from mcp_kubernetes.kube.wire.proxy import environment_proxy

_TIMEOUT = 10.0
_LARGEST_ANSWER = 1 << 20
_HEADERS = (("Accept", "application/json"), ("User-Agent", "mcp-kubernetes"))
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_CHECK = "Check idp-issuer-url, idp-certificate-authority, HTTPS_PROXY, and that this machine reaches the issuer."
_CHECK_CLIENT = "Check client-id and client-secret."
_TOLD = ("invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope")

Decoded = TypeVar("Decoded", bound=msgspec.Struct)


class _Metadata(msgspec.Struct):
    issuer: str = ""
    token_endpoint: str = ""
    token_endpoint_auth_methods_supported: Any = None


class _Answer(msgspec.Struct):
    id_token: Any = None
    refresh_token: Any = None
    error: Any = None


@dataclass(frozen=True, kw_only=True)
class _Proof:
    """One way to show who the client is: with a header, or with fields of the form."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


async def refreshed(entry: OidcEntry, refresh_token: str) -> Tokens | None:
    """What the issuer gives for `refresh_token`; None where it does not take it, any more.

    A token that it does not give is None. Raises CredentialsError for whatever else is in the way.
    """
    issuer = _Issuer(entry, await asyncio.to_thread(entry.authorities))
    return await issuer.refreshed(refresh_token)


class _Issuer:
    def __init__(self, entry: OidcEntry, ca: bytes | None) -> None:
        self._entry = entry
        self._ca = ca

    async def refreshed(self, refresh_token: str) -> Tokens | None:
        metadata = await self._metadata()
        for proof in _proofs(self._entry, metadata.token_endpoint_auth_methods_supported):
            status, answer = await self._asked(metadata.token_endpoint, proof, refresh_token)
            if answer.error == "invalid_grant":
                return None
            # An issuer that wants the secret in the other place has not looked at the token yet.
            if status != 401 and answer.error != "invalid_client":
                return self._given(status, answer)
        raise self._entry.refuse("does not accept the client", _CHECK_CLIENT)

    async def _metadata(self) -> _Metadata:
        url = self._entry.issuer.rstrip("/") + "/.well-known/openid-configuration"
        response = await self._send(
            "the issuer", url, Request(method="GET", path="", headers=_HEADERS, timeout=_TIMEOUT)
        )
        found = _decoded(response, _Metadata) if response.status == 200 else None
        if found is None:
            raise self._entry.refuse(f"answers no OpenID Connect configuration (HTTP {response.status})", _CHECK)
        # Whoever can answer for another issuer must not be handed the tokens of this one.
        if found.issuer.rstrip("/") != self._entry.issuer.rstrip("/"):
            raise self._entry.refuse("says in its configuration that it is another issuer", "Check idp-issuer-url.")
        if not self._may_get_secrets(found.token_endpoint):
            raise self._entry.refuse("names a token endpoint that is no https address")
        return found

    def _may_get_secrets(self, endpoint: str) -> bool:
        is_weaker = self._entry.issuer.startswith("https:") and not endpoint.startswith("https:")
        return endpoint.isprintable() and is_safe(endpoint.partition("?")[0]) and not is_weaker

    async def _asked(self, endpoint: str, proof: _Proof, refresh_token: str) -> tuple[int, _Answer]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **proof.fields}
        request = Request(
            method="POST",
            path="",
            headers=(*_HEADERS, _FORM, *proof.headers),
            body=urlencode(form).encode(),
            timeout=_TIMEOUT,
        )
        response = await self._send("its token endpoint", endpoint, request)
        answer = _decoded(response, _Answer)
        if answer is None and response.status == 200:
            raise self._entry.refuse("answered a refresh with something that is no token response")
        return response.status, answer or _Answer()

    def _given(self, status: int, answer: _Answer) -> Tokens:
        if status != 200 or answer.error:
            reason = answer.error if answer.error in _TOLD else f"HTTP {status}"
            raise self._entry.refuse(
                f"does not renew the tokens ({reason})", "Try again." if _is_passing(status) else SIGN_IN
            )
        found = Tokens(id_token=_text(answer.id_token), refresh_token=_text(answer.refresh_token))
        is_usable = found.id_token is not None and is_token(found.id_token) and expiry(found.id_token)
        return found if is_usable else Tokens(id_token=None, refresh_token=found.refresh_token)

    async def _send(self, what: str, url: str, request: Request) -> Response:
        try:
            return await _sent(what, url, request, self._ca)
        except ToolError as error:
            raise self._entry.refuse(f"cannot be asked: {_reason(error)}", _CHECK) from None


async def _sent(what: str, url: str, request: Request, ca: bytes | None) -> Response:
    """Send `request` to `url` instead of its path, over a connection of its own: this happens once in many minutes."""
    parts = urlsplit(url)
    folder, _, last = parts.path.rpartition("/")
    server = f"{parts.scheme}://{parts.netloc}{folder}"
    entry = ClusterEntry(name=what, source="oidc", server=server, proxy=environment_proxy(server), ca=ca)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    connection = await open_connection(entry, Credentials())
    try:
        return await connection.request(replace(request, path=f"/{unquote(last)}", query=query), _LARGEST_ANSWER)
    finally:
        await connection.aclose()


def _proofs(entry: OidcEntry, methods: object) -> Sequence[_Proof]:
    """How to show who the client is, the likeliest first; `methods` are those that the issuer lists."""
    if entry.client_secret is None:
        return [_Proof(fields={"client_id": entry.client_id})]
    pair = f"{quote_plus(entry.client_id)}:{quote_plus(entry.client_secret)}"
    basic = _Proof(headers=(("Authorization", f"Basic {b64encode(pair.encode()).decode()}"),))
    post = _Proof(fields={"client_id": entry.client_id, "client_secret": entry.client_secret})
    listed = methods if isinstance(methods, list) else []
    # A client may be bound to one of two that are listed, so the other one is tried too, as client-go does.
    return [post, basic] if "client_secret_post" in listed and "client_secret_basic" not in listed else [basic, post]


def _decoded(response: Response, form: type[Decoded]) -> Decoded | None:
    try:
        return msgspec.json.decode(response.body, type=form)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None


def _is_passing(status: int) -> bool:
    return status == 429 or status >= 500


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _reason(error: ToolError) -> str:
    """Why there was no answer, in a sentence that was made for the API servers of clusters."""
    told = error.message.rstrip(".").replace("The API server", "the server")
    return f"{told[:1].lower()}{told[1:]}"

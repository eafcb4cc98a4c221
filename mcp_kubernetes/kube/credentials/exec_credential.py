"""What a credential plugin is told and what it answers: `ExecCredential` of client.authentication.k8s.io.

https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.certificate import flaw
from mcp_kubernetes.kube.credentials.token_file import is_token

_KIND = "ExecCredential"
_SKEW = timedelta(seconds=10)


class Unusable(ValueError):
    """An answer that nobody can sign in with. Its text follows "the command …, which", and quotes nothing."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The credentials that a plugin gave, and when they end: shortly before the server thinks so, for clocks differ."""

    token: str | None = field(repr=False)
    certificate: bytes | None = field(repr=False)
    key: bytes | None = field(repr=False)
    expires: datetime | None

    @property
    def is_current(self) -> bool:
        """Whether it has not ended yet. Without an end it holds until the server refuses it."""
        return self.expires is None or datetime.now(UTC) + _SKEW < self.expires

    def is_in(self, credentials: Credentials | None) -> bool:
        """Whether these credentials were made with this answer."""
        if credentials is None:
            return False
        return (self.token, self.certificate, self.key) == (
            credentials.token,
            credentials.certificate,
            credentials.key,
        )


def question(version: str, entry: ClusterEntry | None) -> str:
    """The value of KUBERNETES_EXEC_INFO; with `entry` the plugin learns which cluster it signs in to."""
    spec: dict[str, Any] = {"interactive": False}
    if entry is not None:
        spec["cluster"] = _cluster(entry)
    return json.dumps({"apiVersion": version, "kind": _KIND, "spec": spec})


def _cluster(entry: ClusterEntry) -> dict[str, Any]:
    said = {
        "server": entry.server,
        "tls-server-name": entry.tls_name,
        "insecure-skip-tls-verify": entry.insecure,
        "certificate-authority-data": b64encode(entry.ca).decode() if entry.ca else None,
        "proxy-url": entry.proxy,
        "disable-compression": not entry.compress,
        "config": entry.exec_config,
    }
    return {name: value for name, value in said.items() if value}


class _Status(msgspec.Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class _ExecCredential(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    status: _Status | None = None


def answer(version: str, output: bytes) -> Answer:
    """What the plugin printed, checked. Raises Unusable."""
    status = _status(version, output)
    certificate, key = _pair(status)
    if status.token and not is_token(status.token):
        raise Unusable("gave a token with characters that no token has")
    if not status.token and not certificate:
        raise Unusable("gave neither a token nor a client certificate")
    return Answer(token=status.token or None, certificate=certificate, key=key, expires=status.expiration_timestamp)


def _status(version: str, output: bytes) -> _Status:
    try:
        found = msgspec.json.decode(output, type=_ExecCredential)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unusable("printed something that is no ExecCredential") from None
    if found.kind != _KIND:
        raise Unusable("printed something that is no ExecCredential")
    if found.api_version != version:
        raise Unusable(f"answered in another apiVersion than the {version} that the kubeconfig asks for")
    return found.status or _Status()


def _pair(status: _Status) -> tuple[bytes | None, bytes | None]:
    certificate = (status.client_certificate_data or "").encode()
    key = (status.client_key_data or "").encode()
    if not certificate and not key:
        return None, None
    if not certificate or not key:
        raise Unusable("gave a client certificate without its key, or the other way round")
    if problem := flaw(certificate, key):
        raise Unusable(f"gave {problem}")
    return certificate, key

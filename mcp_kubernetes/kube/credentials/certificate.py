"""A client certificate and its key: from a kubeconfig, from files that may be replaced, or from a plugin's answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from mcp_kubernetes.files import Stamp, read_file, stamp
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.kubeconfig.stanza import Stanza


def flaw(certificate: bytes, key: bytes) -> str:
    """What keeps this pair from being used, to follow "has" or "gave"; empty for a sound pair."""
    if b"-----BEGIN CERTIFICATE-----" not in certificate:
        return "a client-certificate that is not PEM"
    if b"ENCRYPTED" in key:
        return "an encrypted client-key; use one without a passphrase"
    if b"PRIVATE KEY-----" not in key:
        return "a client-key that is not PEM"
    return ""


class Certificate:
    """A way to sign in: certificate and key, each from the kubeconfig or from a file that may be replaced."""

    def __init__(self, user: Stanza, certificate: bytes | Path, key: bytes | Path) -> None:
        self._user = user
        self._sources = (certificate, key)
        self._loaded: tuple[tuple[Stamp, ...], tuple[bytes, bytes]] | None = None

    async def sign(self, credentials: Credentials, _entry: ClusterEntry, refused: Credentials | None, /) -> Credentials:
        """Add certificate and key. Raises CredentialsError for what is unreadable, not PEM, or encrypted."""
        stamps = tuple(stamp(source) for source in self._sources if isinstance(source, Path))
        if self._loaded is None or self._loaded[0] != stamps or refused is not None:
            self._loaded = stamps, await asyncio.to_thread(self._read)
        certificate, key = self._loaded[1]
        return replace(credentials, certificate=certificate, key=key)

    def _read(self) -> tuple[bytes, bytes]:
        certificate = self._content("client-certificate", self._sources[0])
        key = self._content("client-key", self._sources[1])
        if problem := flaw(certificate, key):
            raise self._user.refuse(f"has {problem}")
        return certificate, key

    def _content(self, what: str, source: bytes | Path) -> bytes:
        try:
            return read_file(source) if isinstance(source, Path) else source
        except OSError as error:
            raise self._user.refuse(f"names a {what} that cannot be read: {error.strerror}") from None

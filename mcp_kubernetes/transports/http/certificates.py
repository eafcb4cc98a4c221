"""The server's own certificate, from files that are renewed while it runs: each new connection gets the latest.

Looked at when a client begins its handshake, so there is nothing that has to run in between.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from mcp_kubernetes.files import Stamp, stamp

_log = logging.getLogger(__name__)


class Certificates:
    """A certificate with its chain, and its key. Raises OSError, of which ssl.SSLError is one, for what is neither."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._version = self._now()
        self._latest = self._load()
        self.context = self._load()
        """For a listener. It hands each connection to the latest."""
        self.context.sni_callback = self._renewed

    def _renewed(self, connection: ssl.SSLObject, _: str | None, __: ssl.SSLContext) -> None:
        version = self._now()
        if version != self._version:
            self._version = version
            self._renew()
        connection.context = self._latest

    def _renew(self) -> None:
        """Files are renewed one after the other, so what does not fit yet will; until then the old ones are good."""
        try:
            self._latest = self._load()
            _log.info("The certificate was read anew.")
        except OSError as error:
            _log.error("The certificate is not renewed: %s.", error.strerror or error)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*self._files)
        return context

    def _now(self) -> tuple[Stamp, ...]:
        return tuple(map(stamp, self._files))

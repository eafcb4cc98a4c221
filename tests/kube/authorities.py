"""Certificates with a flaw: what no certificate authority of a cluster would sign on purpose."""

from __future__ import annotations

import datetime as dt
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Authority:
    """A certificate authority as people make it by hand: no key usage, no key identifiers."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    name: str = "authority"

    @property
    def certificate(self) -> bytes:
        """PEM."""
        made = self._builder(self.name, self.key, -DAY, DAY)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, begin: dt.timedelta = -DAY, end: dt.timedelta = DAY) -> tuple[bytes, bytes]:
        """A certificate for 127.0.0.1, valid between two moments counted from now, and its key; both PEM."""
        key = _key()
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = self._builder("server", key, begin, end).add_extension(names, critical=False)
        form = serialization.PrivateFormat.PKCS8
        return (
            made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
            key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()),
        )

    def context(self, begin: dt.timedelta = -DAY, end: dt.timedelta = DAY) -> ssl.SSLContext:
        """What a server with such a certificate serves with."""
        certificate, key = self.issue(begin, end)
        (self.folder / "server.crt").write_bytes(certificate)
        (self.folder / "server.key").write_bytes(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        return context

    def _builder(
        self, name: str, key: ec.EllipticCurvePrivateKey, begin: dt.timedelta, end: dt.timedelta
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begin)
            .not_valid_after(now + end)
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

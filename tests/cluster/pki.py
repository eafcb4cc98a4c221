"""The cluster's certificates: a CA of its own, server and client certificates, kubeconfigs that carry them.

Made in Python so that a machine needs no openssl, with elliptic curves because they take milliseconds.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_SERVER_ADDRESSES = ("127.0.0.1", "10.96.0.1")
_LIFETIME = dt.timedelta(days=365)
_CLOCK_SKEW = dt.timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Pki:
    """The certificates in one folder; a second process may open the same folder and issue more."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Pki:
        """A new CA, the API server's certificate and the key that signs service account tokens."""
        folder.mkdir(mode=0o700)
        pki = cls(folder=folder)
        pki._make_ca()
        pki._make_service_account_keys()
        pki.keep("kube-apiserver", *pki.issue("kube-apiserver", server=True))
        # As whom the API server speaks to kubelets, for logs, exec and port-forward.
        pki.keep("kubelet-client", *pki.issue("kube-apiserver-kubelet-client", ("system:masters",)))
        return pki

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    def issue(self, name: str, groups: Sequence[str] = (), *, server: bool = False) -> tuple[bytes, bytes]:
        """A certificate for the user (or server) `name`, signed by the CA, and its key, both as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        ca = x509.load_pem_x509_certificate(self.ca.read_bytes())
        certificate = _leaf(_subject(name, groups), key.public_key(), ca, server=server)
        signed = certificate.sign(self._ca_key(), hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM), _pem(key)

    def keep(self, file: str, certificate: bytes, key: bytes) -> tuple[Path, Path]:
        """Write a certificate and its key into the folder; returns both paths."""
        self._write(f"{file}.crt", certificate)
        self._write(f"{file}.key", key)
        return self.folder / f"{file}.crt", self.folder / f"{file}.key"

    def kubeconfig(self, path: Path, server: str, name: str, groups: Sequence[str] = ()) -> Path:
        """Write a kubeconfig for the user `name`, complete in one file (nothing beside it is read)."""
        certificate, key = self.issue(name, groups)
        user = {"client-certificate-data": _base64(certificate), "client-key-data": _base64(key)}
        fresh = path.with_name(f"{path.name}.{os.getpid()}")  # another process may be writing the same user
        fresh.touch(mode=0o600)
        fresh.write_text(_kubeconfig(server, self.ca.read_bytes(), name, user), "utf-8")
        return fresh.replace(path)

    def _make_ca(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name, public = _subject("test-ca", ()), key.public_key()
        certificate = (
            _certificate(name, name, public, ca=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(key, hashes.SHA256())
        )
        self._write("ca.key", _pem(key))
        self._write(self.ca.name, certificate.public_bytes(serialization.Encoding.PEM))

    def _make_service_account_keys(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        self._write("sa.key", _pem(key))
        self._write("sa.pub", key.public_key().public_bytes(serialization.Encoding.PEM, form))

    def _ca_key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def _write(self, file: str, content: bytes) -> None:
        path = self.folder / file
        path.touch(mode=0o600)
        path.write_bytes(content)


def _kubeconfig(server: str, ca: bytes, name: str, user: dict[str, str]) -> str:
    cluster = {"server": server, "certificate-authority-data": _base64(ca)}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
            "current-context": "test",
        },
        sort_keys=False,
    )


def _leaf(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, ca: x509.Certificate, *, server: bool
) -> x509.CertificateBuilder:
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    issuer = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer)
    builder = (
        _certificate(subject, ca.subject, key, ca=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(authority, critical=False)
    )
    return builder.add_extension(_server_names(), critical=False) if server else builder


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, ca: bool
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_key_usage(ca=ca), critical=True)  # Python >= 3.13 verifies the CA's strictly
    )


def _subject(name: str, groups: Sequence[str]) -> x509.Name:
    organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _server_names() -> x509.SubjectAlternativeName:
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in _SERVER_ADDRESSES]
    return x509.SubjectAlternativeName([*map(x509.DNSName, _SERVER_NAMES), *addresses])


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_encipherment=False,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    # SEC 1 ("EC PRIVATE KEY"): the one form that every component reads as a service account key too.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()

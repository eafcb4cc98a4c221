"""Signing in: from a kubeconfig's user, or from the pod's ServiceAccount, to the credentials of one request.

Whatever is in the way of signing in is a CredentialsError. Nobody becomes anonymous because a file is
missing, nobody acts with their own rights because impersonation was not understood, and no text holds a
token or a key.

A way to sign in is a `Way`: it recognises its keys in a user's entry and gives its share of the credentials.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit

from mcp_kubernetes.errors import CredentialsError, ToolError, UnknownCluster
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, Credentials
from mcp_kubernetes.kube.kubeconfig import Kubeconfig, Stamp, Stanza, read_file, stamp

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet mounts a pod's token, certificate authority and namespace."""

_TOKEN_AGE = 60.0
_NOT_YET = ("exec", "auth-provider", "username", "password")
_HEADER_NAME = "!#$&'*+-.^_`|~"

Clock = Callable[[], float]


class Way(Protocol):
    """One way to sign in as a user. A further kind of user entry is a further class with this method."""

    async def sign(self, credentials: Credentials, refused: Credentials | None, /) -> Credentials:
        """`credentials` with this way's share added. Raises CredentialsError.

        `refused` were answered with 401: whatever was remembered and is in them is read again.
        """


@dataclass(frozen=True)
class Token:
    """A token that stands in the kubeconfig itself."""

    token: str = field(repr=False)

    async def sign(self, credentials: Credentials, _refused: Credentials | None, /) -> Credentials:
        """Add the token."""
        return replace(credentials, token=self.token)


class TokenFile:
    """A token in a file that somebody else renews, as kubelets do: read again each minute and on refusal."""

    def __init__(self, path: Path, owner: str, clock: Clock = time.monotonic) -> None:
        """`owner` begins the sentences about the file: 'The user "admin" in /home/me/.kube/config'."""
        self._path = path
        self._owner = owner
        self._clock = clock
        self._token: str | None = None
        self._read_at = 0.0

    async def sign(self, credentials: Credentials, refused: Credentials | None, /) -> Credentials:
        """Add the token of the file."""
        if not self._is_fresh() or (refused is not None and refused.token == self._token):
            self._token = None
            self._token = await asyncio.to_thread(self._read)
            self._read_at = self._clock()
        return replace(credentials, token=self._token)

    def _is_fresh(self) -> bool:
        return self._token is not None and self._clock() - self._read_at < _TOKEN_AGE

    def _read(self) -> str:
        try:
            content = read_file(self._path)
        except OSError as error:
            raise self._unusable(f"cannot be read: {error.strerror}") from None
        token = content.decode("ascii", "replace").strip()
        if not token:
            raise self._unusable("is empty")
        if not is_token(token):
            raise self._unusable("holds something that is no token")
        return token

    def _unusable(self, problem: str) -> CredentialsError:
        return CredentialsError(f"{self._owner} signs in with the token file {self._path}, which {problem}.")


class Certificate:
    """A client certificate and its key, each from the kubeconfig or from a file that may be replaced."""

    def __init__(self, user: Stanza, certificate: bytes | Path, key: bytes | Path) -> None:
        self._user = user
        self._sources = (certificate, key)
        self._loaded: tuple[tuple[Stamp, ...], tuple[bytes, bytes]] | None = None

    async def sign(self, credentials: Credentials, refused: Credentials | None, /) -> Credentials:
        """Add certificate and key. Raises CredentialsError for what is unreadable, not PEM, or encrypted."""
        stamps = tuple(stamp(source) for source in self._sources if isinstance(source, Path))
        if self._loaded is None or self._loaded[0] != stamps or refused is not None:
            self._loaded = stamps, await asyncio.to_thread(self._read)
        certificate, key = self._loaded[1]
        return replace(credentials, certificate=certificate, key=key)

    def _read(self) -> tuple[bytes, bytes]:
        certificate = self._content("client-certificate", self._sources[0])
        key = self._content("client-key", self._sources[1])
        if b"-----BEGIN CERTIFICATE-----" not in certificate:
            raise self._user.refuse("has a client-certificate that is not PEM")
        if b"ENCRYPTED" in key:
            raise self._user.refuse("has an encrypted client-key", "Use one without a passphrase.")
        if b"PRIVATE KEY-----" not in key:
            raise self._user.refuse("has a client-key that is not PEM")
        return certificate, key

    def _content(self, what: str, source: bytes | Path) -> bytes:
        try:
            return read_file(source) if isinstance(source, Path) else source
        except OSError as error:
            raise self._user.refuse(f"names a {what} that cannot be read: {error.strerror}") from None


@dataclass(frozen=True)
class Impersonation:
    """Acting as somebody else: `headers` are the complete Impersonate-* headers."""

    headers: tuple[tuple[str, str], ...]

    async def sign(self, credentials: Credentials, _refused: Credentials | None, /) -> Credentials:
        """Add the headers."""
        return replace(credentials, impersonate=self.headers)


def ways(user: Stanza, clock: Clock = time.monotonic) -> tuple[Way, ...]:
    """How this user signs in; with several ways all are used, as kubectl does.

    Raises CredentialsError for a user without any, and for one whose entry asks for more than is known here.
    """
    for key in _NOT_YET:
        if user.fields.get(key) not in (None, ""):
            raise user.refuse(f"signs in with {key}, which this version does not support")
    proofs = [way for way in (_token(user, clock), _certificate(user)) if way is not None]
    if not proofs:
        raise user.refuse("holds no credentials: no token, no tokenFile, no client-certificate")
    headers = tuple(_impersonation(user))
    return (*proofs, Impersonation(headers)) if headers else tuple(proofs)


def is_token(text: str) -> bool:
    """Whether this can stand in an Authorization header without changing it."""
    return text.isascii() and text.isprintable() and " " not in text


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


class KubeconfigCredentials:
    """The credential provider for contexts: each signs in as the user that its kubeconfig names."""

    name = "kubeconfig"

    def __init__(self, kubeconfig: Kubeconfig, clock: Clock = time.monotonic) -> None:
        self._kubeconfig = kubeconfig
        self._clock = clock
        self._ways: dict[str, tuple[Stanza, tuple[Way, ...]]] = {}

    async def credentials(
        self,
        access: Access,
        entry: ClusterEntry,
        refused: Credentials | None = None,
    ) -> Credentials:
        """Sign in to the context `entry`. Only a context that names no user is anonymous.

        Where there is nothing newer than `refused`, the same credentials come back. Raises CredentialsError.
        """
        user = await self._user(entry)
        credentials = Credentials()
        for way in self._ways_of(user) if user else ():
            credentials = await way.sign(credentials, refused)
        _check_transport(entry, credentials)
        return credentials

    async def _user(self, entry: ClusterEntry) -> Stanza | None:
        try:
            return (await self._kubeconfig.latest()).user(entry)
        except UnknownCluster as error:
            raise CredentialsError(error.message, hint=error.hint) from None

    def _ways_of(self, user: Stanza) -> tuple[Way, ...]:
        """Remembered as long as the entry stays the same, for they remember what they read."""
        known = self._ways.get(user.name)
        if known is None or known[0] != user:
            known = self._ways[user.name] = user, ways(user, self._clock)
        return known[1]


def _check_transport(entry: ClusterEntry, credentials: Credentials) -> None:
    """Plain http shows a token to everybody on the way, and drops a client certificate without a word."""
    parts = urlsplit(entry.server)
    if parts.scheme == "https" or credentials == Credentials():
        return
    if credentials.certificate or not _is_loopback(parts.hostname or ""):
        raise CredentialsError(
            f'The server of "{entry.name}" is plain http, over which no credentials are sent.',
            hint="Use https, or a context without a user.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class InCluster:
    """The cluster in which this process is a pod, and its ServiceAccount as the only way to sign in.

    Source and provider in one; `folder` and `environ` are what the kubelet provides.
    """

    name = "in-cluster"

    def __init__(
        self,
        folder: Path = SERVICE_ACCOUNT,
        environ: Mapping[str, str] = os.environ,
        clock: Clock = time.monotonic,
    ) -> None:
        self._folder = folder
        self._environ = environ
        self._token = TokenFile(folder / "token", "The pod's ServiceAccount", clock)

    def entry(self, source: str = name) -> ClusterEntry:
        """The cluster; its authorities are read anew, for they are rotated. Raises UnknownCluster."""
        server = self._server()
        return ClusterEntry(
            name=self.name,
            source=source,
            server=server,
            ca=self._read("ca.crt"),
            namespace=self._read("namespace").decode("utf-8", "replace").strip(),
            details={"cluster": self.name, "user": "ServiceAccount"},
        )

    async def credentials(
        self,
        access: Access,
        entry: ClusterEntry,
        refused: Credentials | None = None,
    ) -> Credentials:
        """Sign in with the ServiceAccount's token; to no other cluster. Raises CredentialsError."""
        if entry.server != self._server(CredentialsError):
            raise CredentialsError("The pod's ServiceAccount signs in to the pod's own cluster only.")
        return await self._token.sign(Credentials(), refused)

    def _server(self, fault: type[ToolError] = UnknownCluster) -> str:
        needed = ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")
        missing = [name for name in needed if not self._environ.get(name)]
        if missing:
            raise fault(f"This is no pod of a cluster: {' and '.join(missing)} not set.", hint=_NO_POD)
        host, port = (self._environ[name] for name in needed)
        return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"

    def _read(self, name: str) -> bytes:
        path = self._folder / name
        try:
            content = read_file(path)
        except OSError as error:
            raise UnknownCluster(
                f"The pod's ServiceAccount file {path} cannot be read: {error.strerror}.", hint=_NO_POD
            ) from None
        if not content.strip():
            raise UnknownCluster(f"The pod's ServiceAccount file {path} is empty.", hint=_NO_POD)
        return content


_NO_POD = "--in-cluster needs a pod whose ServiceAccount token is mounted."

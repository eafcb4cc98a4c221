"""Which clusters there are and who may sign in how: the values and protocols that sources and providers meet."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.kube.connection import Connection


@dataclass(frozen=True, kw_only=True)
class ClusterEntry:
    """One cluster that can be asked, without any credentials.

    `name` is what the caller passes; `source` the name of the source that knows it. `ca` is PEM bytes; None
    means the system's authorities. `tls_name` replaces the server's host name in TLS. `proxy` is a URL that may
    hold a password. `exec_config` is for the cluster's credential plugin alone. `details` are shown by tools that
    list clusters. With `connection` set, no credentials are asked for and nothing is dialled. `as_of` is the moment
    that a recorded cluster shows: ages are counted from there; None for one that lives.
    """

    name: str
    source: str
    server: str
    ca: bytes | None = None
    tls_name: str | None = None
    proxy: str | None = field(default=None, repr=False)
    insecure: bool = False
    compress: bool = True
    namespace: str | None = None
    exec_config: object = field(default=None, compare=False, repr=False)
    details: Mapping[str, str] = field(default_factory=dict, compare=False)
    connection: Connection | None = field(default=None, compare=False, repr=False)
    as_of: datetime | None = None

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, so that what is sent to it crosses no network.

        Through a proxy it is not: there, "localhost" is the proxy's own machine.
        """
        if self.proxy:
            return False
        host = urlsplit(self.server).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """How to sign in: a value, so that one client serves every way of signing in. Never shown by `repr`.

    `token` is sent as bearer token, `certificate` and `key` are PEM bytes, `impersonate` are complete
    `Impersonate-*` header pairs (a header may recur). All empty means an anonymous request, which only a
    context that names no user may ask for.
    """

    token: str | None = field(default=None, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)
    impersonate: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """Equal for equal credentials, and says nothing about them: a key for pools, caches and limits."""
        digest = hashlib.sha256()
        for part in (self.token, self.certificate, self.key, *(f"{n}:{v}" for n, v in self.impersonate)):
            data = part.encode() if isinstance(part, str) else part or b""
            digest.update(len(data).to_bytes(8) + data)
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A call that waits for what a source does: until when, and how its client is told how far that is.

    `deadline` is a time of the event loop's clock. `progress` takes what is done, of how much, and a sentence; see
    `ToolCall.progress`. It counts in parts of one, so that what the tool itself tells afterwards is more.
    """

    deadline: float
    progress: Callable[[float, float | None, str], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Access:
    """What sources and providers get instead of a tool's client: bound to one identity.

    A source whose `get` takes long tells those who are `waiting`, and raises TimedOut with words of its own before
    their time is up. None where no call waits.
    """

    identity: Identity
    waiting: Waiting | None = None


class ClusterSource(Protocol):
    """Where clusters come from. The first source in configuration serves calls that name no cluster."""

    name: str
    """Unique name, for example "kubeconfig"."""
    parameter: str
    """Wire name of the tool parameter that chooses among its clusters, for example "kubeContext"."""
    description: str
    """The parameter's description for the model: one short sentence."""
    credentials: str
    """Name of the credential provider that serves its clusters unless configuration says otherwise.

    "" for a source whose clusters all bring a `connection`: nobody signs in to them.
    """
    selectable: bool
    """Whether there was a choice at start-up: only then the parameter is in the schema."""

    async def list(self, access: Access) -> Sequence[ClusterEntry]:
        """All clusters that this identity may name."""

    async def get(self, name: str | None, access: Access) -> ClusterEntry:
        """The cluster `name`, or the default one for None. Raises UnknownCluster with the nearest names."""


class CredentialProvider(Protocol):
    """Turns a cluster and an identity into credentials."""

    name: str

    async def credentials(self, access: Access, entry: ClusterEntry, refused: Credentials | None = None) -> Credentials:
        """Credentials for `entry`. Asked before each request, so it caches what is costly.

        `refused` are credentials that the server has just answered with 401: forget them and get new ones.
        Raises CredentialsError; never falls back to other credentials.
        """

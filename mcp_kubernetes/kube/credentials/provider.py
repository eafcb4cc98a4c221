"""Signing in to the contexts of kubeconfig files: to the credentials of one request.

Whatever is in the way of signing in is a CredentialsError. Nobody becomes anonymous because a file is
missing, no credentials go where others can read them, and no text holds a token or a key.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcp_kubernetes.errors import CredentialsError, UnknownCluster
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.exec_policy import EXEC_TIMEOUT, ExecPolicy
from mcp_kubernetes.kube.credentials.token_file import Clock
from mcp_kubernetes.kube.kubeconfig.loading import Kubeconfig

if TYPE_CHECKING:
    from mcp_kubernetes.kube.credentials.ways import Way
    from mcp_kubernetes.kube.kubeconfig.stanza import Stanza


class KubeconfigCredentials:
    """The credential provider for contexts: each signs in as the user that its kubeconfig names."""

    name = "kubeconfig"

    def __init__(
        self,
        kubeconfig: Kubeconfig,
        clock: Clock = time.monotonic,
        *,
        exec_plugins: Sequence[str] | None = None,
        exec_timeout: float = EXEC_TIMEOUT,
    ) -> None:
        """`exec_plugins` may run, as commands or absolute paths, or any for None; for `exec_timeout` seconds."""
        self._kubeconfig = kubeconfig
        self._clock = clock
        allowed = None if exec_plugins is None else tuple(exec_plugins)
        self._exec_policy = ExecPolicy(allowed=allowed, timeout=exec_timeout)
        self._ways: dict[str, tuple[Stanza, tuple[Way, ...]]] = {}

    async def credentials(
        self,
        access: Access,  # noqa: ARG002 - the user is the process's own, whoever asks
        entry: ClusterEntry,
        refused: Credentials | None = None,
    ) -> Credentials:
        """Sign in to the context `entry`. Only a context that names no user is anonymous.

        Where there is nothing newer than `refused`, the same credentials come back. Raises CredentialsError.
        """
        user = await self._user(entry)
        credentials = Credentials()
        for way in self._ways_of(user) if user else ():
            credentials = await way.sign(credentials, entry, refused)
        _check_transport(entry, credentials)
        return credentials

    async def _user(self, entry: ClusterEntry) -> Stanza | None:
        try:
            return (await self._kubeconfig.latest()).user(entry)
        except UnknownCluster as error:
            raise CredentialsError(error.message, hint=error.hint) from None

    def _ways_of(self, user: Stanza) -> tuple[Way, ...]:
        """Remembered as long as the entry stays the same, for they remember what they read."""
        from mcp_kubernetes.kube.credentials.ways import ways  # not needed to start

        known = self._ways.get(user.name)
        if known is None or known[0] != user:
            known = self._ways[user.name] = user, ways(user, self._clock, self._exec_policy)
        return known[1]


def _check_transport(entry: ClusterEntry, credentials: Credentials) -> None:
    """Plain http shows a token to everybody on the way, and drops a client certificate without a word."""
    if urlsplit(entry.server).scheme == "https" or credentials == Credentials():
        return
    if credentials.certificate or not entry.is_local:
        raise CredentialsError(
            f'The server of "{entry.name}" is plain http, over which no credentials are sent.',
            hint="Use https, or a context without a user.",
        )

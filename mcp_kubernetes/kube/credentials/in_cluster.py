"""The cluster around this process, when it is a pod: what the kubelet mounts and sets is all there is to know."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from mcp_kubernetes.errors import CredentialsError, ToolError, UnknownCluster
from mcp_kubernetes.files import read_file
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.token_file import Clock, TokenFile
from mcp_kubernetes.kube.wire.proxy import environment_proxy

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet mounts a pod's token, certificate authority and namespace."""

_NO_POD = "--in-cluster needs a pod whose ServiceAccount token is mounted."


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
            proxy=environment_proxy(server, self._environ),
            ca=self._read("ca.crt"),
            namespace=self._read("namespace").decode("utf-8", "replace").strip(),
            details={"cluster": self.name, "user": "ServiceAccount"},
        )

    async def credentials(
        self,
        access: Access,  # noqa: ARG002 - the user is the process's own, whoever asks
        entry: ClusterEntry,
        refused: Credentials | None = None,
    ) -> Credentials:
        """Sign in with the ServiceAccount's token; to no other cluster. Raises CredentialsError."""
        if entry.server != self._server(CredentialsError):
            raise CredentialsError("The pod's ServiceAccount signs in to the pod's own cluster only.")
        return await self._token.sign(Credentials(), entry, refused)

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

"""A real cluster in the hands of a test: where it is, who may speak to it, and what can be asked of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.cluster import audit, fill
from tests.cluster.api import Api
from tests.cluster.binaries import binary
from tests.cluster.pki import Pki
from tests.cluster.versions import ClusterUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

_KUBECTL_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One API server, and (when we started it) all that is behind it."""

    server: str
    """The URL."""
    version: str
    """What /version calls itself, like v1.37.2."""
    kubeconfig: Path
    """The administrator's, complete in one file."""
    ca: Path
    folder: Path
    audit_log: Path | None
    """None when the cluster is somebody else's."""
    etcd: str
    """The URL of its etcd; empty when the cluster is somebody else's."""
    ends: ExitStack = field(default_factory=ExitStack, repr=False, compare=False)
    """What stop() ends; empty in a process that was only handed the cluster."""

    def stop(self) -> None:
        """End what this process started for it, and remove the folder; a second time does nothing."""
        self.ends.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def to_json(self) -> str:
        """What another process needs to use the cluster (an xdist worker); it cannot stop it."""
        known = ("server", "version", "kubeconfig", "ca", "folder", "audit_log", "etcd")
        return json.dumps({name: getattr(self, name) for name in known}, default=str)

    @classmethod
    def from_json(cls, text: str) -> Cluster:
        """The cluster that to_json() described, without the power to stop it."""
        values: dict[str, Any] = json.loads(text)
        for name in ("kubeconfig", "ca", "folder", "audit_log"):
            values[name] = Path(values[name]) if values[name] else None
        return cls(**values)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """What the kubectl of the same version prints, as the administrator; raises CalledProcessError."""
        mine = {"KUBECONFIG": str(self.kubeconfig), "KUBERC": "off", "HOME": str(self.folder)}
        try:
            return subprocess.run(
                [binary("kubectl"), *arguments],
                input=stdin,
                env={**os.environ, **mine},
                capture_output=True,
                encoding="utf-8",
                timeout=_KUBECTL_SECONDS,
                check=True,
            ).stdout
        except subprocess.CalledProcessError as error:
            error.add_note(error.stderr)
            raise

    def user(self, name: str, groups: Sequence[str] = ()) -> Path:
        """The kubeconfig of a user of this name and these groups, who may do nothing until RBAC says so."""
        told_apart = hashlib.sha256(json.dumps([name, *groups]).encode()).hexdigest()[:8]
        path = self.folder / "users" / f"{re.sub('[^a-z0-9]+', '-', name.lower())}-{told_apart}.kubeconfig"
        path.parent.mkdir(exist_ok=True)
        return path if path.exists() else self.pki.kubeconfig(path, self.server, name, groups)

    def service_account_token(self, namespace: str, name: str) -> str:
        """A token, valid for an hour, of a service account that is made when missing."""
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self.api.ensure(accounts, {"metadata": {"name": name}})
        token: str = self.api.post(f"{accounts}/{name}/token", {"spec": {}})["status"]["token"]
        return token

    def nodes(self, count: int) -> tuple[str, ...]:
        """`count` Ready nodes played by kwok; their names. A second time makes only what is missing."""
        return fill.ensure_nodes(self.api, count)

    def pods(self, namespaces: int, per_namespace: int, *, nodes: int = 10) -> tuple[str, ...]:
        """Namespaces full of Running pods on kwok's nodes; the namespaces' names. Idempotent as nodes()."""
        return fill.ensure_pods(self.api, namespaces, per_namespace, self.nodes(nodes))

    def requests(self, *, user_agent: str = "", user: str = "") -> list[audit.Request]:
        """What reached the server so far, as its audit log has it."""
        return list(audit.requests(self._log, user_agent=user_agent, user=user))

    def is_logged(self, uri: str) -> bool:
        """Whether the audit log has a request for `uri` by now; then it has all that were answered before."""
        return audit.is_logged(self._log, uri)

    @property
    def _log(self) -> Path:
        if self.audit_log is None:
            raise ClusterUnavailable("Somebody else's cluster shows no audit log: use an own one.")
        return self.audit_log

    @property
    def api(self) -> Api:
        """The test bed's own plain requests, as the administrator."""
        return Api(self.kubeconfig)

    @property
    def pki(self) -> Pki:
        """The certificates behind the cluster; raises ClusterUnavailable when they are somebody else's."""
        if not self.etcd:
            raise ClusterUnavailable("Somebody else's cluster issues no certificates for us: use an own one.")
        return Pki(folder=self.ca.parent)

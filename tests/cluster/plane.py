"""Starts a control plane piece by piece in one folder, each piece ready before the next one needs it.

What was started is ended by the plane's exit stack, also when a later piece fails.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.cluster import audit, components
from tests.cluster.api import Api
from tests.cluster.folders import data_folder
from tests.cluster.processes import PortTaken, Process, free_port, launch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.cluster.pki import Pki

_PORT_ATTEMPTS = 5
_DEFAULT_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"


@dataclass(frozen=True, kw_only=True)
class Plane:
    """A control plane in the making: its folder, its certificates, and what ends it."""

    folder: Path
    pki: Pki
    ends: ExitStack = field(default_factory=ExitStack)

    @property
    def admin(self) -> Path:
        return self.folder / "admin.kubeconfig"

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"

    def start_etcd(self) -> str:
        """etcd on a socket in the folder (no port to fight for, closed to other users); returns its URL."""
        socket = self.folder / "etcd.sock"
        etcd = self._launch("etcd", components.etcd(data_folder(self.folder, "etcd"), f"unix://{socket}"))
        etcd.wait_until(socket.exists, "listening")
        return f"unix://{socket}"

    def start_api_server(self, etcd: str, prefix: str, extra_args: Sequence[str] = ()) -> str:
        """kube-apiserver on a free port, ready; returns its URL. `prefix` is its part of etcd."""
        policy = self.folder / "audit-policy.yaml"
        policy.write_text(audit.POLICY, "utf-8")
        for attempt in range(_PORT_ATTEMPTS):
            what = components.ApiServer(
                port=free_port(),
                etcd=etcd,
                etcd_prefix=prefix,
                pki=self.pki.folder,
                audit_policy=policy,
                audit_log=self.audit_log,
                extra_args=tuple(extra_args),
            )
            try:
                return self._api_server(what)
            except PortTaken:
                if attempt == _PORT_ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def start_controllers(self, server: str) -> None:
        """The controllers and the scheduler; returns when a pod could be created in `default`."""
        who = "system:kube-controller-manager"
        kubeconfig = self._kubeconfig(server, who)
        manager = self._launch("controllers", components.controller_manager(kubeconfig, self.pki.folder))
        self._launch("scheduler", components.scheduler(self._kubeconfig(server, "system:kube-scheduler")))
        api = Api(self.admin)
        manager.wait_until(lambda: api.answers(_DEFAULT_ACCOUNT), "the first service account")

    def start_kwok(self, server: str) -> None:
        """kwok, which waits for nodes that carry its annotation."""
        self._launch("kwok", components.kwok(self._kubeconfig(server, "kwok", "system:masters")))

    def _api_server(self, what: components.ApiServer) -> str:
        server = f"https://127.0.0.1:{what.port}"
        api = Api(self.pki.kubeconfig(self.admin, server, "admin", ("system:masters",)))
        process = self._launch("api-server", components.api_server(what))
        # Ready can come before the namespace that every client assumes.
        process.wait_until(lambda: api.answers("/readyz"), "/readyz")
        process.wait_until(lambda: api.answers("/api/v1/namespaces/default"), "the namespace `default`")
        return server

    def _launch(self, name: str, command: components.Command) -> Process:
        process = launch(self.folder, name, command)
        self.ends.callback(process.stop)
        return process

    def _kubeconfig(self, server: str, user: str, *groups: str) -> Path:
        path = self.folder / f"{user.rpartition(':')[2]}.kubeconfig"
        return self.pki.kubeconfig(path, server, user, groups)

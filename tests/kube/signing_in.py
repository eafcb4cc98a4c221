"""A kubeconfig whose user signs in: real files, real programs beside them, and the provider that uses both."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes.errors import CredentialsError
from mcp_kubernetes.identity import Identity
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.provider import KubeconfigCredentials
from mcp_kubernetes.kube.kubeconfig.loading import Kubeconfig
from tests.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

ACCESS = Access(identity=Identity.local())
PLANTED = "planted-secret-7c2e91"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----\n"
V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"


class Setup:
    """A folder with a kubeconfig, whose contexts a and b have clusters of their own and share one user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "config"
        self.clock = Clock()
        self.kubeconfig = Kubeconfig([self.path])
        self.provider = KubeconfigCredentials(self.kubeconfig, self.clock)
        self.cluster: dict[str, Any] = {}
        """What is said about the cluster a, besides its server."""

    def write(self, user: object, *, server: str = "https://a:6443", context: dict[str, Any] | None = None) -> None:
        clusters = {"a": {"server": server, **self.cluster}, "b": {"server": "https://b:6443"}}
        contexts = {name: {"cluster": name, "user": "me", **(context or {})} for name in clusters}
        content = {
            "contexts": [{"name": name, "context": context} for name, context in contexts.items()],
            "clusters": [{"name": name, "cluster": cluster} for name, cluster in clusters.items()],
            "users": [{"name": "me", "user": user}],
        }
        self.path.write_text(json.dumps(content))

    def exec(self, command: object, **user: Any) -> None:
        """Sign in with what `command` says, the mapping under `exec`."""
        self.write({**user, "exec": command})

    def plugin(self, body: str, **fields: Any) -> None:
        """Sign in with a program beside the kubeconfig that does what `body` says."""
        self.program("plugin", body)
        self.exec({"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never", **fields})

    def program(self, name: str, body: str) -> Path:
        """A program that counts its runs before it does what `body` says."""
        runs = str(self.folder / "runs")
        counting = f"with open({runs!r}, 'a') as runs:\n  runs.write('.')\nRUN = str(os.path.getsize({runs!r}))"
        path = self.folder / name
        path.write_text(f"#!{sys.executable} -ES\nimport os, sys, time\n{counting}\n{dedent(body)}\n")
        path.chmod(0o755)
        return path

    @property
    def runs(self) -> int:
        """How often a program of ours was run."""
        counted = self.folder / "runs"
        return len(counted.read_text()) if counted.exists() else 0

    def entry(self, name: str = "a") -> ClusterEntry:
        return self.kubeconfig.load().entry(name, "kubeconfig")

    async def credentials(self, refused: Credentials | None = None, name: str = "a") -> Credentials:
        return await self.provider.credentials(ACCESS, self.entry(name), refused)

    async def bearer(self, refused: Credentials | None = None) -> str | None:
        return (await self.credentials(refused)).token

    async def refusal(self) -> str:
        """Why nobody can sign in; it shows nothing of what was planted."""
        with pytest.raises(CredentialsError) as caught:
            await self.credentials()
        text = str(caught.value)
        assert PLANTED not in text + repr(caught.value)
        return text

    async def noted(self, **fields: Any) -> dict[str, Any]:
        """What a plugin finds in its environment and, under "args", in its arguments."""
        note = self.folder / "note"
        said = f"json.dump({{**os.environ, 'args': sys.argv[1:]}}, open({str(note)!r}, 'w'))"
        self.plugin(f"import json\n{said}\n" + printing({"token": PLANTED}), **fields)
        await self.credentials()
        found: dict[str, Any] = json.loads(note.read_text())
        return found


def printing(status: Any, version: str = V1, kind: str = "ExecCredential") -> str:
    """The body of a plugin that answers with `status`, in which @RUN is the number of this run."""
    return f"print({json.dumps({'apiVersion': version, 'kind': kind, 'status': status})!r}.replace('@RUN', RUN))"


def in_seconds(seconds: float) -> str:
    """The time in so many seconds, as a plugin writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")

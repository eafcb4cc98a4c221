"""A kubeconfig of two contexts of one server, a healthy and a broken one, and what reaches that server."""

from __future__ import annotations

import base64
import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

import mcp_kubernetes_resources
from mcp_kubernetes_contexts import Contexts
from pytest_mcp_kubernetes.apps import text
from tests.invariants.broken_users import PLANTED, BrokenUser
from tests.invariants.probes import seen_by

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

    import pytest
    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster, Request

ASKED = {"resourceType": "namespaces"}
_OTHERS = ("kube-apiserver/", "test-bed")


def reached(cluster: Cluster) -> list[Request]:
    """Every request that reached the server so far and is not its own or the test bed's, whoever it was sent as."""
    return [request for request in seen_by(cluster) if not request.user_agent.startswith(_OTHERS)]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A kubeconfig with the contexts healthy and broken of one server, in a folder, and what a call says."""

    cluster: Cluster
    folder: Path
    log: pytest.LogCaptureFixture

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "config"

    def write(self, broken: BrokenUser) -> None:
        """Write the kubeconfig, in which `broken` signs in to the context of that name, and all files beside it."""
        known = yaml.safe_load(self.cluster.kubeconfig.read_text("utf-8"))
        admin = known["users"][0]["user"]
        other = yaml.safe_load(self.cluster.user("another").read_text("utf-8"))["users"][0]["user"]
        for name, encoded in (
            ("tls.crt", admin["client-certificate-data"]),
            ("tls.key", admin["client-key-data"]),
            ("another.key", other["client-key-data"]),
        ):
            (self.folder / name).write_bytes(base64.b64decode(encoded))
        broken.write(self.folder)
        users = {"healthy": admin, "broken": dict(broken.user)}
        contexts = {name: {"cluster": "one", "user": name} for name in users}
        contexts["broken"].update(broken.context)
        content = {
            "current-context": "broken",
            "clusters": [{"name": "one", "cluster": known["clusters"][0]["cluster"]}],
            "users": [{"name": name, "user": user} for name, user in users.items()],
            "contexts": [{"name": name, "context": context} for name, context in contexts.items()],
        }
        self.kubeconfig.write_text(json.dumps(content), encoding="utf-8")

    @asynccontextmanager
    async def client(self, app: Apps, settings: Mapping[str, Any] | None = None) -> AsyncIterator[Client]:
        plugins = {"resources": mcp_kubernetes_resources, "contexts": Contexts()}
        async with app(plugins, {"contexts": {"kubeconfig": [str(self.kubeconfig)], **(settings or {})}}) as client:
            yield client

    async def refusal(self, client: Client, **arguments: str) -> str:
        """What a call says that cannot sign in: what is wrong, and what to do. Nothing planted is said or logged."""
        answer = await client.call_tool("k8s_list_resources", ASKED | arguments)
        said, _, notes = text(answer).partition("\nnote: ")
        assert answer.is_error, said
        assert all(line.isprintable() for line in said.splitlines()), said
        assert re.fullmatch(r"\S.+\. [A-Z-][^.]+(\.[^. ]+)*\.", said.splitlines()[0]), said
        assert "its log tells more" not in said
        for planted in (PLANTED, *self._keys()):
            assert planted not in said + notes + self.log.text
        return said

    def _keys(self) -> Iterator[str]:
        """What would be recognised of the real keys: their second line, the first of the key itself."""
        for name in ("tls.key", "another.key"):
            if (self.folder / name).exists():
                yield (self.folder / name).read_text("ascii").splitlines()[1]


async def works(client: Client, **arguments: str) -> bool:
    answer = await client.call_tool("k8s_list_resources", ASKED | arguments)
    return not answer.is_error and "kube-system" in text(answer)

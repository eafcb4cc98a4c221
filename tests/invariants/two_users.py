"""Two people, each with credentials and a namespace of his own, at one cluster that they share."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from mcp_kubernetes import App, Effect, Foreign, Identity, ToolCall, hookimpl, tool
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.spi import (
    Access,
    ClusterEntry,
    ClusterSource,
    CredentialProvider,
    Credentials,
    CredentialsError,
    Session,
)
from mcp_kubernetes_resources.listing import k8s_list_resources
from tests.invariants.probes import Witness, wait_until_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcp_kubernetes.spi import Outcome
    from tests.cluster import Cluster


QUICK = {"kubernetes": {"qps_limit": 0}}
WHO_AM_I = Request(
    method="POST",
    path="/apis/authentication.k8s.io/v1/selfsubjectreviews",
    headers=(("Content-Type", "application/json"),),
    body=b"{}",
)


@tool(effect=Effect.READ)
async def who_am_i(call: ToolCall) -> Foreign:
    """Ask the API server."""
    answer = await call.cluster._send(WHO_AM_I)
    return Foreign(json.loads(answer.body)["status"]["userInfo"]["username"])


list_again = replace(k8s_list_resources, name="list_again")


class PerUser:
    """A source of clusters that all users share, to which each signs in with credentials of his own."""

    name = "shared"
    parameter = "cluster"
    description = "Cluster."
    credentials = "per-user"
    selectable = True

    def __init__(self, entries: Sequence[ClusterEntry], keys: Mapping[str, Credentials]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._keys = keys

    async def list(self, access: Access) -> Sequence[ClusterEntry]:  # noqa: ARG002 - the same for everybody
        return list(self._entries.values())

    async def get(self, name: str | None, access: Access) -> ClusterEntry:  # noqa: ARG002
        return self._entries[name or "one"]

    @hookimpl
    def register_cluster_sources(self) -> Sequence[ClusterSource]:
        return [self]

    @hookimpl
    def register_credential_providers(self) -> Sequence[CredentialProvider]:
        return [_Keys(self._keys)]


@dataclass
class _Keys:
    keys: Mapping[str, Credentials]
    name: str = "per-user"

    async def credentials(
        self,
        access: Access,
        entry: ClusterEntry,  # noqa: ARG002 - the same keys for each cluster
        refused: Credentials | None = None,  # noqa: ARG002
    ) -> Credentials:
        await asyncio.sleep(0)  # where an interleaved call of somebody else comes in
        if access.identity.subject not in self.keys:
            raise CredentialsError("You have not signed in.")
        return self.keys[access.identity.subject]


@dataclass(frozen=True)
class User:
    """A person with a namespace of her own, in which alone she may read."""

    subject: str
    kubernetes_name: str
    namespace: str
    credentials: Credentials

    @property
    def identity(self) -> Identity:
        return Identity(subject=self.subject, issuer="https://issuer.example.com")

    @property
    def session(self) -> Session:
        return Session(key=self.subject)


def by_certificate(cluster: Cluster, subject: str) -> User:
    witness = Witness.of(cluster, groups=())
    user = yaml.safe_load(witness.kubeconfig.read_text("utf-8"))["users"][0]["user"]
    certificate, key = (base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key"))
    namespace = _own_namespace(cluster, subject, witness.name, f"--user={witness.name}")
    return User(subject, witness.name, namespace, Credentials(certificate=certificate, key=key))


def by_token(cluster: Cluster, subject: str) -> User:
    account = f"reader-{uuid.uuid4().hex[:8]}"
    token = cluster.service_account_token("default", account)
    user = f"system:serviceaccount:default:{account}"
    namespace = _own_namespace(cluster, subject, user, f"--serviceaccount=default:{account}")
    return User(subject, user, namespace, Credentials(token=token))


def _own_namespace(cluster: Cluster, subject: str, user: str, who: str) -> str:
    name = f"{subject}-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("create", "rolebinding", "reads", "--clusterrole=view", who, "-n", name)
    for number in range(3):
        cluster.kubectl("create", "configmap", f"of-{subject}-{number}", "-n", name)
    wait_until_allowed(cluster, user, "list", "configmaps", name)
    return name


async def called(app: App, user: User, name: str, arguments: dict[str, Any]) -> Outcome:
    return await app.call(name, arguments, identity=user.identity, session=user.session)


def said(outcome: Outcome) -> str:
    return "\n".join(outcome.blocks)


def listing(namespace: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "configmaps", "namespace": namespace, **more}

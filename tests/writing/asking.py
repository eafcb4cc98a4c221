"""Who is asked, and the server that asks them, in a namespace of its own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcp import Client
from mcp import types as mcp

from mcp_kubernetes.spi import Session, mcp_server
from tests.writing.kinds import KINDS, Fields
from tests.writing.watched import writes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mcp_kubernetes import App
    from tests.cluster import Cluster
    from tests.invariants.probes import Witness

YES = mcp.ElicitResult(action="accept", content={"approve": True})
_MAP = KINDS["ConfigMap"]


@dataclass
class Person:
    """Who sits at the client: what they were asked, and what they say."""

    says: mcp.ElicitResult | Exception
    asked: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    """Called with each question, before it is answered."""

    async def __call__(self, context: Any, params: mcp.ElicitRequestParams) -> mcp.ElicitResult:
        del context
        self.asked.append(params.message)
        self.before()
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@dataclass
class Asking:
    """A server that asks, in a namespace of its own."""

    app: App
    cluster: Cluster
    witness: Witness
    namespace: str

    @asynccontextmanager
    async def client(self, mode: str, person: Person | None) -> AsyncIterator[Client]:
        server = mcp_server(self.app, session=Session(key="test"))
        async with Client(server, mode=mode, elicitation_callback=person) as made:
            yield made

    def sent(self) -> list[tuple[str, str]]:
        return writes(self.witness.seen())

    def make(self, name: str, **metadata: Any) -> Fields:
        found: Fields = self.cluster.api.post(_MAP.path(self.namespace), _MAP.manifest(name, **metadata))
        return found

    def names(self) -> set[str]:
        items = self.cluster.api.get(_MAP.path(self.namespace))["items"]
        return {item["metadata"]["name"] for item in items} - {"kube-root-ca.crt"}

    def which(self, **more: Any) -> dict[str, Any]:
        return {"resourceType": "configmaps", "namespace": self.namespace, **more}

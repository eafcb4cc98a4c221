"""An API server that has one pod, whose log it sends in the pieces that a test wants: no real one can be made to.

It takes the place of one for a whole app.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import mcp_kubernetes_pods
from mcp_kubernetes import App, Identity
from mcp_kubernetes.conversation import NOBODY, Person
from pytest_mcp_kubernetes.static import Static
from tests.kube.scripted import ScriptedServer, http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "uid": "1"},
    "spec": {"containers": [{"name": "main"}]},
    "status": {},
}
PODS = {
    "resource": "pods",
    "responseKind": {"group": "", "version": "v1", "kind": "Pod"},
    "scope": "Namespaced",
    "singularResource": "pod",
    "verbs": ["get", "list"],
}
KINDS = {
    "kind": "APIGroupDiscoveryList",
    "apiVersion": "apidiscovery.k8s.io/v2",
    "items": [{"metadata": {"name": ""}, "versions": [{"version": "v1", "resources": [PODS]}]}],
}
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"


def unfinished(*pieces: bytes) -> bytes:
    """An answer that has sent these pieces, and goes on."""
    return _HEAD + b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)


def finished(*pieces: bytes) -> bytes:
    """An answer of these pieces."""
    return unfinished(*pieces) + b"0\r\n\r\n"


def stamped(lines: Iterable[str]) -> list[str]:
    """The lines with the kubelet's timestamps."""
    return [f"2026-11-29T13:20:00.{number:09}Z {line}" for number, line in enumerate(lines)]


@dataclass
class Speaking(ScriptedServer):
    """Its pod's log is this answer."""

    log: bytes = b""
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        await super()._answer(reader)
        target = self.received[-1].target
        if "/log?" in target:
            self.was_asked.set()
        return self.log if "/log?" in target else http(200, json.dumps(POD if "/pods/" in target else KINDS))


@asynccontextmanager
async def asked_by(speaking: Speaking, folder: Path) -> AsyncIterator[App]:
    """An app whose one cluster it is."""
    path = folder / "kubeconfig"
    context = {"name": "here", "context": {"cluster": "here", "user": "me"}}
    config = {
        "clusters": [{"name": "here", "cluster": {"server": speaking.url}}],
        "users": [{"name": "me", "user": {"token": "mine"}}],
        "contexts": [context],
        "current-context": "here",
    }
    path.write_text(json.dumps(config), "utf-8")
    async with App.of({}, plugins={"pods": mcp_kubernetes_pods, "static": Static(path)}) as app:
        yield app


async def ask(app: App, person: Person = NOBODY, /, **arguments: Any) -> str:
    """The answer about its log, which must be no error."""
    question = {"podName": "web", "namespace": "shop", **arguments}
    outcome = await app.call("k8s_get_pod_logs", question, identity=Identity.local(), session=None, person=person)
    assert not outcome.is_error, outcome.blocks
    return "\n".join(outcome.blocks)

"""What a cluster serves, and how its API server finds itself: /version, /readyz and /livez."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from mcp_kubernetes.errors import ServerFailure
from mcp_kubernetes.kube.catalogue.addressing import Addressing
from mcp_kubernetes.kube.catalogue.discovery import ANEW
from mcp_kubernetes.kube.catalogue.resources import Resource
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.decoding.decode import decode

APIResource = Resource
"""One resource in one version, as discovery describes it."""

Endpoint = Literal["readyz", "livez"]

_FAILED = 500
_CHECK = re.compile(r"^\[([+-])\]([^\n]+)$", re.MULTILINE)
"""One line of a verbose health endpoint (k8s.io/apiserver, healthz)."""


@dataclass(frozen=True, kw_only=True)
class ServedAPI:
    """The resources of a cluster, each in its preferred version. `stale`: group versions whose server is down."""

    resources: Sequence[Resource]
    stale: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ServerCheck:
    """One of the API server's own checks, in its own words: `etcd ok`, `shutdown failed: reason withheld`."""

    passed: bool
    text: str


class _Version(msgspec.Struct):
    version: str = msgspec.field(name="gitVersion", default="")


class Serving(Addressing):
    """Each method raises what any request may."""

    async def api_resources(self) -> ServedAPI:
        """All that is served, as the API server confirms it to this caller with this very call."""
        index = await self._served(ANEW)
        return ServedAPI(resources=index.preferred(), stale=index.stale)

    async def version(self) -> str:
        """The API server's version, like v1.37.2."""
        return decode(_Version, (await self._send(Request(method="GET", path="/version"))).body).version

    async def server_checks(self, endpoint: Endpoint) -> list[ServerCheck]:
        """The API server's own checks. Raises ServerFailure where it fails without naming any."""
        request = Request(method="GET", path=f"/{endpoint}", query=(("verbose", ""),), answers=(_FAILED,))
        response = await self._send(request)
        found = _CHECK.findall(response.body.decode(errors="replace"))
        if response.status == _FAILED and not any(sign == "-" for sign, _ in found):
            raise ServerFailure(f"The API server fails its {endpoint} without saying why.", status=response.status)
        return [ServerCheck(passed=sign == "+", text=text) for sign, text in found]

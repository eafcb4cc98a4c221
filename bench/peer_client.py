"""A bare aiohttp client: the same requests that our list sends, their bytes read and thrown away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Self

import aiohttp
import yaml

from tests.cluster.api import client_tls

_TABLE = {
    "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    "Accept-Encoding": "identity",
}
_AT_ONCE = 4
_PAGE = 500


class PeerClient:
    """One session, on an event loop of its own."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        self._server = config["clusters"][0]["cluster"]["server"]
        self._tls = client_tls(config["clusters"][0]["cluster"], config["users"][0]["user"])
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._session = self._runner.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._session.close())
        self._runner.close()

    def get(self, path: str) -> bytes:
        """One GET."""
        return self._runner.run(self._get(path))

    def pods(self) -> int:
        """All pods as tables, four namespaces at a time; the number of bytes."""
        return self._runner.run(self._pods())

    async def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self._tls)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def _get(self, path: str) -> bytes:
        async with self._session.get(self._server + path, headers=_TABLE) as response:
            return await response.read()

    async def _pods(self) -> int:
        namespaces = json.loads(await self._get("/api/v1/namespaces?includeObject=Metadata"))
        names = [row["object"]["metadata"]["name"] for row in namespaces["rows"]]
        turns = asyncio.Semaphore(_AT_ONCE)
        return sum(await asyncio.gather(*(self._pods_in(name, turns) for name in names)))

    async def _pods_in(self, namespace: str, turns: asyncio.Semaphore) -> int:
        path = f"/api/v1/namespaces/{namespace}/pods?limit={_PAGE}&includeObject=None"
        async with turns:
            return len(await self._get(path))

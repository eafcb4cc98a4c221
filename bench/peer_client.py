"""A bare aiohttp client: the same requests that our list sends, their bytes read and thrown away."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

import aiohttp
import yaml

from tests.cluster.api import client_tls

_TABLE = {
    "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    "Accept-Encoding": "identity",
}
_OBJECTS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_CONTINUE = re.compile(rb'"continue":"([^"]+)"')
_AT_ONCE = 4
_CHAINS_AT_ONCE = 8
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

    def whole_pods(self) -> int:
        """All pods as whole objects, page after page; the number of bytes."""
        return self._runner.run(self._whole_pods())

    def reads(self, chains: Sequence[Sequence[str]]) -> int:
        """These URIs, chains of them beside each other and each chain in its order; the number of bytes."""
        return self._runner.run(self._reads(chains))

    def drained(self, paths: Iterable[str]) -> int:
        """Answers that are read at the same time as they come, and dropped; the number of bytes."""
        return self._runner.run(self._drained(paths))

    async def _drained(self, paths: Iterable[str]) -> int:
        return sum(await asyncio.gather(*map(self._drain, paths)))

    async def _drain(self, path: str) -> int:
        headers = {"Accept-Encoding": "identity"}
        async with self._session.get(self._server + path, headers=headers) as response:
            return sum([len(chunk) async for chunk in response.content.iter_any()])

    async def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self._tls)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def _get(self, path: str, headers: Mapping[str, str] = _TABLE) -> bytes:
        async with self._session.get(self._server + path, headers=headers) as response:
            return await response.read()

    async def _whole_pods(self) -> int:
        size, token = 0, ""
        while token or not size:
            page = await self._get(f"/api/v1/pods?limit={_PAGE}&continue={token}", _OBJECTS)
            found = _CONTINUE.search(page, 0, 2_000)
            size, token = size + len(page), found[1].decode() if found else ""
        return size

    async def _reads(self, chains: Sequence[Sequence[str]]) -> int:
        turns = asyncio.Semaphore(_CHAINS_AT_ONCE)

        async def one(chain: Sequence[str]) -> int:
            async with turns:
                return sum([len(await self._get(uri, _OBJECTS)) for uri in chain])

        return sum(await asyncio.gather(*map(one, chains)))

    async def _pods(self) -> int:
        namespaces = json.loads(await self._get("/api/v1/namespaces?includeObject=Metadata"))
        names = [row["object"]["metadata"]["name"] for row in namespaces["rows"]]
        turns = asyncio.Semaphore(_AT_ONCE)
        return sum(await asyncio.gather(*(self._pods_in(name, turns) for name in names)))

    async def _pods_in(self, namespace: str, turns: asyncio.Semaphore) -> int:
        path = f"/api/v1/namespaces/{namespace}/pods?limit={_PAGE}&includeObject=None"
        async with turns:
            return len(await self._get(path))

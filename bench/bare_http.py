"""A bare Starlette endpoint that makes one request to the API server for each call, and nothing of ours. The floor."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.cluster.api import client_tls

if TYPE_CHECKING:
    from starlette.requests import Request

PATH = "/api/v1/namespaces/kube-system"


class Bare:
    """The endpoint. It keeps its connections to the API server, as ours does."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self._session = session
        self._server = server

    async def answer(self, request: Request) -> JSONResponse:
        """One call."""
        number = (await request.json())["id"]
        async with self._session.get(self._server + PATH) as response:
            content = [{"type": "text", "text": await response.text()}]
        return JSONResponse({"jsonrpc": "2.0", "id": number, "result": {"content": content}})


async def _main(kubeconfig: Path) -> None:
    config = yaml.safe_load(await asyncio.to_thread(kubeconfig.read_text, encoding="utf-8"))
    cluster = config["clusters"][0]["cluster"]
    connector = aiohttp.TCPConnector(ssl=client_tls(cluster, config["users"][0]["user"]), limit=32)
    listening = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    async with aiohttp.ClientSession(connector=connector) as session:
        app = Starlette(routes=[Route("/mcp", Bare(session, cluster["server"]).answer, methods=["POST"])])
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", http="h11", loop="asyncio"))
        sys.stderr.write(f"Serving MCP at http://127.0.0.1:{listening.getsockname()[1]}/mcp.\n")
        await server.serve([listening])


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))

"""A way to a real API server on which answers to changes are lost: the server carries them out, and nobody is told."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
import yaml
from aiohttp import web

from tests.cluster.api import client_tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.invariants.probes import Witness

_PASSED_ON = ("Content-Type", "Accept", "User-Agent")


@dataclass
class Cutting:
    """Passes requests on as they are. With the answer to a change it does what `spoil` says, if anything."""

    server: str
    tls: ssl.SSLContext
    spoil: str = ""
    arrived: list[str] = field(default_factory=list)
    """Methods of the changes that came in."""
    done: Callable[[], None] = lambda: None
    """Called once a change was carried out."""
    held: asyncio.Event | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        is_change = request.method not in {"GET", "HEAD"} and "selfsubject" not in request.path
        if not is_change or not self.spoil:
            return await self._passed_on(request)
        self.arrived.append(request.method)
        if self.spoil == SPOILS[0]:
            return self._dropped(request)
        answer = await self._passed_on(request)
        self.done()
        if self.spoil in _ANSWERS:
            return _ANSWERS[self.spoil]()
        if self.spoil == "the answer ends in its middle":
            half = web.StreamResponse(headers={"Content-Length": str(answer.content_length)})
            await half.prepare(request)
            await half.write(b'{"kind"')
        elif self.spoil == "the answer never comes" and self.held:
            await self.held.wait()
        return self._dropped(request)

    def _dropped(self, request: web.Request) -> web.Response:
        if request.transport:
            request.transport.abort()
        return web.Response()

    async def _passed_on(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method,
                f"{self.server}{request.raw_path}",
                data=await request.read() or None,
                headers=headers,
                ssl=self.tls,
            ) as answer,
        ):
            kind = answer.headers["Content-Type"]
            return web.Response(status=answer.status, body=await answer.read(), headers={"Content-Type": kind})


_ANSWERS: dict[str, Callable[[], web.Response]] = {
    "a gateway fails": lambda: web.Response(status=502, text="bad gateway"),
    "a gateway is out of time": lambda: web.Response(status=504, text="{}", content_type="application/json"),
    "the server fails after it": lambda: web.json_response({"kind": "Status", "code": 500, "message": "x"}, status=500),
    "the answer is damaged": lambda: web.Response(text='{"kind": "Conf', content_type="application/json"),
    "a page comes back": lambda: web.Response(text="<html>sign in</html>", content_type="text/html"),
}

SPOILS = (
    "the connection ends before it arrives",
    "the connection ends before the answer",
    "the answer ends in its middle",
    *_ANSWERS,
)


@asynccontextmanager
async def cutting(witness: Witness, kubeconfig: Path) -> AsyncIterator[Cutting]:
    """The way, and a kubeconfig that goes by it; at the server everything comes from the witness."""
    known = yaml.safe_load(witness.kubeconfig.read_text("utf-8"))
    cluster, user = known["clusters"][0]["cluster"], known["users"][0]["user"]
    made = Cutting(server=cluster["server"], tls=client_tls(cluster, user))
    app = web.Application(client_max_size=8 << 20)
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    [(host, port)] = [address[:2] for address in runner.addresses]
    named = [{"name": "one", "cluster": {"server": f"http://{host}:{port}"}}]
    context = [{"name": "one", "context": {"cluster": "one", "user": "one"}}]
    users = [{"name": "one", "user": {"token": "not-looked-at"}}]
    content = {"current-context": "one", "clusters": named, "users": users, "contexts": context}
    await asyncio.to_thread(kubeconfig.write_text, json.dumps(content), "utf-8")
    try:
        yield made
    finally:
        await runner.cleanup()

"""Whether the server lives, and whether it wants work: for probes, which cannot sign in, and so are told nothing more.

The details are served at the listener for operators alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from mcp_kubernetes.app import App
    from mcp_kubernetes.transports.http.draining import Drain

PATHS = ("/healthz", "/readyz")


class Health:
    """Answers probes. Who can ask has found a server that has started: its end makes it unready, and a lost store."""

    def __init__(self, app: App, drain: Drain) -> None:
        self._app = app
        self._drain = drain

    def routes(self, *, details: bool) -> list[Route]:
        """For a listener; `details` lets `/readyz?verbose` tell them."""
        alive, ready = PATHS
        return [Route(alive, self._alive), Route(ready, self._ready_in_detail if details else self._ready)]

    async def _alive(self, _: Request) -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    async def _ready(self, _: Request) -> PlainTextResponse:
        if self._drain.begun:
            return PlainTextResponse("draining\n", 503)
        return PlainTextResponse("ok\n") if await self._app.store.is_usable() else PlainTextResponse("no store\n", 503)

    async def _ready_in_detail(self, request: Request) -> PlainTextResponse:
        plain = await self._ready(request)
        if "verbose" not in request.query_params:
            return plain
        usable = await self._app.store.is_usable()
        return PlainTextResponse("".join(f"{line}\n" for line in self._lines(usable)), plain.status_code)

    def _lines(self, usable: bool) -> Iterator[str]:
        """As the API server writes them: what is well has a plus."""
        yield "[-]running: draining, the server is about to end" if self._drain.begun else "[+]running ok"
        yield f"[+]store {self._app.store.name} ok" if usable else f"[-]store {self._app.store.name} cannot be used"
        for state in self._app.plugins.states:
            mark = "-" if state.status == "set aside" else "+"
            yield f"[{mark}]plugin {state.name} {state.status}" + (f": {state.reason}" if state.reason else "")

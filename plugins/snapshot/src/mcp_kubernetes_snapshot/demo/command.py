"""The command `demo`: it starts a server on the bundled shop, shows what can be done with it, and how to go on."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from mcp_kubernetes import Settings, setting
from mcp_kubernetes.spi import Command

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_kubernetes.spi import Invocation


class DemoOptions(Settings):
    """What `demo` takes."""

    http: bool = setting(
        default=False, flag="--http", help="Serve over HTTP, and go on until Ctrl-C once everything was shown."
    )


async def _run(invocation: Invocation) -> int:
    with as_file(files(__package__) / "shop") as shop:
        return await _shown(invocation, shop)


async def _shown(invocation: Invocation, shop: Path) -> int:
    from mcp_kubernetes_snapshot.demo.serving import Failed, over_http, over_stdio
    from mcp_kubernetes_snapshot.demo.showing import Stage
    from mcp_kubernetes_snapshot.demo.tour import tour

    stage = Stage.open()
    try:
        if invocation.options.http:
            async with over_http(shop, invocation.rest) as server:
                await tour(stage, server)
                stage.say(f"The server goes on at {server.url} until Ctrl-C.")
                await server.ended()
        else:
            async with over_stdio(shop, invocation.rest) as server:
                await tour(stage, server)
    except Failed as error:
        stage.fail(str(error))
        return 1
    return 0


DEMO = Command(
    name="demo",
    description="Show this server at work, in a cluster of files: what it lists, finds, and would change.",
    options=DemoOptions,
    run=_run,
)

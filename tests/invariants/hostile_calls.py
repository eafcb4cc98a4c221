"""A program that calls every tool with hostile arguments, and reports each process that Python started.

`python -m tests.invariants.hostile_calls` prints the number of calls and the audit events of the interpreter.
At its end it starts one process itself: a report without that one would prove nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from mcp_kubernetes import App, Identity
from mcp_kubernetes.spi import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EVENTS = (
    "subprocess.Popen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
)
HOSTILE = (
    "; touch /tmp/planted",
    "$(touch /tmp/planted)",
    "`touch /tmp/planted`",
    "| sh",
    "--kubeconfig=/tmp/planted",
    "-o=jsonpath={.data}",
    "pods\nrm -rf /",
    "{{.metadata}}",
    "!!python/object/apply:os.system ['true']",
)
HARMLESS = {"resourceType": "pods", "name": "none", "contextName": "admin"}


async def main() -> None:
    started: list[str] = []
    sys.addaudithook(lambda event, _: started.append(event) if event in EVENTS else None)
    calls = 0
    async with App.of({"kubernetes": {"qps_limit": 0}}) as app:
        for tool in app.visible_tools:
            for arguments in _hostile(tool.schema):
                await app.call(tool.name, arguments, identity=Identity.local(), session=Session(key="x"))
                calls += 1
    os.system("true")  # noqa: S605, ASYNC221 - shows that the hook sees what it is to see
    sys.stdout.write(json.dumps({"calls": calls, "started": started}))


def _hostile(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each hostile text in each parameter that takes one, and once in all of them."""
    texts = [name for name, field in schema["properties"].items() if _takes_text(field)]
    given = {name: HARMLESS[name] for name in schema.get("required", ()) if name in HARMLESS}
    yield given
    for value in HOSTILE:
        yield from ({**given, name: value} for name in texts)
        yield {**given, **dict.fromkeys(texts, value)}


def _takes_text(field: Mapping[str, Any]) -> bool:
    return field.get("type") == "string" and "enum" not in field


if __name__ == "__main__":
    asyncio.run(main())

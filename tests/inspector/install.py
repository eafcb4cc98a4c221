"""The official MCP Inspector, installed where it is locked, and how to call it.

Tests call `command()`; `make inspector` runs this module.
"""

from __future__ import annotations

from pathlib import Path

from tests.npm import installed

HERE = Path(__file__).parent


def command() -> list[str]:
    """Return the words that start the Inspector, installed if need be; its arguments (`--cli`, …) follow."""
    node = installed(HERE)
    return [str(node.node), str((HERE / "node_modules" / ".bin" / "mcp-inspector").resolve())]


if __name__ == "__main__":
    print(*command())  # noqa: T201 (the answer of the script)

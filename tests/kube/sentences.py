"""Asking tools what they say when something goes wrong, and looking at it from all sides."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pytest_mcp_kubernetes.apps import Apps

TOKEN = "planted-token-of-no-known-form"  # noqa: S105 - signs in nowhere
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwbGFudGVkIn0.planted"
"""In the form of a token that is known everywhere, and none."""

SECONDS = re.compile(r"wait \d+ s")
"""A server under load asks for more patience each time."""

_LONGEST = 300
_PODS = {"resourceType": "pods", "namespace": "default"}
_SUSPECTS = ("Traceback", "its log tells more", "aiohttp", "Error(", TOKEN, JWT)


@dataclass
class Asker:
    """Calls tools of an app that has nothing but one kubeconfig; each failure is looked at from all sides."""

    app: Apps
    log: pytest.LogCaptureFixture
    seconds: float = 30.0
    """How long a call may take."""

    async def refusal(self, kubeconfig: Path, tool: str = "k8s_list_resources", /, **arguments: Any) -> str:
        """The sentence of a call that fails, twice: the server goes on, and says the same again."""
        plugins = {"resources": mcp_kubernetes_resources, "static": Static(kubeconfig)}
        with self.log.at_level(logging.DEBUG):
            async with self.app(plugins, {"tools": {"timeout": self.seconds}}) as client:
                results = [await client.call_tool(tool, arguments or _PODS) for _ in range(2)]
        said = [text(result).splitlines()[0] for result in results]
        assert all(result.is_error for result in results), said
        assert SECONDS.sub("", said[0]) == SECONDS.sub("", said[1])
        assert len(said[0]) < _LONGEST
        everything = "\n".join([*map(text, results), self.log.text])
        assert [suspect for suspect in _SUSPECTS if suspect in everything] == []
        return said[0]


def bearing(folder: Path, server: str, *, ca: Path | None = None, user: dict[str, Any] | None = None) -> Path:
    """A kubeconfig for any server, with a token that must never be seen; with an empty `user`, of nobody."""
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    parts = {
        "clusters": [{"name": "c", "cluster": {"server": server, "certificate-authority": str(ca or "")}}],
        "users": [{"name": "u", "user": user or {"token": TOKEN}}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "" if user == {} else "u"}}],
    }
    path.write_text(yaml.safe_dump({**parts, "current-context": "test"}), "utf-8")
    return path

"""Folders with distributions in them, as pip would leave them: plugins that are installed nowhere else."""

from __future__ import annotations

import itertools
import textwrap
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.plugins import Plugins
from mcp_kubernetes.settings import PluginSettings

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = {found.name for found in entry_points(group="mcp_kubernetes")}

_numbers = itertools.count()

TOOL = """
    from mcp_kubernetes import Effect, ToolCall, hookimpl, tool

    @tool(effect=Effect.READ)
    async def {name}(call: ToolCall) -> str:
        "Say hello."
        return "hello"

    @hookimpl
    def register_tools():
        return [{name}]
"""


class Site:
    """A folder with distributions in it; it has to be on the path of whoever is to find them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: set[str] = set()

    def load(self, **selection: Any) -> Plugins:
        """Load what is in this folder; what else is installed where the tests run is disabled."""
        disable = {*selection.pop("disable", ()), *(ELSEWHERE - self._names)}
        return Plugins.load(PluginSettings(disable=tuple(disable), **selection))

    def install(
        self,
        distribution: str,
        code: str,
        *,
        name: str = "",
        version: str = "1.2.3",
        requires: str = "",
        target: str = "",
    ) -> str:
        """Write a module and the metadata that makes it a plugin; answer with the module's name."""
        module = self.module(code)
        self._names.add(name or distribution)
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        need = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n{need}", encoding="utf-8"
        )
        (info / "entry_points.txt").write_text(
            f"[mcp_kubernetes]\n{name or distribution} = {module}{target}\n", encoding="utf-8"
        )
        return module

    def module(self, code: str) -> str:
        """Write a module under a name of its own, so that no test meets another's."""
        name = f"throwaway_{next(_numbers)}"
        (self.folder / f"{name}.py").write_text(textwrap.dedent(code), encoding="utf-8")
        return name

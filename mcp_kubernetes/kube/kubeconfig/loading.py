"""Kubeconfig files: which contexts there are, where their clusters stand, and which user signs in.

The official loader is not used: it merges a KUBECONFIG list in the wrong order, resolves a user's paths
against the cluster's file, drops impersonation and turns a failed sign-in into an anonymous one.

Nothing is read before somebody asks, and what is wrong with a file is said by the call that needs the file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mcp_kubernetes.errors import UnknownCluster
from mcp_kubernetes.files import Stamp, read_file, stamp
from mcp_kubernetes.kube.kubeconfig.merged import Merged, merge
from mcp_kubernetes.kube.kubeconfig.plain_yaml import plain_yaml
from mcp_kubernetes.strict_yaml import InvalidYAML


class Kubeconfig:
    """The kubeconfig files of one list, read when first needed and again whenever one of them changes.

    `required` are files that were named one by one: a missing one is an error, as with `kubectl
    --kubeconfig`. Files of the KUBECONFIG variable may be missing.
    """

    def __init__(self, paths: Sequence[Path], *, required: bool = False) -> None:
        self.paths = tuple(path.absolute() for path in paths)
        self._required = required
        self._loaded: tuple[tuple[Stamp, ...], Merged] | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Kubeconfig:
        """The files of the variable KUBECONFIG, or ~/.kube/config where it is not set. Reads none of them."""
        listed = environ.get("KUBECONFIG")
        if listed:
            return cls([Path(path) for path in listed.split(os.pathsep) if path.strip()])
        # Path.expanduser raises where a process has no home; then there is no such file either.
        return cls([Path(os.path.expanduser("~/.kube/config"))])  # noqa: PTH111

    def load(self) -> Merged:
        """The merged files. Raises UnknownCluster for one that cannot be read or is no kubeconfig."""
        stamps = self._stamps()
        if self._loaded is None or self._loaded[0] != stamps:
            # The stamps are older than the content: what is written while we read is noticed next time.
            self._loaded = stamps, merge(self.paths, [self._read(path) for path in self.paths])
        return self._loaded[1]

    async def latest(self) -> Merged:
        """The same without holding up the event loop: hundreds of contexts take tens of milliseconds."""
        if self._loaded is not None and self._loaded[0] == self._stamps():
            return self._loaded[1]
        return await asyncio.to_thread(self.load)

    def _stamps(self) -> tuple[Stamp, ...]:
        return tuple(stamp(path) for path in self.paths)

    def _read(self, path: Path) -> Mapping[str, Any]:
        try:
            return parse(path, read_file(path))
        except FileNotFoundError:
            if self._required:
                raise UnknownCluster(f"The kubeconfig file {path} does not exist.") from None
            return {}
        except OSError as error:
            raise UnknownCluster(f"The kubeconfig file {path} cannot be read: {error.strerror}.") from None


def parse(path: Path, content: bytes) -> Mapping[str, Any]:
    """The mapping in a kubeconfig file; empty for an empty file. Raises UnknownCluster for anything else."""
    try:
        found = plain_yaml(content)
    except InvalidYAML as error:
        place = f" (line {error.line})" if error.line else ""
        raise UnknownCluster(f"The kubeconfig file {path} is not valid YAML{place}.") from None
    if not isinstance(found, dict | None):
        raise UnknownCluster(f"The file {path} is no kubeconfig: it holds no mapping.")
    return found or {}

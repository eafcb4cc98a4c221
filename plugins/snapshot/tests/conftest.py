"""Snapshots for tests: opened from a path, asked as the client asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcp_kubernetes.spi import Request, Response
from mcp_kubernetes_snapshot.api.answering import Answering
from mcp_kubernetes_snapshot.opening import Snapshot

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
Opening = Callable[..., "Opened"]
OpeningFiles = Callable[[Mapping[str, Any]], "Opened"]


class Opened:
    """An opened snapshot."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering

    @property
    def left_out(self) -> list[str]:
        """The lines of the report."""
        return list(self.answering.contents.report.lines())

    def ask(self, path: str, *, method: str = "GET", accept: str = "application/json", **query: str) -> Response:
        """One answer."""
        named = {name.replace("continue_", "continue"): value for name, value in query.items()}
        request = Request(method=method, path=path, query=tuple(named.items()), headers=(("Accept", accept),))
        return self.answering.answer(request)

    def get(self, path: str, **query: str) -> Any:
        """The body of an answer, decoded."""
        return json.loads(self.ask(path, **query).body)

    def rows(self, path: str, **query: str) -> Any:
        """The rows of a list as a table."""
        return json.loads(self.ask(path, accept=TABLE, **query).body)["rows"]

    def groups(self, root: str) -> Any:
        """The groups of discovery below /api or /apis."""
        return json.loads(self.ask(root, accept=AGGREGATED).body)["items"]

    def names(self, path: str, **query: str) -> list[str]:
        """The names in a list."""
        return [item["metadata"]["name"] for item in self.get(path, **query)["items"]]


@pytest.fixture
def opened() -> Iterator[Opening]:
    """Opens a path. Raises UnknownCluster."""
    connections: list[Any] = []

    def open_path(path: Path, *, most_mib: int = 64) -> Opened:
        connection = Snapshot(name="test", path=path, most_bytes=most_mib << 20).opened_now()
        connections.append(connection)
        return Opened(connection.answering)

    yield open_path
    for connection in connections:
        connection.answering.contents.close()


@pytest.fixture
def opened_files(opened: Opening, tmp_path: Path) -> OpeningFiles:
    """Writes files by their names, a value that is no text as YAML or JSON, and opens the folder."""

    def open_files(files: Mapping[str, Any]) -> Opened:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content if isinstance(content, str) else _encoded(name, content), "utf-8")
        return opened(tmp_path)

    return open_files


def _encoded(name: str, value: Any) -> str:
    as_json = json.dumps(value, indent=2)
    # What is there twice is written twice, and not as an alias.
    return yaml.safe_dump(json.loads(as_json)) if name.endswith((".yaml", ".yml")) else as_json

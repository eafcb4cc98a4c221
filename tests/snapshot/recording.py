"""What a real API server says of its built-in kinds: what it serves, and in which columns it shows it.

The plugin `snapshot` answers with it where there is no API server. `python -m tests.snapshot` writes it anew, from the
API server of the test bed; a test says when it has to be.
"""

from __future__ import annotations

import http.client
import json
import urllib.parse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.cluster.api import client_tls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

FILE = Path(__file__).parents[2] / "plugins/snapshot/src/mcp_kubernetes_snapshot/recorded.json"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_OF_EVERY_OBJECT = frozenset({"kind", "apiVersion", "metadata"})
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Recorder:
    """Asks one API server, with the headers and answers that the test bed's own `Api` does not show."""

    def __init__(self, cluster: Cluster) -> None:
        config = yaml.safe_load(cluster.kubeconfig.read_text("utf-8"))
        self._tls = client_tls(config["clusters"][0]["cluster"], config["users"][0]["user"])
        self._address = urllib.parse.urlsplit(cluster.server)

    def get(self, path: str, accept: str = "application/json") -> tuple[int, bytes, str]:
        """Status, body and warning, whatever they are."""
        host, port = self._address.hostname or "", self._address.port
        with closing(http.client.HTTPSConnection(host, port, timeout=30, context=self._tls)) as connection:
            connection.request("GET", path, headers={"Accept": accept})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Warning", "")

    def json(self, path: str, accept: str = "application/json") -> Any:
        """The answer to a GET that must succeed, decoded."""
        return self.warned(path, accept)[0]

    def warned(self, path: str, accept: str) -> tuple[Any, str]:
        """The same, and the warning that came with it."""
        status, body, warning = self.get(path, accept)
        assert status == http.HTTPStatus.OK, body
        return json.loads(body), warning

    def empty(self, path: str) -> dict[str, Any]:
        """What an object of a list has that has nothing: the bookmark of a watch is one, but for its metadata."""
        host, port = self._address.hostname or "", self._address.port
        with closing(http.client.HTTPSConnection(host, port, timeout=30, context=self._tls)) as connection:
            connection.request("GET", f"{path}?watch=true&allowWatchBookmarks=true&timeoutSeconds=30")
            events = map(json.loads, connection.getresponse())
            found: dict[str, Any] = next(event["object"] for event in events if event["type"] == "BOOKMARK")
        return {key: value for key, value in found.items() if key not in _OF_EVERY_OBJECT}


def recorded(cluster: Cluster) -> dict[str, Any]:
    """The document: the roots of discovery; of each kind its columns, its warning, and an empty object of it."""
    recorder = Recorder(cluster)
    roots = {root: _plain(recorder.json(root, DISCOVERY)) for root in ("/api", "/apis")}
    columns, warnings, empty = {}, {}, {}
    for place, path in _lists(roots, "watch"):
        if found := recorder.empty(path):
            empty[place] = found
    for place, path in _lists(roots):
        table, warning = recorder.warned(f"{path}?limit=1", TABLE)
        columns[place] = [_column(column) for column in table["columnDefinitions"]]
        if warning:
            warnings[place] = warning
    return {
        "version": cluster.version,
        "discovery": roots,
        "columns": columns,
        "warnings": warnings,
        "empty": empty,
    }


def text(document: dict[str, Any]) -> str:
    """As it stands in the file: one line for each version and each kind's columns, so that changes can be read."""
    lines = ["{", f' "version": {json.dumps(document["version"])},', ' "discovery": {']
    lines += _joined(
        f"  {json.dumps(root)}: [\n" + ",\n".join(f"   {json.dumps(group)}" for group in groups) + "\n  ]"
        for root, groups in document["discovery"].items()
    )
    for part in ("columns", "empty"):
        lines += [" },", f' "{part}": {{']
        lines += _joined(f"  {json.dumps(place)}: {json.dumps(found)}" for place, found in document[part].items())
    return "\n".join([*lines, f' }}, "warnings": {json.dumps(document["warnings"])}', "}", ""])


def _joined(lines: Iterator[str]) -> list[str]:
    return [",\n".join(lines)]


def _plain(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The groups without what belongs to this very server, nor groups that a CRD made."""
    return [
        {"metadata": {"name": group["metadata"]["name"]} if group["metadata"].get("name") else {}}
        | {"versions": group["versions"]}
        for group in found["items"]
        if not group["metadata"].get("name", "").endswith(".example")
    ]


def _lists(roots: dict[str, list[dict[str, Any]]], verb: str = "list") -> Iterator[tuple[str, str]]:
    """`apps/v1/deployments` and the path of its list, for each resource that has one, or that can be watched."""
    for root, groups in roots.items():
        for group in groups:
            for version in group["versions"]:
                for resource in version["resources"]:
                    if verb in resource["verbs"]:
                        place = "/".join(filter(None, (group["metadata"].get("name"), version["version"])))
                        yield f"{place}/{resource['resource']}", f"{root}/{place}/{resource['resource']}"


def _column(column: dict[str, Any]) -> dict[str, Any]:
    """Without its description, which nobody shows and which would be most of the file."""
    return {key: column[key] for key in ("name", "type", "format", "priority")}

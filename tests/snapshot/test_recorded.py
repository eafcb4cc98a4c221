"""What the plugin knows of the built-in kinds is what the API server of the test bed says of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mcp_kubernetes_snapshot.printing import PRINTERS
from tests.snapshot.recording import FILE, recorded, text

if TYPE_CHECKING:
    from tests.cluster import Cluster

_PLAIN = ["Name", "Created At"]


def test_the_recorded_kinds_are_those_of_the_api_server(own_cluster: Cluster) -> None:
    assert text(recorded(own_cluster)) == FILE.read_text("utf-8"), "record them anew: python -m tests.snapshot"


def test_every_kind_with_columns_of_its_own_has_a_printer() -> None:
    document = json.loads(FILE.read_text("utf-8"))
    kinds = {
        "/".join(filter(None, (group["metadata"].get("name"), version["version"], entry["resource"]))): (
            group["metadata"].get("name", ""),
            entry["responseKind"]["kind"],
        )
        for groups in document["discovery"].values()
        for group in groups
        for version in group["versions"]
        for entry in version["resources"]
    }
    special = {kinds[place] for place, found in document["columns"].items() if [c["name"] for c in found] != _PLAIN}
    assert special - PRINTERS.keys() == set()

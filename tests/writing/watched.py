"""Whether anything changed: what an answer says, what the API server's own audit log says, and what the server holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.cluster import Cluster, Request
    from tests.cluster.api import Api

_CHANGE_ID = re.compile(r"changeId ([a-z2-7]{13})\b")
_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_ASKING = ("/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/")
"""Reviews are created, and change nothing."""

_RESTLESS = frozenset({"leases", "events"})
"""What the API server itself renews and writes, whoever asks it for something."""

_LOOKS = 50
_REFUSED = 400


def change_id(answer: str) -> str:
    """The id that the answer to a change tells."""
    found = _CHANGE_ID.search(answer)
    assert found, answer
    return found[1]


def writes(requests: Iterable[Request]) -> list[tuple[str, str]]:
    """Verb and URI of each request that may have changed something: no dry run, and not refused by the API server."""
    return [
        (request.verb, request.uri)
        for request in requests
        if request.code < _REFUSED and "dryRun=All" not in request.uri and is_write(request)
    ]


def is_write(request: Request) -> bool:
    """Whether it is of a kind that changes something, be it tried only, or refused."""
    return request.verb in _WRITES and not request.uri.startswith(_ASKING)


def versions(cluster: Cluster) -> dict[str, str]:
    """The resourceVersion of everything in the cluster by its path, once two looks agree."""
    before = _versions(cluster.api)
    for _ in range(_LOOKS):
        if (found := _versions(cluster.api)) == before:
            return found
        before = found
    raise AssertionError("the cluster does not come to rest")


def _versions(api: Api) -> dict[str, str]:
    return {
        f"{path}/{item['metadata'].get('namespace', '')}/{item['metadata']['name']}": item["metadata"][
            "resourceVersion"
        ]
        for path in _collections(api)
        for item in api.get(path)["items"]
        if "resourceVersion" in item["metadata"]
    }


def _collections(api: Api) -> Iterator[str]:
    groups = [f"/apis/{group['preferredVersion']['groupVersion']}" for group in api.get("/apis")["groups"]]
    for root in ("/api/v1", *groups):
        for resource in api.get(root)["resources"]:
            if {"list", "patch"} <= {*resource["verbs"]} and resource["name"] not in _RESTLESS:
                yield f"{root}/{resource['name']}"

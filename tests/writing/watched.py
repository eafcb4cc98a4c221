"""Whether anything changed: by an answer, by the API server's own audit log, and by what the server holds."""

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
    """The resourceVersion of everything in the cluster by its uid, once two looks agree."""
    api = cluster.api
    paths = list(_collections(api))
    before = _versions(api, paths)
    for _ in range(_LOOKS):
        if (found := _versions(api, paths)) == before:
            return found
        before = found
    raise AssertionError("the cluster does not come to rest")


def _versions(api: Api, paths: Iterable[str]) -> dict[str, str]:
    metadata = [item["metadata"] for found in api.get_each(paths) for item in found["items"]]
    return {each["uid"]: each["resourceVersion"] for each in metadata if "resourceVersion" in each}


def _collections(api: Api) -> Iterator[str]:
    groups = [group["preferredVersion"]["groupVersion"] for group in api.get("/apis")["groups"]]
    roots = ["/api/v1", *(f"/apis/{group}" for group in groups)]
    for root, found in zip(roots, api.get_each(roots), strict=True):
        for resource in found["resources"]:
            if {"list", "patch"} <= {*resource["verbs"]} and resource["name"] not in _RESTLESS:
                yield f"{root}/{resource['name']}"

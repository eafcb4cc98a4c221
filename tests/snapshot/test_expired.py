"""A list whose state is gone, of an API server whose etcd was really compacted and of a snapshot that was changed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.spi import Request
from mcp_kubernetes_snapshot.opening import Snapshot
from tests.cluster.api import Api
from tests.cluster.run import start
from tests.snapshot.recording import Recorder

if TYPE_CHECKING:
    from pathlib import Path

CONFIGS = "/api/v1/namespaces/default/configmaps"
_SECONDS = 60
_CHANGES = 250
"""More than a snapshot keeps states."""

Get = Callable[[str], tuple[int, dict[str, Any]]]


def test_a_list_that_is_gone_goes_on_in_the_present_one_as_in_a_cluster(tmp_path: Path) -> None:
    assert _of_snapshot(tmp_path) == _of_cluster()


def _of_cluster() -> list[Any]:
    with start(extra_args=["--etcd-compaction-interval=1s"], controllers=False, kwok=False) as cluster:
        api, recorder = Api(cluster.kubeconfig), Recorder(cluster)
        for name in "abcd":
            api.ensure(CONFIGS, _config(name))

        def get(query: str) -> tuple[int, dict[str, Any]]:
            status, body, _ = recorder.get(f"{CONFIGS}?{query}")
            return status, json.loads(body)

        token = get("limit=2")[1]["metadata"]["continue"]
        until = time.monotonic() + _SECONDS
        while get(f"continue={token}")[0] == 200 and time.monotonic() < until:
            api.patch(f"{CONFIGS}/a", {"data": {"time": str(time.monotonic())}})
        return _gone(get, token)


def _of_snapshot(folder: Path) -> list[Any]:
    for name in "abcd":
        (folder / f"{name}.json").write_text(json.dumps(_config(name)), "utf-8")
    connection = Snapshot(name="test", path=folder, most_bytes=1 << 20, writable=True).opened_now()
    ask = connection._states.answer

    def get(query: str) -> tuple[int, dict[str, Any]]:
        named = tuple(tuple(each.split("=", 1)) for each in query.split("&"))
        answer = ask(Request(method="GET", path=CONFIGS, query=named))  # type: ignore[arg-type] # pairs
        return answer.status, json.loads(answer.body)

    token = get("limit=2")[1]["metadata"]["continue"]
    headers = (("Content-Type", "application/merge-patch+json"),)
    for number in range(_CHANGES):
        body = json.dumps({"data": {"number": str(number)}}).encode()
        ask(Request(method="PATCH", path=f"{CONFIGS}/a", headers=headers, body=body))
    found = _gone(get, token)
    connection.answering.contents.close()
    return found


def _gone(get: Get, token: str) -> list[Any]:
    """The refusal, and the pages that its token leads to."""
    code, status = get(f"limit=1&continue={token}")
    onward = status["metadata"].pop("continue")
    _, page = get(f"limit=1&continue={onward}")
    _, rest = get(f"continue={page['metadata']['continue']}")
    return [code, status, *([item["metadata"]["name"] for item in each["items"]] for each in (page, rest))]


def _config(name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {}}

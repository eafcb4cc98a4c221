"""The contract, request by request: the same bytes to a real API server and to snapshots recorded from it."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mcp_kubernetes.kube.wire.network import Network
from mcp_kubernetes.spi import ClusterEntry, Connection, Credentials
from mcp_kubernetes_snapshot.opening import Snapshot
from tests.snapshot.asked import REQUESTS
from tests.snapshot.differences import DIFFERENT
from tests.snapshot.requests import PASSED_OVER, normal
from tests.snapshot.watched import CHANGES, WATCHED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from mcp_kubernetes.spi import Response
    from tests.cluster import Cluster
    from tests.snapshot.requests import Ask
    from tests.snapshot.watched import Watched

_AT_ONCE = 32
_MOST = 1 << 26


@dataclass(frozen=True)
class Answer:
    """What matters of a response. `events` are those of a watch, and `text` is all of its body."""

    status: int
    headers: dict[str, str]
    body: Any
    text: str

    @classmethod
    def of(cls, response: Response) -> Answer:
        kept = {name: response.headers.get(name, "") for name in ("content-type", "warning", "retry-after")}
        text = response.body.decode(errors="replace")
        return cls(response.status, kept | {"etag": str("etag" in response.headers)}, _decoded(text), text)


Answers = dict[str, list[Answer]]


def _decoded(text: str) -> Any:
    """Of JSON, the values; of a watch, all of its events; of anything else, itself."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines()] or ""
    except ValueError:
        return text


async def _in_a_row(connection: Connection, asks: Sequence[Ask]) -> list[Answer]:
    answers: list[Answer] = []
    for each in asks:
        before = answers[-1].body if answers else {}
        request = each.request(before["metadata"] if isinstance(before, dict) and "metadata" in before else {})
        answers.append(Answer.of(await connection.request(request, _MOST)))
    return answers


async def _all(connection: Connection) -> Answers:
    """What changes nothing, much of it at once; then each change, and each watch, one after the other."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(asks: Sequence[Ask]) -> list[Answer]:
        async with at_once:
            return await _in_a_row(connection, asks)

    answers = await asyncio.gather(*map(one, REQUESTS.values()))
    found = dict(zip(REQUESTS, answers, strict=True))
    for name, asks in CHANGES.items():
        found[name] = await _in_a_row(connection, asks)
    for name, watched in WATCHED.items():
        found[f"watched: {name}"] = await _followed(connection, watched)
    return found


async def _followed(connection: Connection, watched: Watched) -> list[Answer]:
    """The answers to the changes, and the events up to the last one."""
    (before,) = await _in_a_row(connection, [watched.watch.listed()])
    async with connection.stream(watched.watch.request(before.body["metadata"])) as stream:
        changing = asyncio.create_task(_in_a_row(connection, watched.changes))
        text = ""
        async for chunk in stream.chunks:
            text += chunk.decode()
            if _is_last(text, watched):
                stream.stop()
    # The answers themselves are compared elsewhere: here it counts that the same was done.
    done = [Answer(answer.status, {}, None, "") for answer in await changing]
    assert _is_last(text, watched), text
    return [*done, Answer(stream.status, {}, _decoded(text), text)]


def _is_last(text: str, watched: Watched) -> bool:
    named = [_names(json.loads(line)) for line in text.split("\n")[:-1]]
    return named.count(watched.last) == watched.times


def _names(event: dict[str, Any]) -> tuple[str, str]:
    found = event["object"]
    found = found["rows"][0]["object"] if found["kind"] == "Table" else found
    return event["type"], found["metadata"].get("name", "")


@pytest.fixture(scope="module")
def real(world: Cluster, lists: Path, recording: Path) -> Answers:
    """What the cluster answers, after both snapshots were recorded."""
    assert lists.exists()
    assert recording.exists()
    return asyncio.run(_of_cluster(world))


async def _of_cluster(cluster: Cluster) -> Answers:
    user = yaml.safe_load(cluster.kubeconfig.read_text("utf-8"))["users"][0]["user"]
    certificate, key = (base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key"))
    entry = ClusterEntry(name="real", source="test", server=cluster.server, ca=cluster.ca.read_bytes())
    network = await Network.open(entry, Credentials(certificate=certificate, key=key))
    return await _closed(network, _all)


@pytest.fixture(scope="module")
def from_lists(lists: Path) -> Answers:
    return asyncio.run(_of_snapshot(lists))


@pytest.fixture(scope="module")
def from_recording(recording: Path) -> Answers:
    return asyncio.run(_of_snapshot(recording))


async def _of_snapshot(path: Path) -> Answers:
    snapshot = Snapshot(name="world", path=path, most_bytes=1 << 30, writable=True)
    return await _closed(await snapshot.connection(), _all)


async def _closed(connection: Connection, use: Callable[[Connection], Awaitable[Answers]]) -> Answers:
    try:
        return await use(connection)
    finally:
        await connection.aclose()


_NAMES = [*REQUESTS, *CHANGES, *(f"watched: {name}" for name in WATCHED)]


@pytest.mark.parametrize("form", ["from_lists", "from_recording"])
@pytest.mark.parametrize("name", _NAMES)
def test_a_snapshot_answers_a_request_as_the_cluster_does(
    request: pytest.FixtureRequest, real: Answers, form: str, name: str
) -> None:
    answers: Answers = request.getfixturevalue(form)
    found, wanted = ([_comparable(each, form) for each in told[name]] for told in (answers, real))
    difference = DIFFERENT.get(name)
    if difference is None or form not in difference.forms:
        assert found == wanted
    else:
        assert found != wanted, "it is no difference any more"
        assert (answers[name][-1].status, difference.words in answers[name][-1].text) == (difference.status, True)


def _comparable(answer: Answer, form: str) -> tuple[int, dict[str, str], Any]:
    """Without bookmarks that only the clock calls for."""
    body = answer.body
    if events := _events(body):
        body = [event for event in events if not _is_plain_bookmark(event)] or ""
    return answer.status, answer.headers, normal(body, described=form == "from_recording")


def _events(body: Any) -> list[dict[str, Any]]:
    """Those of a watch; none if it was none. One alone is decoded as what it is."""
    found = body if isinstance(body, list) else [body]
    return [each for each in found if isinstance(each, dict) and each.keys() == {"type", "object"}]


def _is_plain_bookmark(event: dict[str, Any]) -> bool:
    return event["type"] == "BOOKMARK" and "initial-events-end" not in json.dumps(event)


@pytest.mark.parametrize("form", ["real", "from_lists", "from_recording"])
def test_a_watch_with_bookmarks_has_one_before_its_end(request: pytest.FixtureRequest, form: str) -> None:
    answers: Answers = request.getfixturevalue(form)
    found = _events(answers["watch with a bookmark before its end"][-1].body)
    # An API server looks every second or so who is due, and may come too late on a busy machine.
    assert found or form == "real"
    assert all(_is_plain_bookmark(event) and event["object"]["kind"] == "ConfigMap" for event in found)


@pytest.mark.parametrize("form", ["real", "from_lists", "from_recording"])
@pytest.mark.parametrize("name", WATCHED)
def test_each_event_of_a_change_has_a_version_of_its_own(request: pytest.FixtureRequest, form: str, name: str) -> None:
    answers: Answers = request.getfixturevalue(form)
    events = _events(answers[f"watched: {name}"][-1].body)
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("form", ["from_lists", "from_recording"])
@pytest.mark.parametrize("field", PASSED_OVER)
def test_what_is_passed_over_is_something_that_a_snapshot_leaves_out(
    request: pytest.FixtureRequest, real: Answers, form: str, field: str
) -> None:
    def filled(answers: Answers, names: Sequence[str]) -> list[Any]:
        bodies = [answer.body for name in names for answer in answers[name]]
        return [value for body in bodies for value in _values(body, field) if value]

    # managedFields of objects that were recorded are kept as they were; those of new ones are what nobody keeps.
    names = [*CHANGES] if field == "managedFields" else [*REQUESTS]
    assert filled(real, names)
    assert not filled(request.getfixturevalue(form), names)


def _values(found: Any, field: str) -> Iterator[Any]:
    """All that stand under that name, at any depth."""
    if isinstance(found, dict):
        yield from (value for key, value in found.items() if key == field)
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    for each in inner:
        yield from _values(each, field)

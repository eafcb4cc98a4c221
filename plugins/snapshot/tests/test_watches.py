"""Watches of a snapshot, as far as they have nothing to be compared with: who waits, who wakes, who is left behind."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes.spi import AnswerTooLarge, Disconnected, Request, Response, Stream, TimedOut
from mcp_kubernetes_snapshot.opening import Snapshot, SnapshotConnection
from mcp_kubernetes_snapshot.watching.changes import _MOST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CONFIGS = "/api/v1/namespaces/shop/configmaps"
JSON = (("Content-Type", "application/json"),)
MERGE = (("Content-Type", "application/merge-patch+json"),)
MIB = 1 << 20


def config(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def watch(timeout: float = 30.0, seconds: int = 30, **query: str) -> Request:
    named = {"watch": "true", "timeoutSeconds": str(seconds), **query}
    return Request(method="GET", path=CONFIGS, query=tuple(named.items()), timeout=timeout)


@asynccontextmanager
async def opened(folder: Path, *, writable: bool = True, names: str = "abc") -> AsyncIterator[SnapshotConnection]:
    for name in names:
        (folder / f"{name}.json").write_text(json.dumps(config(name)), "utf-8")
    connection = await Snapshot(name="test", path=folder, most_bytes=MIB, writable=writable).connection()
    yield connection
    await connection.aclose()


async def create(connection: SnapshotConnection, name: str) -> Response:
    body = json.dumps(config(name)).encode()
    return await connection.request(Request(method="POST", path=CONFIGS, headers=JSON, body=body), MIB)


async def change(connection: SnapshotConnection, name: str, value: str) -> int:
    body = json.dumps({"data": {"value": value}}).encode()
    request = Request(method="PATCH", path=f"{CONFIGS}/{name}", headers=MERGE, body=body)
    found = json.loads((await connection.request(request, MIB)).body)
    return int(found["metadata"]["resourceVersion"])


async def version(connection: SnapshotConnection) -> str:
    found = json.loads((await connection.request(Request(method="GET", path=CONFIGS), MIB)).body)
    return str(found["metadata"]["resourceVersion"])


def events(chunk: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in chunk.splitlines()]


def told(chunk: bytes) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events(chunk)]


async def rest(stream: Stream) -> list[dict[str, Any]]:
    return [event async for chunk in stream.chunks for event in events(chunk)]


async def test_a_snapshot_that_is_only_read_tells_what_is_there_and_stays_open_to_the_end(tmp_path: Path) -> None:
    async with opened(tmp_path, writable=False) as connection, connection.stream(watch(seconds=1)) as stream:
        chunks = aiter(stream.chunks)
        assert told(await anext(chunks)) == [("ADDED", name) for name in "abc"]
        assert connection.busy
        assert await anext(chunks, None) is None
    assert not connection.busy


async def test_a_watch_as_a_whole_is_what_came_up_to_its_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection:
        answer, _ = await asyncio.gather(connection.request(watch(seconds=1), MIB), create(connection, "d"))
    assert (answer.status, told(answer.body)) == (200, [("ADDED", name) for name in "abcd"])


async def test_a_watch_that_lasts_longer_than_its_request_times_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection:
        with pytest.raises(TimedOut):
            await connection.request(watch(timeout=0.05), MIB)
        async with connection.stream(watch(timeout=0.05)) as stream:
            chunks = aiter(stream.chunks)
            assert len(told(await anext(chunks))) == 3
            with pytest.raises(TimedOut):
                await anext(chunks)


async def test_a_watch_as_a_whole_has_a_bound(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection:
        with pytest.raises(AnswerTooLarge):
            await connection.request(watch(), 10)
        assert not connection.busy


async def test_no_change_is_missed_or_told_twice_whenever_a_watch_begins(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection:
        made: list[int] = []
        begin = {after: asyncio.Event() for after in (0, 1, 20, 70)}

        async def write(name: str) -> None:
            for number in range(40):
                made.append(await change(connection, name, str(number)))
                for after, event in begin.items():
                    if len(made) >= after:
                        event.set()

        async def follow(may_begin: asyncio.Event) -> tuple[int, list[int]]:
            await may_begin.wait()
            began, found = await version(connection), [0]
            async with connection.stream(watch(resourceVersion=began)) as stream:
                async for chunk in stream.chunks:
                    found += [int(event["object"]["metadata"]["resourceVersion"]) for event in events(chunk)]
                    if found[-1] == last:
                        stream.stop()
            return int(began), found[1:]

        last = int(await version(connection)) + 120
        following = [asyncio.create_task(follow(event)) for event in begin.values()]
        await asyncio.gather(*(write(name) for name in "abc"))
        watched = await asyncio.gather(*following)
    assert max(made) == last
    for began, found in watched:
        assert found == [each for each in sorted(made) if each > began]


async def test_what_is_there_and_what_changes_meanwhile_join_to_the_present_state(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection:
        await asyncio.gather(*(create(connection, f"c{number}") for number in range(450)))
        seen: dict[str, str] = {}
        written = ""
        async with connection.stream(watch()) as stream:
            async for chunk in stream.chunks:
                for event in events(chunk):
                    seen[event["object"]["metadata"]["name"]] = event["object"]["data"].get("value", "")
                if len(seen) < 453:  # in the middle of what was there
                    written = str(len(seen))
                    await change(connection, "c0", written)
                    await change(connection, "c99", written)
                elif seen["c0"] == seen["c99"] == written:
                    stream.stop()
    assert written
    assert len(seen) == 453


async def test_a_reader_that_stays_behind_for_too_long_is_told_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection, connection.stream(watch()) as stream:
        chunks = aiter(stream.chunks)
        assert len(told(await anext(chunks))) == 3
        for number in range(_MOST + 1):
            connection._states.answer(
                Request(
                    method="PATCH", path=f"{CONFIGS}/a", headers=MERGE, body=b'{"data": {"value": "%d"}}' % number
                )
            )  # fmt: skip
        (error,) = events(await anext(chunks))
        assert (error["type"], error["object"]["code"], error["object"]["reason"]) == ("ERROR", 410, "Expired")
        assert error["object"]["message"].startswith("too old resource version: ")
        assert await anext(chunks, None) is None


async def test_a_watch_from_before_the_snapshot_is_told_that_nobody_knows(tmp_path: Path) -> None:
    old = config("old")
    old["metadata"]["resourceVersion"] = "500"
    (tmp_path / "old.json").write_text(json.dumps(old), "utf-8")
    async with opened(tmp_path) as connection:
        before = events((await connection.request(watch(resourceVersion="499"), MIB)).body)
        async with connection.stream(watch(resourceVersion="500")) as stream:
            await create(connection, "d")
            assert told(await anext(aiter(stream.chunks))) == [("ADDED", "d")]
    assert [event["object"]["message"] for event in before] == ["too old resource version: 499 (500)"]


async def test_a_watch_ends_when_the_snapshot_is_closed(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection, connection.stream(watch(resourceVersion="1")) as stream:
        reading = asyncio.create_task(rest(stream))
        await asyncio.sleep(0)
        await connection.aclose()
        with pytest.raises(Disconnected):
            await reading


async def test_a_watch_that_is_stopped_ends_and_one_that_is_left_is_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection:
        async with connection.stream(watch(resourceVersion="1")) as stream:
            reading = asyncio.create_task(rest(stream))
            await asyncio.sleep(0)
            stream.stop()
            assert await reading == []
        async with connection.stream(watch()) as stream:
            assert told(await anext(aiter(stream.chunks)))
        assert not connection.busy
        async with connection.stream(watch(resourceVersion="1")) as stream:
            reading = asyncio.create_task(rest(stream))
            await asyncio.sleep(0)
        assert await reading == []


async def test_changes_go_on_while_nobody_reads_a_watch(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection, connection.stream(watch()) as stream:
        for name in "defg":
            assert (await create(connection, name)).status == 201
        chunks = aiter(stream.chunks)
        assert told(await anext(chunks)) == [("ADDED", name) for name in "abc"]
        assert told(await anext(chunks)) == [("ADDED", name) for name in "defg"]


async def test_watches_cost_nothing_while_nothing_happens(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection:
        began = await version(connection)
        awake = asyncio.Semaphore(0)

        async def follow() -> None:
            async with connection.stream(watch(resourceVersion=began, fieldSelector="metadata.name=a")) as stream:
                async for _ in stream.chunks:
                    awake.release()

        following = [asyncio.create_task(follow()) for _ in range(100)]

        async def told_to_all() -> None:
            for _ in following:
                await awake.acquire()

        await change(connection, "a", "first")
        await told_to_all()
        threads, start = threading.active_count(), time.process_time()
        await change(connection, "a", "second")
        await told_to_all()
        busy, start = time.process_time() - start, time.process_time()
        await asyncio.sleep(0.3)
        assert time.process_time() - start < busy
        assert threading.active_count() <= threads
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        assert not connection.busy


async def test_a_change_of_another_kind_is_nothing_to_tell(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection, connection.stream(watch(resourceVersion="1")) as stream:
        body = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}).encode()
        path = "/api/v1/namespaces/shop/secrets"
        assert (await connection.request(Request(method="POST", path=path, headers=JSON, body=body), MIB)).status == 201
        await create(connection, "d")
        assert told(await anext(aiter(stream.chunks))) == [("ADDED", "d")]


async def test_a_file_that_is_gone_is_told_by_an_event(tmp_path: Path) -> None:
    async with opened(tmp_path) as connection:
        (tmp_path / "b.json").unlink()
        (error,) = events((await connection.request(watch(), MIB)).body)
    assert (error["type"], error["object"]["code"]) == ("ERROR", 500)
    assert "open the snapshot again" in error["object"]["message"]

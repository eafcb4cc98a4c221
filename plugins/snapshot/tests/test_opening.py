"""When a snapshot is opened: once, for the first call, and to its end."""

from __future__ import annotations

import asyncio
import gzip
import logging
from pathlib import Path

import pytest

from mcp_kubernetes.spi import UnknownCluster
from mcp_kubernetes_snapshot.opening import Snapshot

NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: node-a}\n"


def openings(caplog: pytest.LogCaptureFixture) -> int:
    return sum("opened in" in record.getMessage() for record in caplog.records)


async def test_calls_at_once_open_it_once_and_one_that_gives_up_does_not_stop_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "node.yaml").write_text(NODE, "utf-8")
    snapshot = Snapshot(name="test", path=tmp_path, most_bytes=1 << 20)
    calls = [asyncio.create_task(snapshot.connection()) for _ in range(3)]
    await asyncio.sleep(0)
    calls[0].cancel()
    first, second, third = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert second is third is await snapshot.connection()
    assert openings(caplog) == 1
    await snapshot.aclose()


@pytest.mark.parametrize("form", ["a folder", "a file", "a compressed file"])
def test_at_the_end_all_of_it_was_gone_through(tmp_path: Path, form: str) -> None:
    text = NODE + "---\n" * 1_000
    path = tmp_path / "node.yaml"
    path.write_bytes(gzip.compress(text.encode()) if form == "a compressed file" else text.encode())
    snapshot = Snapshot(name="test", path=tmp_path if form == "a folder" else path, most_bytes=1 << 20)
    snapshot.opened_now().answering.contents.close()
    assert snapshot.progress.part == 1
    assert snapshot.progress.done >= len(text)


async def test_one_that_could_not_be_opened_is_tried_again(tmp_path: Path) -> None:
    snapshot = Snapshot(name="test", path=tmp_path, most_bytes=1 << 20)
    with pytest.raises(UnknownCluster):
        await snapshot.connection()
    (tmp_path / "node.yaml").write_text(NODE, "utf-8")
    assert await snapshot.connection() is snapshot.opened
    await snapshot.aclose()

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.errors import InvalidArguments, StoreError
from mcp_kubernetes.identity import Identity
from mcp_kubernetes.journal import ClusterName, Entry, Journal
from mcp_kubernetes.seal import Seal
from mcp_kubernetes.store import Limits, MemoryStore
from tests.clock import Clock

PLANTED = "planted-value-77c1"
ALICE, BOB = Identity(subject="alice", issuer="https://i"), Identity(subject="bob", issuer="https://i")
ENTRY = Entry(
    cluster=ClusterName(source="kubeconfig", name="prod", server="https://a:6443"),
    tool="k8s_patch_resource",
    operation="patched",
    group="",
    version="v1",
    resource="secrets",
    kind="Secret",
    namespace="shop",
    name="db",
    subresource="",
    uid="1",
    before=json.dumps({"data": {"a": PLANTED}}).encode(),
    after=None,
    time=datetime.fromtimestamp(0, UTC),
)


def journal(store: MemoryStore | None = None, **given: Any) -> Journal:
    defaults: dict[str, Any] = {"seal": Seal.fresh(), "ttl": 60.0, "max_bytes": 100_000}
    return Journal(store=store or MemoryStore(), **defaults | given)


async def kept(journal: Journal, identity: Identity = ALICE, entry: Entry = ENTRY) -> str:
    receipt = await journal.record(identity, entry)
    assert not receipt.why_not
    return receipt.change_id


async def words(journal: Journal, identity: Identity, change_id: str) -> str:
    with pytest.raises(InvalidArguments) as caught:
        await journal.find(identity, change_id)
    return str(caught.value)


async def test_a_change_is_found_by_its_id_as_it_was() -> None:
    mine = journal()
    change_id = await kept(mine)
    assert await mine.find(ALICE, change_id) == ENTRY
    assert await mine.find(replace(ALICE, username="Alice A."), change_id) == ENTRY
    await mine.forget(ALICE, change_id)
    await words(mine, ALICE, change_id)


@settings(derandomize=True, deadline=None)
@given(before=st.none() | st.binary(max_size=50), after=st.none() | st.binary(max_size=50), name=st.text(max_size=20))
async def test_any_bytes_come_back(before: bytes | None, after: bytes | None, name: str) -> None:
    mine, entry = journal(), replace(ENTRY, before=before, after=after, name=name)
    assert await mine.find(ALICE, await kept(mine, entry=entry)) == entry


async def test_an_id_can_be_copied_and_not_guessed() -> None:
    mine = journal(most=1_000)
    ids = [await kept(mine) for _ in range(200)]
    assert len({*ids}) == 200
    assert all(re.fullmatch(r"[a-z2-7]{13}", change_id) for change_id in ids)  # 13 times 5 bits
    for place in range(12):
        assert len({change_id[place] for change_id in ids}) > 20


async def test_every_reason_why_there_is_no_such_change_has_the_same_words() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    mine = journal(store)
    change_id = await kept(mine)
    said = {
        await words(mine, BOB, change_id),
        await words(mine, ALICE, "a" * 13),
        await words(mine, ALICE, ""),
        await words(mine, ALICE, f"../{change_id}"),
        await words(mine, ALICE, f"{change_id}\n"),
        await words(replace(mine, seal=Seal.fresh()), ALICE, change_id),
    }
    clock.now += 61
    said.add(await words(mine, ALICE, change_id))
    (sentence,) = said
    assert change_id not in sentence
    assert "changeId" in sentence


async def test_nobody_forgets_somebody_elses_change() -> None:
    mine = journal()
    change_id = await kept(mine)
    await mine.forget(BOB, change_id)
    await mine.forget(ALICE, "../x")
    assert await mine.find(ALICE, change_id) == ENTRY


async def test_a_store_that_fails_fails_what_needs_it_and_never_what_has_been_done() -> None:
    class Failing(MemoryStore):
        """Stands for one that others run."""

        async def get(self, key: str) -> bytes | None:
            raise StoreError(f"Nothing at {key}.")

        async def put(self, key: str, value: bytes, *, ttl: float) -> None:
            raise StoreError(f"{key}: {len(value)} bytes for {ttl} seconds are not taken.")

        async def delete(self, key: str) -> None:
            raise StoreError(f"{key} stays.")

    mine = journal(Failing())
    assert (await mine.record(ALICE, ENTRY)).why_not == "the store for undo did not take it"
    await mine.forget(ALICE, "a" * 13)
    with pytest.raises(StoreError):
        await mine.find(ALICE, "a" * 13)


async def test_an_entry_moved_to_another_id_or_another_person_is_not_opened() -> None:
    store = MemoryStore()
    mine = journal(store)
    first, second = await kept(mine), await kept(mine)
    key = next(key for key in store._kept if key.endswith(first))
    sealed = await store.get(key)
    assert sealed is not None
    await store.put(key.replace(first, second), sealed, ttl=60)
    await words(mine, ALICE, second)
    await kept(mine, BOB)
    folder = list(store._kept)[-1].rpartition("/")[0]
    await store.put(f"{folder}/{first}", sealed, ttl=60)
    await words(mine, BOB, first)


async def test_what_is_kept_tells_nothing() -> None:
    store = MemoryStore()
    await kept(journal(store))
    for key, value in store._kept.items():
        everything = key.encode() + value.value
        assert not [
            word for word in (PLANTED, "alice", "https", "shop", "Secret", "prod") if word.encode() in everything
        ]
    assert PLANTED not in repr(ENTRY)


async def test_of_too_many_changes_the_oldest_of_the_same_person_go() -> None:
    mine = journal(most=3)
    others = await kept(mine, BOB)
    ids = [await kept(mine) for _ in range(5)]
    for change_id in ids[:2]:
        await words(mine, ALICE, change_id)
    assert [await mine.find(ALICE, change_id) for change_id in ids[2:]] == [ENTRY] * 3
    assert await mine.find(BOB, others) == ENTRY


async def test_too_large_a_change_is_not_kept_and_says_so() -> None:
    mine = journal(max_bytes=10_000)
    plain = await mine.record(ALICE, replace(ENTRY, before=b"a" * 1_000_000))
    assert plain.change_id, "it is compressed first"
    random = await mine.record(ALICE, replace(ENTRY, before=os.urandom(10_000)))
    assert (random.change_id, random.why_not) == ("", "too large to keep for undo")


async def test_a_store_that_takes_nothing_does_not_fail_the_change() -> None:
    receipt = await journal(MemoryStore(Limits(size=10))).record(ALICE, ENTRY)
    assert not receipt.change_id
    assert receipt.why_not == "the store for undo did not take it"


async def test_many_at_once_do_not_get_into_each_others_way() -> None:
    mine = journal()
    entries = [replace(ENTRY, name=f"n{n}") for n in range(20)]
    ids = await asyncio.gather(*(kept(mine, entry=entry) for entry in entries))
    assert await asyncio.gather(*(mine.find(ALICE, change_id) for change_id in ids)) == entries

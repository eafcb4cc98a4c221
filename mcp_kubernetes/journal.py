"""What changes were made, so that each can be undone: kept encrypted, for a while, for whoever made them alone.

An entry holds the object before and after as the API server gave it, Secrets included. It never reaches a handler.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from mcp_kubernetes.errors import InvalidArguments, StoreError
from mcp_kubernetes.identity import Identity
from mcp_kubernetes.seal import NotSealedHere, Seal, Sealer
from mcp_kubernetes.store import Store

MOST_ENTRIES = 100
"""Of one identity: the oldest are forgotten."""

_FOLDER = "journal"
_ID = re.compile(r"[a-z2-7]{13}")
_ID_BYTES = 8
_QUICK_COMPRESSION = 1


@dataclass(frozen=True, kw_only=True)
class ClusterName:
    """Which cluster a change was made in: a change is undone in the same one."""

    source: str
    name: str
    server: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One change, with all that reversing it needs.

    `operation` is what was done ("create", "apply", "patch", "scale", "delete"); `resource` the plural.
    `before` and `after` are JSON as it came from the API server, unmasked; None where there was no object.
    """

    cluster: ClusterName
    tool: str
    operation: str
    group: str
    version: str
    resource: str
    kind: str
    namespace: str | None
    name: str
    subresource: str
    uid: str
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    time: datetime


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The id by which a change can be undone; "" if it cannot, and then why."""

    change_id: str = ""
    why_not: str = ""


_DECODER = msgspec.msgpack.Decoder(Entry)


@dataclass(frozen=True, kw_only=True)
class Journal:
    """Keeps entries for `ttl` seconds, unless one takes more than `max_bytes`, compressed."""

    store: Store
    seal: Seal
    ttl: float
    max_bytes: int
    most: int = MOST_ENTRIES

    async def record(self, identity: Identity, entry: Entry) -> Receipt:
        """Keep a change that was made. Never fails: it has been carried out, whether it can be undone or not."""
        change_id = base64.b32encode(os.urandom(_ID_BYTES)).rstrip(b"=").decode().lower()
        sealed = await asyncio.to_thread(_sealed, entry, self._sealer(identity, change_id))
        if len(sealed) > self.max_bytes:
            return Receipt(why_not="too large to keep for undo")
        try:
            await self.store.put(_key(identity, change_id), sealed, ttl=self.ttl)
            await self.store.trim(_folder(identity), self.most)
        except StoreError:
            return Receipt(why_not="the store for undo did not take it")
        return Receipt(change_id=change_id)

    async def find(self, identity: Identity, change_id: str) -> Entry:
        """The change of that id. Raises StoreError where nobody can tell.

        Raises InvalidArguments, in the same words for whatever reason there is none.
        """
        if _ID.fullmatch(change_id):
            sealed = await self.store.get(_key(identity, change_id))
            if sealed and (entry := await asyncio.to_thread(_opened, sealed, self._sealer(identity, change_id))):
                return entry
        raise InvalidArguments(
            "No change of yours that could still be undone has this changeId.",
            hint="Take it from the answer of the change; it is kept for a limited time, and by the server process that "
            "made the change alone, unless its operator has set up a store that replicas share.",
        )

    async def forget(self, identity: Identity, change_id: str) -> None:
        """Drop a change, for example once it was undone. Never fails: it is forgotten at the end of its time anyway."""
        if _ID.fullmatch(change_id):
            with suppress(StoreError):
                await self.store.delete(_key(identity, change_id))

    def _sealer(self, identity: Identity, change_id: str) -> Sealer:
        return self.seal.bound(_FOLDER, identity.key, change_id)


def _folder(identity: Identity) -> str:
    """Whose entries they are, without telling a name to whoever can see the store's keys."""
    return f"{_FOLDER}/{hashlib.sha256(identity.key.encode()).hexdigest()[:32]}"


def _key(identity: Identity, change_id: str) -> str:
    return f"{_folder(identity)}/{change_id}"


def _sealed(entry: Entry, sealer: Sealer) -> bytes:
    return sealer.seal_bytes(zlib.compress(msgspec.msgpack.encode(entry), _QUICK_COMPRESSION))


def _opened(sealed: bytes, sealer: Sealer) -> Entry | None:
    """The entry; None for bytes that were sealed with another key, or for somebody else."""
    try:
        return _DECODER.decode(zlib.decompress(sealer.open_bytes(sealed)))
    except NotSealedHere:
        return None

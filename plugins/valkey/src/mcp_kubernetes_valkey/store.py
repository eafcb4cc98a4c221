"""The store itself. Each folder has an index of its keys in the order of their putting, for `trim`.

Values and the index of their folder change together: in a script, or in a transaction. Their keys share a hash tag, so
a server that is part of a cluster takes them, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mcp_kubernetes_valkey.settings import SOCKET, ValkeySettings

if TYPE_CHECKING:
    from valkey.asyncio import Valkey

_SECONDS = 2.0
"""For a connection, and again for an answer."""

_PORT = 6379

_PUT = """
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local now = redis.call('TIME')
redis.call('ZADD', KEYS[2], now[1] * 1000000 + now[2], KEYS[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
"""

_TRIM = """
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('EXISTS', key) == 0 then
    redis.call('ZREM', KEYS[1], key)
  end
end
local beyond = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[1])
if beyond > 0 then
  for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, beyond - 1)) do
    redis.call('DEL', key)
  end
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, beyond - 1)
end
"""
"""What has expired, or was evicted, no longer counts."""


class ValkeyStore:
    """Bytes in a Valkey server. How much it keeps is the server's own setting (`maxmemory`)."""

    name = "valkey"

    def __init__(self, settings: ValkeySettings) -> None:
        self._settings = settings
        self._connecting = asyncio.Lock()
        self._client: Valkey | None = None

    async def check(self) -> None:
        """Ask whether the server answers."""
        await (await self._connected()).ping()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def get(self, key: str) -> bytes | None:
        """The value; None if there is none, or no longer."""
        found: bytes | None = await (await self._connected()).get(self._key(key))
        return found

    async def put(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep the value, and note it in its folder's index."""
        milliseconds = max(1, round(ttl * 1000))
        await self._run(_PUT, [self._key(key), self._index(_folder(key))], value, milliseconds)

    async def delete(self, key: str) -> None:
        """Forget the value, if there is one."""
        await self.take(key)

    async def take(self, key: str) -> bytes | None:
        """Get and forget in one step."""
        async with (await self._connected()).pipeline(transaction=True) as both:
            both.getdel(self._key(key))
            both.zrem(self._index(_folder(key)), self._key(key))
            found, _ = await both.execute()
        value: bytes | None = found
        return value

    async def trim(self, folder: str, most: int) -> None:
        """Forget the oldest values of a folder until there are `most`."""
        await self._run(_TRIM, [self._index(folder)], most)

    async def _run(self, script: str, keys: Sequence[str], *arguments: bytes | int) -> None:
        client = await self._connected()
        await client.register_script(script)(keys=keys, args=arguments)

    async def _connected(self) -> Valkey:
        """The client, whose library is imported when it is first needed, and not by the event loop.

        Connections that the server ended are made anew, and what was sent is sent once more: that changes nothing, and
        finds nothing where a value was taken already.
        """
        async with self._connecting:
            if self._client is None:
                module = await asyncio.to_thread(import_module, "valkey.asyncio")
                self._client = module.Valkey(**_options(self._settings), retry_on_error=[module.ConnectionError])
            return self._client

    def _key(self, key: str) -> str:
        return f"{self._index(_folder(key))}/{key.rpartition('/')[2]}"

    def _index(self, folder: str) -> str:
        return f"{self._settings.key_prefix}{{{folder}}}"


def _folder(key: str) -> str:
    return key.rpartition("/")[0]


def _options(settings: ValkeySettings) -> dict[str, Any]:
    """What the client is made with."""
    password = settings.password.get_secret_value() if settings.password else None
    common = {
        "db": settings.db,
        "username": settings.username or None,
        "password": password,
        "socket_timeout": _SECONDS,
        "socket_connect_timeout": _SECONDS,
    }
    if settings.url.startswith(SOCKET):
        return {**common, "unix_socket_path": settings.url.removeprefix(SOCKET)}
    address = urlsplit(f"//{settings.url}")
    place = {"host": address.hostname, "port": address.port or _PORT}
    return {**common, **place, **(_tls(settings) if settings.tls else {})}


def _tls(settings: ValkeySettings) -> dict[str, Any]:
    """The server's name is checked, which the library leaves out unless it is told."""
    authorities = {"ssl_ca_certs": str(settings.ca_file)} if settings.ca_file else {}
    return {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True, **authorities}

"""Many users at one endpoint, each with a token and a connection of its own, and how long each of their calls takes."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import aiohttp

from tests.http.server import modern, opening

_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Times:
    """Of all calls, in seconds, and how many of them failed."""

    seconds: Sequence[float]
    errors: int
    took: float

    @property
    def p50(self) -> float:
        """Half of the calls took no longer."""
        return quantiles(self.seconds, n=100)[49]

    @property
    def p99(self) -> float:
        """All but one in a hundred took no longer."""
        return quantiles(self.seconds, n=100)[98]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What each call asks for."""

    tool: str
    arguments: dict[str, object]

    def as_user(self, user: str) -> tuple[bytes, dict[str, str]]:
        """Body and headers."""
        bearer = {"Authorization": f"Bearer {token(user)}"}
        return modern("tools/call", bearer, name=self.tool, arguments=self.arguments)


ONE = Question(tool="k8s_get_resource", arguments={"resourceType": "ns", "name": "kube-system"})
"""The object that the bare endpoint asks for as well."""


def token(user: str) -> str:
    """The user's token."""
    return f"bench-token-of-{user}"


def token_file(folder: Path, users: Sequence[str]) -> Path:
    """A file for `--token-file` that knows them."""
    path = folder / "tokens.csv"
    lines = [f"{hashlib.sha256(token(user).encode()).hexdigest()},{user}\n" for user in users]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def crowd(url: str, users: Sequence[str], calls: int, question: Question = ONE, flood: int = 0) -> Times:
    """Each user makes so many calls, one after the other, while `flood` connections of one more user never stop."""
    return asyncio.run(_crowd(url, users, calls, question, flood))


async def _crowd(url: str, users: Sequence[str], calls: int, question: Question, flood: int) -> Times:
    async with _session() as session, _flooding(session, url, question, flood):
        began = time.perf_counter()
        found = await asyncio.gather(*(_user(session, url, question.as_user(user), calls) for user in users))
    taken = [seconds for each in found for seconds, _ in each]
    errors = sum(not is_good for each in found for _, is_good in each)
    return Times(seconds=taken, errors=errors, took=time.perf_counter() - began)


FLOODER = "flooder"


@asynccontextmanager
async def _flooding(session: aiohttp.ClientSession, url: str, question: Question, flood: int) -> AsyncIterator[None]:
    asked = question.as_user(FLOODER)
    flooding = [asyncio.create_task(_user(session, url, asked, None)) for _ in range(flood)]
    try:
        yield
    finally:
        for each in flooding:
            each.cancel()
        await asyncio.gather(*flooding, return_exceptions=True)


async def _user(
    session: aiohttp.ClientSession, url: str, asked: tuple[bytes, dict[str, str]], calls: int | None
) -> list[tuple[float, bool]]:
    """How long each call took, and whether it was answered; without a number of calls, until cancelled."""
    found: list[tuple[float, bool]] = []
    while calls is None or len(found) < calls:
        began = time.perf_counter()
        is_good = await _call(session, url, *asked)
        found.append((time.perf_counter() - began, is_good))
    return found


async def _call(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        async with session.post(url, data=body, headers=headers) as response:
            said = await response.read()
            return response.status == 200 and b"kube-system" in said
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield session


def sessions(url: str, count: int) -> list[int]:
    """Open so many sessions of an older version of the protocol, some at a time; the statuses of the answers."""
    return asyncio.run(_sessions(url, count))


async def _sessions(url: str, count: int) -> list[int]:
    at_once = asyncio.Semaphore(20)
    body, headers = opening()

    async def one(session: aiohttp.ClientSession) -> int:
        async with at_once, session.post(url, data=body, headers=headers) as response:
            await response.read()
            return response.status

    async with _session() as session:
        return list(await asyncio.gather(*(one(session) for _ in range(count))))

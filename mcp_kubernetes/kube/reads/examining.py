"""Holding rules against a cluster: each kind is read once, several at a time, and judged as it comes in.

What cannot be read costs the rules that need it, and is told; so is a rule that fails.
"""

from __future__ import annotations

import asyncio
import logging
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.errors import ToolError, UnknownKind
from mcp_kubernetes.findings import Examination, FindingRule, Surroundings, Unread, ranked
from mcp_kubernetes.kube.reads.ledger import Ledger

if TYPE_CHECKING:
    from mcp_kubernetes.kube.catalogue.resources import Resource
    from mcp_kubernetes.kube.client import Cluster

_log = logging.getLogger(__name__)

_AT_ONCE = 6
_MOST_BESIDE = 20_000
_WITHOUT_PAUSE = 100
"""Objects that are judged in a few milliseconds: longer the event loop is not held."""

_IDENTITY = (".metadata.name", ".metadata.namespace")

_LIMITED = Unread(
    what="objects in other namespaces", why="the operator lets this server look at some namespaces only", essential=True
)

Beside = tuple[str, tuple[tuple[str, str], ...]]
"""A kind and the paths that a rule looks at beside its own."""


@dataclass(kw_only=True)
class Examiner:
    """One examination, which ends at `deadline`, a time of the event loop's clock."""

    cluster: Cluster
    rules: Sequence[FindingRule]
    now: datetime
    deadline: float
    unread: list[Unread] = field(default_factory=list)
    looked_at: dict[str, int] = field(default_factory=dict)
    version: str = ""
    _at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _ledgers: list[Ledger] = field(default_factory=list)

    async def examine(self) -> Examination:
        """Read and judge everything. Raises nothing that an API server may do."""
        if self.cluster.limited:
            self.unread.append(_LIMITED)
        await self._read_version()
        async with asyncio.TaskGroup() as group:
            beside = {each: group.create_task(self._rows_beside(*each)) for each in _all_beside(self.rules)}
            for kind, rules in _by_kind(self.rules).items():
                group.create_task(self._judge_kind(kind, rules, beside))
        found = [each for ledger in self._ledgers for each in ledger.found(self.looked_at.get(ledger.rule.kind, 0))]
        return Examination(found=ranked(found), unread=self.unread, looked_at=self.looked_at, version=self.version)

    async def _read_version(self) -> None:
        async def read() -> None:
            self.version = await self.cluster.version()

        await self._within("the version of the API server", read, essential=False)

    async def _judge_kind(
        self, kind: str, rules: Sequence[FindingRule], beside: Mapping[Beside, asyncio.Task[Sequence[Any] | None]]
    ) -> None:
        rows = {each: await beside[each] for each in _all_beside(rules)}
        seats = [self._seat(rule, rows) for rule in rules]

        async def read() -> None:
            await self._judge_rows(kind, seats)

        await self._within(kind, read, essential=any(rule.essential for rule in rules))

    def _seat(self, rule: FindingRule, rows: Mapping[Beside, Sequence[Any] | None]) -> _Seat:
        beside = {kind: rows[kind, tuple(paths.items())] for kind, paths in rule.beside.items()}
        ledger = Ledger(rule)
        self._ledgers.append(ledger)
        return _Seat(ledger, Surroundings(now=self.now, version=self.version, beside=beside))

    async def _judge_rows(self, kind: str, seats: list[_Seat]) -> None:
        resource = await self.cluster.resource(kind, all_namespaces=True)
        paths = dict.fromkeys((*_IDENTITY, *(path for seat in seats for path in seat.ledger.rule.paths.values())))
        for seat in seats:
            seat.positions = [list(paths).index(path) for path in seat.ledger.rule.paths.values()]
        self.looked_at[kind] = 0
        rows = self.cluster.rows(kind, all_namespaces=True, columns={path: path for path in paths})
        async with aclosing(rows):
            async for row in rows:
                self.looked_at[kind] += 1
                if self.looked_at[kind] % _WITHOUT_PAUSE == 0:
                    await asyncio.sleep(0)
                for seat in seats:
                    self._judge(seat, resource, row)

    def _judge(self, seat: _Seat, resource: Resource, row: Any) -> None:
        try:
            seat.judge(resource, row)
        except Exception as error:  # noqa: BLE001 - a plugin's rule may raise anything, and costs only itself
            rule = seat.ledger.rule
            seat.failed = True
            _log.error("The rule %s failed.", rule.name, exc_info=error)
            why = "it failed; this server's log tells how"
            self.unread.append(Unread(what=f"the rule {rule.name}", why=why, essential=rule.essential))

    async def _rows_beside(self, kind: str, paths: tuple[tuple[str, str], ...]) -> Sequence[Any] | None:
        kept: list[Any] = []

        async def read() -> None:
            rows = self.cluster.rows(kind, all_namespaces=True, columns=dict(paths))
            async with aclosing(rows):
                async for row in rows:
                    kept.append(row)
                    if len(kept) > _MOST_BESIDE:
                        raise ToolError(f"there are more than {_MOST_BESIDE} of them")

        return kept if await self._within(kind, read, essential=False) else None

    async def _within(self, what: str, read: Callable[[], Any], *, essential: bool) -> bool:
        """Whether it was read to its end. Of a kind that is not served there is nothing that could be wrong."""
        try:
            async with self._at_once, asyncio.timeout_at(self.deadline):
                await read()
        except (ToolError, TimeoutError) as error:
            if not isinstance(error, UnknownKind) or essential or "incomplete" in error.message:
                self.unread.append(Unread.of(what, error, essential=essential))
            return False
        return True


@dataclass
class _Seat:
    """One rule at work: where its values stand in a row of all rules' values."""

    ledger: Ledger
    surroundings: Surroundings
    positions: list[int] = field(default_factory=list)
    failed: bool = False

    def __post_init__(self) -> None:
        rule = self.ledger.rule
        self._row = namedtuple("Row", rule.paths, rename=True)  # type: ignore[misc]  # noqa: PYI024 - the rule's fields

    def judge(self, resource: Resource, row: Any) -> None:
        if self.failed:
            return
        values = self._row(*[row[position] for position in self.positions])
        findings = list(self.ledger.rule.judge(values, self.surroundings))
        if findings:
            name, namespace = row[0], row[1]
            self.ledger.take(resource.called(name) + (f" in {namespace}" if namespace else ""), findings)


def _by_kind(rules: Iterable[FindingRule]) -> dict[str, list[FindingRule]]:
    found: dict[str, list[FindingRule]] = {}
    for rule in rules:
        found.setdefault(rule.kind, []).append(rule)
    return found


def _all_beside(rules: Iterable[FindingRule]) -> list[Beside]:
    return list(dict.fromkeys((kind, tuple(paths.items())) for rule in rules for kind, paths in rule.beside.items()))

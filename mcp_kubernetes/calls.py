"""One tool call, and everything that travels with it. Explicit, so that each reader is visible."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from mcp_kubernetes.errors import TimedOut, ToolError
from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import NOTE, Text

if TYPE_CHECKING:
    from mcp_kubernetes.audit import CallRecord
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.kube.client import Cluster
    from mcp_kubernetes.kube.cluster import ClusterEntry
    from mcp_kubernetes.parameters import Page
    from mcp_kubernetes.tools import Tool


FEWEST_NOTES_BYTES = 384
"""Kept free for the notes: an answer that cannot say what was cut is worth nothing. A cursor alone takes 250."""

_CURSOR = "pass continue="
_LEFT_OUT = f"{NOTE} {{n}} more notes did not fit into the answer."
_FEWEST_CHARACTERS = 60
"""Of a note that is cut."""


class Lasting(Protocol):
    """Work that outlives the call that starts it: see `Background`."""

    @property
    def figures(self) -> Mapping[str, object]:
        """What the audit log is told at the end, such as the bytes of each direction."""

    async def run(self, call: ToolCall) -> str:
        """Work until it is done, and say why it ended. Cancelled when it is to stop: then close what is open.

        `call` has the cluster and the rights of the call that started it; its notes are read by nobody.
        """


L = TypeVar("L", bound=Lasting)


@dataclass(frozen=True)
class Outliving(Generic[L]):
    """Work that was started: its handle, and why it ended, "" while it goes on."""

    handle: str
    work: L
    ended: str


class Budget:
    """How many UTF-8 bytes the answer may still take: one per call, shared by the handler and the host."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.left = max_bytes
        self.is_wish = False
        """Whether the caller gave the size."""

    def take(self, size: int) -> bool:
        """Take `size` bytes if that many are left; False, and nothing taken, otherwise."""
        if size > self.left:
            return False
        self.left -= size
        return True

    def give_back(self, size: int) -> None:
        """What was taken and is not needed after all."""
        self.left += size

    @contextmanager
    def keeping(self, size: int) -> Iterator[None]:
        """Keep `size` bytes from the body, for what comes after it."""
        self.left -= size
        try:
            yield
        finally:
            self.left += size

    def limit(self, max_bytes: int) -> None:
        """Start anew with another size: the caller's own wish."""
        self.max_bytes = self.left = max_bytes
        self.is_wish = True


class Notes:
    """What the reader has to know about the answer. Each sentence is said once."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def add(self, template: str, /, **fields: object) -> None:
        """Add a sentence of ours; `template` is a literal, as for `Text`."""
        self._texts[str(Text(template, **fields))] = None

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def within(self, room: int) -> str:
        """As many of them as `room` bytes hold, and how many did not fit: the last first, for these tell what was cut.

        One with a cursor is always there, whole.
        """
        lines = self._lines()
        if _size(lines) <= room:
            return "\n".join(lines)
        room -= len(_LEFT_OUT) + _size([line for line in lines if _CURSOR in line])
        kept = []
        for line in reversed(lines):
            shorter = line if _CURSOR in line else _cut(line, room)
            room -= 0 if _CURSOR in line else _size([shorter])
            kept += [shorter] if shorter else []
        left_out = len(lines) - len(kept)
        return "\n".join([*reversed(kept), *[_LEFT_OUT.format(n=left_out)] * bool(left_out)])

    def _lines(self) -> list[str]:
        return [f"{NOTE} {redact(text)}" for text in self._texts]


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines if line)


def _cut(line: str, room: int) -> str:
    """The line, or what there is room for, if that still says anything."""
    if _size([line]) <= room:
        return line
    kept = line.encode()[: max(room - 4, 0)].decode(errors="ignore")
    return f"{kept}…" if len(kept) >= _FEWEST_CHARACTERS else ""


class Unread(Notes):
    """Notes of work that goes on after the answer was given: nobody is left to read them, so none are kept."""

    def add(self, template: str, /, **fields: object) -> None:
        """Keep nothing."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """What one client chose for its later calls. Keyed by principal and session; on stdio the process is it."""

    key: str
    clusters: dict[str, str] = field(default_factory=dict)
    """Name of the chosen cluster by name of its source."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who is behind one request, and where the choices of this caller are kept, if anywhere."""

    identity: Identity
    session: Session | None = None


Callers = Callable[[Any], Caller]
"""Tells the caller of a request; it is given the request as the transport knows it, None where it knows none."""


class Approver(Protocol):
    """The way to the person behind the client, where the operator wants one to be asked."""

    async def ask(self, question: str, operation: str) -> None:
        """Return if a person agreed to `question`, once and for exactly this `operation`. Raises Denied if not."""

    def sending(self) -> None:
        """Told of whatever changes the cluster, before it is sent. Raises Denied if a question comes first."""

    async def admit(self) -> None:
        """Before the handler: take the answer that came with the call. Raises Denied if it is no yes to this call."""

    async def settle(self) -> None:
        """After the handler. Raises ApprovalRequired if there is something to ask, or Denied if nobody can be."""


class Clusters(Protocol):
    """The clusters that this caller may name: a view, bound to the call's identity and session."""

    async def list(self, source: str) -> Sequence[ClusterEntry]:
        """All clusters of the source of that name; UnknownCluster when there is no such source."""

    async def current(self, source: str) -> ClusterEntry:
        """The cluster that a call without an argument goes to."""

    async def choose(self, source: str, name: str) -> ClusterEntry:
        """Make `name` the session's choice. UnknownCluster if it does not exist, ToolError without a session."""


class Background(Protocol):
    """What goes on after the calls that started it: this caller's, and nobody else's. It ends with the app at last."""

    def start(self, call: ToolCall, work: Lasting) -> str:
        """Start work with the rights of `call`; its handle, which nobody can guess. Raises Denied at the limit."""

    def find(self, kind: type[L]) -> Mapping[str, Outliving[L]]:
        """The caller's work of this kind, by handle, with what has ended lately."""

    async def stop(self, kind: type[L], handle: str) -> L | None:
        """Stop it and wait for its end; None if the caller has no such work."""


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """One call of one tool. `dataclasses.replace` is the only way to change it.

    `arguments` are the raw ones until they were validated. `now` is aware and in UTC; of a recorded cluster it is
    the moment that it shows. `timeout` is in seconds, `deadline` a time of the event loop's clock. `client` makes the
    client for the cluster that the host resolved, for whichever call it is given.
    """

    id: str
    tool: Tool
    arguments: Mapping[str, Any]
    identity: Identity
    session: Session | None
    budget: Budget
    notes: Notes
    now: datetime
    timeout: float
    deadline: float
    clusters: Clusters
    background: Background
    record: CallRecord
    approver: Approver | None = None
    page: Page | None = None
    client: Callable[[ToolCall], Cluster] | None = None

    @asynccontextmanager
    async def within_deadline(self) -> AsyncIterator[None]:
        """Run the body no longer than the call may take. Raises TimedOut."""
        try:
            async with asyncio.timeout_at(self.deadline):
                yield
        except TimeoutError:
            raise TimedOut(f"The call took longer than {self.timeout:g} s and was stopped.") from None

    @cached_property
    def cluster(self) -> Cluster:
        """The client for the cluster that the host resolved for this call."""
        if self.client is None:
            raise ToolError(f"The tool {self.tool.name} works without a cluster.")
        return self.client(self)

    def detached(self) -> ToolCall:
        """This call as work has it that goes on afterwards: the same rights and id, and neither end nor reader."""
        return replace(
            self, timeout=math.inf, deadline=math.inf, budget=Budget(0), notes=Unread(), record=replace(self.record),
            approver=None, page=None,
        )  # fmt: skip

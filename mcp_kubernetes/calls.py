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

from mcp_kubernetes.errors import Denied, TimedOut, ToolError
from mcp_kubernetes.notes import Notes, Unread

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mcp_kubernetes.audit import CallRecord
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.kube.client import Cluster
    from mcp_kubernetes.kube.cluster import ClusterEntry
    from mcp_kubernetes.parameters import Page
    from mcp_kubernetes.tools import Tool


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
F = TypeVar("F", bound="BaseModel")


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
    """The way to a person's yes, where the operator wants one to be asked."""

    async def ask(self, question: str, operation: str) -> None:
        """Return if a person agreed to `question`, once and for exactly this `operation`. Raises Denied if not."""


class Conversation(Protocol):
    """The way to the person behind the client. A call has one while somebody waits for its answer."""

    async def report(self, done: float, total: float | None, message: str) -> None:
        """See `ToolCall.progress`."""

    async def elicit(self, name: str, question: str, form: type[F]) -> F | None:
        """See `ToolCall.elicit`."""

    def sending(self) -> None:
        """Told of whatever changes the cluster, before it is sent. Raises Denied if a question comes first."""

    async def admit(self) -> None:
        """Before the handler: take the replies that came with the call. Raises Denied for what is no yes to it."""

    async def settle(self) -> None:
        """After the handler. Raises InputRequired if there is something to ask, or Denied if nobody can be."""


class Clusters(Protocol):
    """The clusters that this caller may name: a view, bound to the call's identity and session."""

    async def list(self, source: str) -> Sequence[ClusterEntry]:
        """All clusters of the source of that name; UnknownCluster when there is no such source."""

    async def current(self, source: str) -> ClusterEntry:
        """The cluster that a call without an argument goes to."""

    async def get(self, source: str, name: str) -> ClusterEntry:
        """The cluster of that name; UnknownCluster when there is none."""

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
    conversation: Conversation | None = None
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

    async def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Tell the client how far the call is, in units of the tool's own; `total` is what there is to do, if known.

        Costs nothing where the client did not ask for it. What does not go beyond what was told before is not sent, nor
        what comes at once after it, unless it is the end.
        """
        if self.conversation:
            await self.conversation.report(done, total, message)

    async def elicit(self, name: str, question: str, form: type[F]) -> F | None:
        """Ask the user to fill in `form`, a model with fields of plain types; None if they would rather not.

        The call ends here, and the handler runs again from its beginning once there is a reply, so nothing may have
        been changed before. `name` tells the questions of a call apart. Raises Denied where nobody can be asked: a
        handler that can do without an answer catches it, and one that cannot leaves it to the host.
        """
        if self.conversation is None:
            raise Denied("Nobody waits for this call any more, so nobody can be asked.")
        return await self.conversation.elicit(name, question, form)

    def detached(self) -> ToolCall:
        """This call as work has it that goes on afterwards: the same rights and id, and neither end nor reader."""
        return replace(
            self, timeout=math.inf, deadline=math.inf, budget=Budget(0), notes=Unread(), record=replace(self.record),
            conversation=None, approver=None, page=None,
        )  # fmt: skip

"""A port-forward: local ports that lead to a pod, until it is stopped, idle, too old, or the pod is gone.

Each local connection has a connection to the pod of its own, so one that fails or hangs concerns no other. What was
refused by the API server because the pod is gone is tried once more where another pod may stand in: nothing was sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mcp_kubernetes import NotFound, ToolCall, ToolError
from mcp_kubernetes_pods.carrying import Traffic, carry, reset
from mcp_kubernetes_pods.listeners import listening
from mcp_kubernetes_pods.ports import PortPair
from mcp_kubernetes_pods.settings import PodSettings
from mcp_kubernetes_pods.targets import Attached, Target, why_gone

if TYPE_CHECKING:
    from mcp_kubernetes.spi import Tunnel

_LOOK_SECONDS = 10.0
"""Between two looks at the pod. A connection that fails makes us look at once."""

_FRESH_SECONDS = 1.0
"""A look that is older than that does not do for a new connection."""

_PROBLEMS = 3


@dataclass(eq=False, kw_only=True)
class PortForward:
    """`attached` is where it leads to now. `local` are the local ports, once `opened`. `problems` are the latest."""

    target: Target
    pairs: Sequence[PortPair]
    limits: PodSettings
    context: str
    attached: Attached
    local: tuple[int, ...] = ()
    moves: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    problems: deque[str] = field(default_factory=lambda: deque(maxlen=_PROBLEMS))
    opened: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _doubt: asyncio.Event = field(default_factory=asyncio.Event)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _looked: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    _carriers: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def figures(self) -> Mapping[str, object]:
        """For the audit log."""
        traffic = self.traffic
        return {
            "target": str(self.target),
            "connections": traffic.carried,
            "failed": traffic.failed,
            "sent": traffic.sent,
            "received": traffic.received,
            "bytes": traffic.sent + traffic.received,
        }

    async def run(self, call: ToolCall) -> str:
        """Listen and carry; see `Lasting`."""
        asked = [port.asked for port in self.attached.ports]
        wanted = [at if pair.local is None else pair.local for pair, at in zip(self.pairs, asked, strict=True)]
        try:
            async with listening(wanted, lambda *accepted: self._accept(call, *accepted)) as self.local:
                self.opened.set_result(None)
                return await self._watch(call)
        except ToolError as error:
            self._not_opened(error)
            raise
        finally:
            self._not_opened(ToolError("The port-forward ended before it was open."))
            await self._end_carriers()

    def _not_opened(self, error: ToolError) -> None:
        if not self.opened.done():
            self.opened.set_exception(error)
            self.opened.exception()  # told, even if the call does not wait for it any more

    async def _watch(self, call: ToolCall) -> str:
        """Look at the pod and the clock, again and again, until there is a reason to end."""
        loop = asyncio.get_running_loop()
        self.traffic.moved, over = loop.time(), loop.time() + self.limits.forward_lifetime
        while True:
            idle = self.traffic.moved + self.limits.forward_idle
            if loop.time() >= over:
                return f"it was open for {self.limits.forward_lifetime:g} s"
            if loop.time() >= idle:
                return f"nothing came through for {self.limits.forward_idle:g} s"
            await self._wait(min(over, idle, loop.time() + _LOOK_SECONDS))
            try:
                if why := await self._look(call, loop.time()):
                    return why
            except ToolError as error:  # that the API server cannot be asked now is no reason to end
                self._note(error.message)

    async def _wait(self, until: float) -> None:
        """Wait until then, or until there is doubt; but do not look again at once, however many connections fail."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._doubt.wait()
                await asyncio.sleep(self._looked + _FRESH_SECONDS - asyncio.get_running_loop().time())
        self._doubt.clear()

    async def _look(self, call: ToolCall, since: float) -> str:
        """Why it is to end, "" if it is not; attaches to another pod if need be. Raises what asking raises.

        Whoever asks is served by a look that began after `since`.
        """
        async with self._looking:
            if self._looked > since:
                return ""
            began = asyncio.get_running_loop().time()
            why = await why_gone(call.cluster, self.attached, moves=self.target.moves)
            if why and self.target.moves:
                why = await self._move(call)
            self._looked = began if not why else self._looked
        return why

    async def _move(self, call: ToolCall) -> str:
        """Attach to another pod; "" or why there can be none any more. Raises ToolError."""
        try:
            self.attached = await self.target.attach(call.cluster, self.pairs)
        except NotFound:
            return f"{self.target} is gone"
        self.moves += 1
        return ""

    def _accept(self, call: ToolCall, at: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrier = asyncio.create_task(self._carry(call, at, reader, writer))
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)

    async def _carry(self, call: ToolCall, at: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its begin to its end. Whatever fails is told to the client as a reset."""
        self.traffic.open += 1
        self.traffic.carried += 1
        is_whole = False
        try:
            self._check_room()
            async with AsyncExitStack() as stack:
                is_whole = await carry(reader, writer, await self._tunnel(stack, call, at), self.traffic)
        except ToolError as error:
            self._fail(error.message)
        except OSError:
            pass  # the client went away: what it did not get, it did not want
        finally:
            self.traffic.open -= 1
            writer.close() if is_whole else reset(writer)

    def _check_room(self) -> None:
        if self.traffic.open > self.limits.forward_connections:
            raise ToolError(f"There were more than {self.limits.forward_connections} connections at once.")

    def _fail(self, problem: str) -> None:
        self.traffic.failed += 1
        self._note(problem)
        self._doubt.set()

    def _note(self, problem: str) -> None:
        self.problems.append(f"{datetime.now(UTC):%H:%M:%SZ} {problem}")

    async def _tunnel(self, stack: AsyncExitStack, call: ToolCall, at: int) -> Tunnel:
        """A connection to the pod, for as long as `stack`; to another pod if the API server says that it is gone."""
        began = asyncio.get_running_loop().time()
        await self._confirm(call, began - _FRESH_SECONDS)
        try:
            return await stack.enter_async_context(_forward(call, self.attached, at))
        except NotFound:
            if not self.target.moves:
                raise
        await self._confirm(call, began)
        return await stack.enter_async_context(_forward(call, self.attached, at))

    async def _confirm(self, call: ToolCall, since: float) -> None:
        """Make sure that it leads to the pod that was meant: a later one of its name answers to the same address."""
        if why := await self._look(call, since):
            raise ToolError(f"{why[0].upper()}{why[1:]}.")

    async def _end_carriers(self) -> None:
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)


def _forward(call: ToolCall, attached: Attached, at: int) -> AbstractAsyncContextManager[Tunnel]:
    return call.cluster.forward(attached.pod, attached.ports[at].target, attached.namespace)

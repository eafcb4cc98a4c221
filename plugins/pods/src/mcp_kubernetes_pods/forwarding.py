"""The tools that open, list and stop port-forwards. All four connect, so they are served together or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field, StringConstraints

from mcp_kubernetes import (
    Answer,
    Effect,
    Forbidden,
    Namespace,
    Operation,
    Outliving,
    Rows,
    Text,
    Tool,
    ToolCall,
    ToolError,
    tool,
)
from mcp_kubernetes_pods.listeners import HOST
from mcp_kubernetes_pods.ports import PortPair, Ports, pairs
from mcp_kubernetes_pods.sessions import PortForward
from mcp_kubernetes_pods.settings import PodSettings
from mcp_kubernetes_pods.targets import Attached, PodTarget, ServiceTarget, Target

_Name = StringConstraints(min_length=1, max_length=253)
PodName = Annotated[str, _Name, Field(description="Name of the pod.")]
ServiceName = Annotated[str, _Name, Field(description="Name of the service.")]
SessionId = Annotated[str, StringConstraints(max_length=64), Field(description="As it was answered or listed.")]

_HEADER = (
    "SESSION", "CONTEXT", "NAMESPACE", "TO", "POD", "PORTS", "CONNECTIONS", "SENT", "RECEIVED", "STATE", "PROBLEM",
)  # fmt: skip

_CONNECTING = tool(effect=Effect.CONNECT, destructive=False, operations=[Operation.PORT_FORWARD])
_KEEPING = tool(
    effect=Effect.CONNECT, destructive=False, idempotent=True, clustered=False, operations=[Operation.PORT_FORWARD]
)


@dataclass(frozen=True)
class Forwarding:
    """The tools, for one operator's settings."""

    settings: PodSettings

    def tools(self) -> list[Tool]:
        """All four; local ones, unless the operator wants them always."""
        made = (self.k8s_port_forward_pod, self.k8s_port_forward_service)
        opening = [_CONNECTING(each) for each in made]
        local = self.settings.port_forward == "local"
        return [replace(each, local=local) for each in (*opening, k8s_list_port_forwards, k8s_stop_port_forward)]

    async def k8s_port_forward_pod(
        self, call: ToolCall, pod_name: PodName, ports: Ports, namespace: Namespace = None
    ) -> Answer:
        """Make ports of a pod reachable on this machine, until stopped."""
        return await self._open(call, PodTarget(name=pod_name, namespace=namespace), pairs(ports))

    async def k8s_port_forward_service(
        self, call: ToolCall, service_name: ServiceName, ports: Ports, namespace: Namespace = None
    ) -> Answer:
        """Make ports of a service reachable on this machine, by a ready pod of it."""
        return await self._open(call, ServiceTarget(name=service_name, namespace=namespace), pairs(ports))

    async def _open(self, call: ToolCall, target: Target, wanted: tuple[PortPair, ...]) -> Answer:
        attached = await target.attach(call.cluster, wanted)
        await _check_rights(call, attached)
        session = PortForward(
            target=target, pairs=wanted, limits=self.settings, context=call.cluster.entry.name, attached=attached
        )
        handle = call.background.start(call, session)
        await asyncio.shield(session.opened)  # whoever cancels this call cancels no more than that
        return _opened(call, handle, session)


@_KEEPING
async def k8s_list_port_forwards(call: ToolCall) -> Answer:
    """List your port-forwards, and those that ended lately."""
    found = [each for each in call.background.find(PortForward).values() if each.work.local]
    if not found:
        return Answer((Text("There is no port-forward of yours."),))
    return Answer((Rows(_HEADER, tuple(map(_row, found))),))


@_KEEPING
async def k8s_stop_port_forward(call: ToolCall, session_id: SessionId) -> Text:
    """Stop one of your port-forwards, with its connections."""
    session = await call.background.stop(PortForward, session_id)
    if session is None:
        raise ToolError(
            "No open port-forward of yours has this sessionId.", hint="k8s_list_port_forwards shows those there are."
        )
    return Text(
        "Stopped after {n} connections, {sent} bytes to the pod and {received} from it.",
        n=session.traffic.carried, sent=session.traffic.sent, received=session.traffic.received,
    )  # fmt: skip


async def _check_rights(call: ToolCall, attached: Attached) -> None:
    """Refuse at once what the first connection would be refused. API servers before 1.35 do not ask for `create`."""

    async def may(verb: str) -> bool:
        pod = attached.pod
        found = await call.cluster.access(verb, "v1/Pod", attached.namespace, name=pod, subresource="portforward")
        return found.allowed

    if not await may("get"):
        raise Forbidden(
            f"This user may not forward ports of pods in {attached.namespace}.", status=403, reason="Forbidden",
            hint="It takes get and, from Kubernetes 1.35 on, create of pods/portforward.",
        )  # fmt: skip
    if not await may("create"):
        call.notes.add("This user may not create pods/portforward: from Kubernetes 1.35 on, connections are refused.")


def _opened(call: ToolCall, handle: str, session: PortForward) -> Answer:
    limits = session.limits
    call.notes.add("Every user of this machine can reach these local ports, and through them the pod with your rights.")
    call.notes.add(
        "It ends after {idle} s without traffic and {lifetime} s in all, or with k8s_stop_port_forward.",
        idle=f"{limits.forward_idle:g}", lifetime=f"{limits.forward_lifetime:g}",
    )  # fmt: skip
    attached = session.attached
    rows = [
        (f"{HOST}:{local}", attached.pod, port.target)
        for local, port in zip(session.local, attached.ports, strict=True)
    ]
    line = Text("sessionId {handle}: {target} in {namespace}", handle=handle, target=session.target,
                namespace=attached.namespace)  # fmt: skip
    return Answer((line, Rows(("LOCAL", "POD", "PORT"), rows)))


def _row(found: Outliving[PortForward]) -> tuple[object, ...]:
    session, traffic = found.work, found.work.traffic
    connections = f"{traffic.open} open, {traffic.carried} in all, {traffic.failed} failed"
    return (
        found.handle,
        session.context,
        session.attached.namespace,
        str(session.target),
        session.attached.pod,
        " ".join(_ports(session)),
        connections,
        traffic.sent,
        traffic.received,
        f"ended: {found.ended}" if found.ended else f"open, moved {session.moves} times" if session.moves else "open",
        session.problems[-1] if session.problems else "",
    )


def _ports(session: PortForward) -> Iterator[str]:
    for local, port in zip(session.local, session.attached.ports, strict=False):
        yield f"{HOST}:{local}->{port.target}"

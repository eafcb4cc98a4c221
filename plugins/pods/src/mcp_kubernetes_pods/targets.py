"""What ports are forwarded to: a pod, or whichever ready pod stands behind a service at the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mcp_kubernetes import InvalidArguments, NotFound, Object, Selectors, ToolError
from mcp_kubernetes_pods.ports import PortPair

if TYPE_CHECKING:
    from mcp_kubernetes import Cluster

_POD, _SERVICE, _SLICE = "v1/Pod", "v1/Service", "discovery.k8s.io/v1/EndpointSlice"
_SERVICE_NAME = "kubernetes.io/service-name"
"""The label by which slices belong to a service (k8s.io/api/discovery/v1)."""

_OVER = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port as it was asked for, of the pod or the service, and the one in the pod that it leads to."""

    asked: int
    target: int


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A pod with its ports, in the order in which they were asked for. `uid` tells it from a later one of its name."""

    namespace: str
    pod: str
    uid: str
    ports: tuple[Port, ...]


class Target(Protocol):
    """What was asked for. One that `moves` leads to another pod when its pod is gone."""

    moves: bool

    def __str__(self) -> str:
        """As kubectl names it: pod/web-1."""

    async def attach(self, cluster: Cluster, pairs: Sequence[PortPair]) -> Attached:
        """Find a running pod for these ports. Raises NotFound, InvalidArguments and other ToolErrors."""


@dataclass(frozen=True, kw_only=True)
class PodTarget:
    """One pod, and no other of its name."""

    name: str
    namespace: str | None
    moves = False

    def __str__(self) -> str:
        return f"pod/{self.name}"

    async def attach(self, cluster: Cluster, pairs: Sequence[PortPair]) -> Attached:
        """This pod, if it runs."""
        pod = await cluster.get(_POD, self.name, self.namespace, full=True)
        phase = pod.at(".status.phase", "Unknown")
        if phase != "Running":
            raise ToolError(
                f"The pod does not run: its phase is {phase}.", hint="Look at its events with k8s_describe_resource."
            )
        ports = tuple(_port_of(pod, pair) for pair in pairs)
        return Attached(
            namespace=pod.at(".metadata.namespace"), pod=self.name, uid=pod.at(".metadata.uid"), ports=ports
        )


@dataclass(frozen=True, kw_only=True)
class ServiceTarget:
    """Any ready pod of a service that has all of the ports."""

    name: str
    namespace: str | None
    moves = True

    def __str__(self) -> str:
        return f"service/{self.name}"

    async def attach(self, cluster: Cluster, pairs: Sequence[PortPair]) -> Attached:
        """The first ready pod, by the service's EndpointSlices: they know what a named target port is in each pod."""
        service = await cluster.get(_SERVICE, self.name, self.namespace, full=True)
        namespace = service.at(".metadata.namespace")
        wanted = [_service_port(service, pair) for pair in pairs]
        slices = cluster.rows(
            _SLICE,
            namespace,
            where=Selectors(label_selector=f"{_SERVICE_NAME}={self.name}"),
            endpoints=".endpoints[*]",
            ports=".ports[*]",
        )
        found: dict[tuple[str, str], dict[str, int]] = {}
        async for row in slices:
            numbers = {port.get("name") or "": port["port"] for port in _listed(row.ports) if port.get("port")}
            for pod in _ready_pods(row.endpoints):
                found.setdefault(pod, {}).update(numbers)
        return _first(found, namespace, wanted)


async def why_gone(cluster: Cluster, attached: Attached, *, moves: bool) -> str:
    """Why the pod is of no use any more, as a sentence without its stop; "" if it is. Raises what asking raises.

    Where another may take its place, one that is being deleted is gone already.
    """
    try:
        pod = await cluster.get(_POD, attached.pod, attached.namespace, full=True)
    except NotFound:
        return f"pod {attached.pod} is gone"
    if pod.at(".metadata.uid") != attached.uid:
        return f"pod {attached.pod} was replaced by another of its name"
    if pod.at(".status.phase") in _OVER or (moves and pod.at(".metadata.deletionTimestamp")):
        return f"pod {attached.pod} has ended"
    return ""


def _port_of(pod: Object, pair: PortPair) -> Port:
    if pair.number is not None:
        return Port(asked=pair.number, target=pair.number)
    declared = [*pod.all(".spec.containers[*].ports[*]"), *pod.all(".spec.initContainers[*].ports[*]")]
    named = {port["name"]: port for port in declared if port.get("name")}
    port = _tcp(named, pair, "The pod")
    return Port(asked=port["containerPort"], target=port["containerPort"])


def _service_port(service: Object, pair: PortPair) -> tuple[str, int]:
    """Name and number of the service's own port; only slices know where it leads to."""
    if service.at(".spec.type") == "ExternalName":
        raise InvalidArguments("The service is an ExternalName: no pod stands behind it.", hint="Forward to a pod.")
    declared = service.all(".spec.ports[*]")
    key = "name" if pair.number is None else "port"
    port = _tcp({str(port[key]): port for port in reversed(declared) if port.get(key)}, pair, "The service")
    return port.get("name") or "", port["port"]


def _tcp(ports: dict[str, dict[str, Any]], pair: PortPair, whose: str) -> dict[str, Any]:
    port = ports.get(pair.remote)
    if port is None:
        raise InvalidArguments(f"{whose} has no such port.", hint=f"It has: {', '.join(sorted(ports)) or 'none'}.")
    if port.get("protocol", "TCP") != "TCP":
        raise InvalidArguments(f"This port is {port['protocol']}: only TCP can be forwarded.")
    return port


def _ready_pods(endpoints: Any) -> list[tuple[str, str]]:
    """Name and uid; a condition that is not set counts as ready (k8s.io/api/discovery/v1)."""
    ready = [each for each in _listed(endpoints) if (each.get("conditions") or {}).get("ready") is not False]
    pods = [each.get("targetRef") or {} for each in ready]
    return [(pod["name"], pod["uid"]) for pod in pods if pod.get("kind") == "Pod"]


def _first(found: dict[tuple[str, str], dict[str, int]], namespace: str, wanted: list[tuple[str, int]]) -> Attached:
    for (pod, uid), numbers in sorted(found.items()):
        if all(name in numbers for name, _ in wanted):
            ports = tuple(Port(asked=asked, target=numbers[name]) for name, asked in wanted)
            return Attached(namespace=namespace, pod=pod, uid=uid, ports=ports)
    raise ToolError(
        "No ready pod stands behind the service" + (" that has all of these ports." if found else "."),
        hint="Look at its pods with k8s_describe_resource.",
    )


def _listed(value: Any) -> list[dict[str, Any]]:
    """A path that leads to several values gives a list, one that leads to a single one gives that."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

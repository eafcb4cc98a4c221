"""How what runs is reached: services, their endpoints, ingresses, policies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing.values import NONE, age, at, labels, name, selector, some

Object = Mapping[str, Any]


def service(found: Object, now: datetime) -> list[Any]:
    """Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector."""
    addresses = at(found, "spec.clusterIPs", ()) or [at(found, "spec.clusterIP", NONE)]
    return [
        name(found),
        at(found, "spec.type", ""),
        addresses[0],
        _external(found),
        ",".join(map(_port, at(found, "spec.ports", ()))) or NONE,
        age(found, now),
        labels(at(found, "spec.selector")),
    ]


def endpoints(found: Object, now: datetime) -> list[Any]:
    """Name, Endpoints, Age."""
    subsets = found.get("subsets") or ()
    every = [address for subset in subsets for address in _addresses(subset)]
    return [name(found), some(every, nothing="") if subsets else NONE, age(found, now)]


def endpoint_slice(found: Object, now: datetime) -> list[Any]:
    """Name, AddressType, Ports, Endpoints, Age."""
    ports = [str(port.get("port") or port.get("name", "*")) for port in found.get("ports") or ()]
    addresses = [address for each in found.get("endpoints") or () for address in each.get("addresses") or ()]
    return [name(found), found.get("addressType", ""), some(ports), some(addresses), age(found, now)]


def ingress(found: Object, now: datetime) -> list[Any]:
    """Name, Class, Hosts, Address, Ports, Age."""
    ports = "80, 443" if at(found, "spec.tls") else "80"
    balanced = _balanced(at(found, "status.loadBalancer.ingress", ()))
    class_name = at(found, "spec.ingressClassName", NONE)
    return [name(found), class_name, _hosts(at(found, "spec.rules", ())), balanced, ports, age(found, now)]


def ingress_class(found: Object, now: datetime) -> list[Any]:
    """Name, Controller, Parameters, Age."""
    parameters = at(found, "spec.parameters")
    default = at(found, "metadata.annotations", {}).get("ingressclass.kubernetes.io/is-default-class") == "true"
    called = f"{name(found)} (default)" if default else name(found)
    return [called, at(found, "spec.controller", ""), _parameters(parameters) if parameters else NONE, age(found, now)]


def network_policy(found: Object, now: datetime) -> list[Any]:
    """Name, Pod-Selector, Age."""
    return [name(found), selector(at(found, "spec.podSelector")) or NONE, age(found, now)]


def service_cidr(found: Object, now: datetime) -> list[Any]:
    """Name, CIDRs, Age."""
    return [name(found), ",".join(at(found, "spec.cidrs", ())), age(found, now)]


def ip_address(found: Object, now: datetime) -> list[Any]:
    """Name, ParentRef, Age."""
    parent = at(found, "spec.parentRef")
    if parent is None:
        return [name(found), NONE, age(found, now)]
    resource = ".".join(filter(None, (parent.get("resource", ""), parent.get("group", "")))).lower()
    place = "/".join(filter(None, (resource, parent.get("namespace", ""), parent.get("name", ""))))
    return [name(found), place, age(found, now)]


def _external(found: Object) -> str:
    own = ",".join(at(found, "spec.externalIPs", ()))
    match at(found, "spec.type"):
        case "ClusterIP" | "NodePort":
            return own or NONE
        case "LoadBalancer":
            balanced = _balanced(at(found, "status.loadBalancer.ingress", ()))
            return ",".join(filter(None, (balanced, own))) or "<pending>"
        case "ExternalName":
            return str(at(found, "spec.externalName", ""))
    return "<unknown>"


def _balanced(ingresses: list[Object]) -> str:
    return ",".join(sorted({address for each in ingresses if (address := each.get("ip") or each.get("hostname"))}))


def _port(port: Object) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"


def _addresses(subset: Object) -> list[str]:
    addresses = [each["ip"] for each in subset.get("addresses") or ()]
    ports = subset.get("ports") or ()
    if not ports:
        return addresses
    return [f"{_bracketed(address)}:{port['port']}" for port in ports for address in addresses]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _hosts(rules: list[Object]) -> str:
    """The hosts of the first three rules. As printers.go has it: rules without a host count as more."""
    found: list[str] = []
    more = False
    for rule in rules:
        more = more or len(found) == 3
        if not more and rule.get("host"):
            found.append(rule["host"])
    if not found:
        return "*"
    return f"{','.join(found)} + {len(rules) - 3} more..." if more else ",".join(found)


def _parameters(found: Object) -> str:
    group = f".{found['apiGroup']}" if found.get("apiGroup") else ""
    return f"{found['kind']}{group}/{found['name']}"


PRINTERS = {
    ("", "Service"): service,
    ("", "Endpoints"): endpoints,
    ("discovery.k8s.io", "EndpointSlice"): endpoint_slice,
    ("networking.k8s.io", "Ingress"): ingress,
    ("networking.k8s.io", "IngressClass"): ingress_class,
    ("networking.k8s.io", "NetworkPolicy"): network_policy,
    ("networking.k8s.io", "ServiceCIDR"): service_cidr,
    ("networking.k8s.io", "IPAddress"): ip_address,
}

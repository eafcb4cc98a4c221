"""Pods: what state one is in is worked out of all that is known of its containers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing.values import NONE, age, at, condition, containers, labels, name, since

Container = Mapping[str, Any]


@dataclass
class _Restarts:
    """How often containers were started again, and when last."""

    count: int = 0
    last: str = ""

    def add(self, status: Container) -> None:
        self.count += status.get("restartCount", 0)
        self.last = max(self.last, at(status, "lastState.terminated.finishedAt", ""))

    def text(self, now: datetime) -> str:
        return f"{self.count} ({since(self.last, now)} ago)" if self.count and self.last else str(self.count)


@dataclass
class _State:
    """What is worked out: the word for the state, and how many containers are ready."""

    reason: str
    ready: int = 0
    initializing: bool = False


def pod(found: Mapping[str, Any], now: datetime) -> list[Any]:
    """Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates."""
    sidecars = {each["name"] for each in at(found, "spec.initContainers", ()) if each.get("restartPolicy") == "Always"}
    state = _State(reason=_first_reason(found))
    restarts, of_sidecars = _initialized(found, sidecars, state)
    if not state.initializing or condition(found, "Initialized").get("status") == "True":
        restarts = of_sidecars
        _ran(found, state, restarts)
    total = len(at(found, "spec.containers", ())) + len(sidecars)
    return [
        name(found),
        f"{state.ready}/{total}",
        _ending(found) or state.reason,
        restarts.text(now),
        age(found, now),
        next((each["ip"] for each in at(found, "status.podIPs", ()) if each.get("ip")), NONE),
        at(found, "spec.nodeName") or NONE,
        at(found, "status.nominatedNodeName") or NONE,
        _gates(found),
    ]


def pod_template(found: Mapping[str, Any], _: datetime) -> list[Any]:
    """Name, Containers, Images, Pod Labels."""
    template = found.get("template") or {}
    return [name(found), *containers(at(template, "spec.containers")), labels(at(template, "metadata.labels"))]


def completion(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a table's row says of a pod that is over."""
    phase = at(found, "status.phase")
    messages = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}
    if phase not in messages:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": messages[phase]}]


def _first_reason(found: Mapping[str, Any]) -> str:
    gated = any(
        each.get("type") == "PodScheduled" and each.get("reason") == "SchedulingGated"
        for each in at(found, "status.conditions", ())
    )
    return "SchedulingGated" if gated else at(found, "status.reason") or at(found, "status.phase", "")


def _initialized(found: Mapping[str, Any], sidecars: set[str], state: _State) -> tuple[_Restarts, _Restarts]:
    """Go through the init containers up to the first that is not done; their restarts, and those of sidecars."""
    restarts, of_sidecars = _Restarts(), _Restarts()
    total = len(at(found, "spec.initContainers", ()))
    for place, status in enumerate(at(found, "status.initContainerStatuses", ())):
        is_sidecar = status["name"] in sidecars
        restarts.add(status)
        if is_sidecar:
            of_sidecars.add(status)
        if at(status, "state.terminated.exitCode") == 0 and at(status, "state.terminated") is not None:
            continue
        if is_sidecar and status.get("started"):
            state.ready += bool(status.get("ready"))
            continue
        state.reason, state.initializing = _init_reason(status, place, total), True
        break
    return restarts, of_sidecars


def _init_reason(status: Container, place: int, total: int) -> str:
    if (terminated := at(status, "state.terminated")) is not None:
        return f"Init:{_ended(terminated)}"
    waiting = at(status, "state.waiting.reason")
    return f"Init:{waiting}" if waiting and waiting != "PodInitializing" else f"Init:{place}/{total}"


def _ended(terminated: Mapping[str, Any]) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _ran(found: Mapping[str, Any], state: _State, restarts: _Restarts) -> None:
    """Go through the containers from the last one, as the first one's state is what is told."""
    running, failed = False, ""
    for status in reversed(at(found, "status.containerStatuses", ())):
        restarts.add(status)
        terminated = at(status, "state.terminated")
        if waiting := at(status, "state.waiting.reason"):
            state.reason = waiting
        elif terminated is not None:
            state.reason = _ended(terminated)
            failed = state.reason if terminated.get("exitCode") else failed
        elif status.get("ready") and at(status, "state.running") is not None:
            running = True
            state.ready += 1
    if state.reason == "Completed":
        state.reason = _after_completion(found, running=running, failed=failed)


def _after_completion(found: Mapping[str, Any], *, running: bool, failed: str) -> str:
    """Some container is done; the pod is not, as long as another one runs."""
    if running and _is_true(at(found, "status.conditions", ()), "Ready"):
        return "Running"
    return failed or ("NotReady" if running else "Completed")


def _is_true(conditions: Iterable[Mapping[str, Any]], kind: str) -> bool:
    return any(each.get("type") == kind and each.get("status") == "True" for each in conditions)


def _ending(found: Mapping[str, Any]) -> str:
    if not at(found, "metadata.deletionTimestamp"):
        return ""
    if at(found, "status.reason") == "NodeLost":
        return "Unknown"
    return "" if at(found, "status.phase") in {"Failed", "Succeeded"} else "Terminating"


def _gates(found: Mapping[str, Any]) -> str:
    gates = at(found, "spec.readinessGates", ())
    passed = sum(condition(found, gate["conditionType"]).get("status") == "True" for gate in gates)
    return f"{passed}/{len(gates)}" if gates else NONE

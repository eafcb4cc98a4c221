"""Many lines in four pods, and what a bare client asks for to read the same bytes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tests.cluster.node import PodFailed, has_ended

if TYPE_CHECKING:
    from tests.cluster.node import Pods

PODS = ("shop-6c9f-a", "shop-6c9f-b", "shop-6c9f-c", "shop-6c9f-d")
LABEL = {"app": "shop"}
_WATCHES = 8
_LINE = 'level=%s msg=\\"request served\\" path=/api/v1/items/%d status=%d duration=%dms bytes=%d trace=5f1c%08dab%04d'
_PRINT = (
    'BEGIN {{ for (i = 1; i <= {count}; i++) {{ bad = i % 1000 == 0; printf "{line}\\n", '
    'bad ? "error" : "info", i, bad ? 503 : 200, i % 313, i * 7, i, i % 1999 }} }}'
)


def printed(pods: Pods, namespace: str, lines: int) -> None:
    """Return when four pods have printed that many lines in all; one of a thousand is an error."""
    script = _PRINT.format(count=lines // len(PODS), line=_LINE)
    for name in PODS:
        pods.make(namespace, name, {"main": ["awk", script]}, labels=LABEL, restartPolicy="Never")
    for name in PODS:
        _wait(pods, namespace, name)


def _wait(pods: Pods, namespace: str, name: str) -> None:
    """A watch ends when nothing happens for as long as it takes to print so many lines."""
    for _ in range(_WATCHES):
        with suppress(TimeoutError, PodFailed):
            pods.until(namespace, name, has_ended, "at its end")
            return
    raise PodFailed(f"{name} still prints.")


def paths(namespace: str) -> list[str]:
    """What a client asks the API server for to read them all."""
    return [f"/api/v1/namespaces/{namespace}/pods/{name}/log?container=main&timestamps=true" for name in PODS]


def block(first: int, last: int) -> bytes:
    """Such lines, as the kubelet serves them."""
    return b"".join(map(_served, range(first, last)))


def _served(number: int) -> bytes:
    level, status = ("error", 503) if number % 1_000 == 0 else ("info", 200)
    text = f'level={level} msg="request served" path=/api/v1/items/{number} status={status} duration={number % 313}ms'
    return f"2026-11-29T13:{number // 60 % 60:02}:{number % 60:02}.{number:09}Z {text}\n".encode()

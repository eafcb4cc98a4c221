"""Kubeconfigs for tests: one context for each name, and files to hold them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PLANTED = "planted-token-5b1f0c"


def kubeconfig(
    *contexts: str, current: str | None = None, cluster: Mapping[str, Any] | None = None, **context: Any
) -> dict[str, Any]:
    """A kubeconfig in which each context has a cluster and a user of its own name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": current or "",
        "contexts": [{"name": n, "context": {"cluster": n, "user": n, **context}} for n in contexts],
        "clusters": [
            {"name": n, "cluster": {"server": f"https://{n}.example:6443", **(cluster or {})}} for n in contexts
        ],
        "users": [{"name": n, "user": {"token": PLANTED}} for n in contexts],
    }


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path

"""What the operator decides about pods: where ports are forwarded to, and for how long."""

from __future__ import annotations

from typing import Literal

from mcp_kubernetes import Settings, setting


class PodSettings(Settings):
    """The section `pods`."""

    port_forward: Literal["local", "always"] = setting(
        "local",
        flag="--port-forward",
        help="Where to offer port-forward: local is not in a pod and not to users elsewhere, by HTTP; or always.",
    )
    forward_idle: float = setting(1_800.0, gt=0, help="Seconds without a byte after which a port-forward ends.")
    forward_lifetime: float = setting(28_800.0, gt=0, help="Seconds after which a port-forward ends in any case.")
    forward_connections: int = setting(256, ge=1, help="Connections that one port-forward carries at once.")

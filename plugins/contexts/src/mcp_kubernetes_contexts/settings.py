"""Which clusters this process knows: kubeconfig files, or the cluster it runs in."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import model_validator

from mcp_kubernetes import Settings, setting
from mcp_kubernetes.spi import Kubeconfig


class ContextSettings(Settings):
    """The section `contexts`."""

    in_cluster: bool = setting(
        default=False, flag="--in-cluster", help="Use the ServiceAccount of the pod that this server runs in."
    )
    kubeconfig: tuple[Path, ...] = setting(
        (),
        flag="--kubeconfig",
        help="Kubeconfig file (repeatable, the first wins). Default: $KUBECONFIG, else ~/.kube/config.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.in_cluster and self.kubeconfig:
            raise ValueError("kubeconfig has no effect with in_cluster; use one of them")
        return self

    def files(self) -> Kubeconfig:
        """The kubeconfig files, none of them read yet."""
        if not self.kubeconfig:
            return Kubeconfig.from_environment()
        return Kubeconfig(self.kubeconfig, required=True)

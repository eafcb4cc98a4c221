"""Which clusters this process knows (kubeconfig files, or the one it runs in) and which programs may sign in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import field_validator

from mcp_kubernetes import Settings, setting
from mcp_kubernetes.spi import Kubeconfig

_IN_CLUSTER = "--in-cluster signs in with the pod's ServiceAccount"
_DENIED = "--deny-exec-plugins lets no credential plugin run"
_EXEC = ("exec_plugins", "exec_timeout")


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
    exec_plugins: tuple[str, ...] | None = setting(
        None,
        flag="--exec-plugin",
        help="Credential plugin (exec) that may run: a command or an absolute path (repeatable). Default: any.",
    )
    deny_exec_plugins: bool = setting(
        default=False, flag="--deny-exec-plugins", help="Run no credential plugin, whatever a kubeconfig names."
    )
    exec_timeout: float = setting(
        60.0, flag="--exec-timeout", gt=0, le=600, help="Seconds after which a credential plugin is ended."
    )

    @field_validator("exec_plugins")
    @classmethod
    def _names(cls, names: Sequence[str] | None) -> Sequence[str] | None:
        # An empty list is a slip in a security setting: taken for "any" it would allow what it should not.
        if names is not None and not names:
            raise ValueError("it names no plugin; deny_exec_plugins lets none run")
        # What "./login" means would depend on the folder that the server was started in.
        if not all(name and ("/" not in name or Path(name).is_absolute()) for name in names or ()):
            raise ValueError("it takes commands without a slash, and absolute paths")
        return names

    def idle(self) -> dict[str, str]:
        """A pod's ServiceAccount needs no file and no plugin; where none may run, there is nothing to choose."""
        if self.in_cluster:
            return dict.fromkeys(("kubeconfig", "deny_exec_plugins", *_EXEC), _IN_CLUSTER)
        return dict.fromkeys(_EXEC, _DENIED) if self.deny_exec_plugins else {}

    def files(self) -> Kubeconfig:
        """The kubeconfig files, none of them read yet."""
        if not self.kubeconfig:
            return Kubeconfig.from_environment()
        return Kubeconfig(self.kubeconfig, required=True)

"""Which credential plugins the operator lets run, and for how long.

A kubeconfig may name any program, and whoever writes one chooses what runs here. A list of names means what it
means to kubectl: https://kubernetes.io/docs/reference/kubectl/kuberc/#credential-plugin-policy
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

EXEC_TIMEOUT = 60.0
"""Seconds after which a credential plugin is ended."""


@dataclass(frozen=True, kw_only=True)
class ExecPolicy:
    """`allowed` are commands and absolute paths, or None for any; `timeout` is in seconds."""

    allowed: tuple[str, ...] | None = None
    timeout: float = EXEC_TIMEOUT

    def allows(self, command: str, program: str | None) -> bool:
        """Whether `command`, as a kubeconfig names it, may run; `program` is what was found for it.

        Symbolic links are not followed: where one program has many names, listing one must not allow them all.
        """
        if self.allowed is None or command in self.allowed:
            return True
        return program is not None and program in map(located, self.allowed)

    @property
    def refusal(self) -> str:
        """Why a command may not run, to follow "the command …, which"."""
        if self.allowed:
            return "is not among the credential plugins that this server may run (setting contexts.exec_plugins)"
        return "may not run, because this server runs no credential plugin (setting contexts.deny_exec_plugins)"


def located(command: str) -> str | None:
    """The absolute path of the executable that a path or a name on this server's own PATH means; None for none."""
    found = shutil.which(command)
    # A PATH with "." in it must not run what lies about in the current folder.
    return found if found is not None and os.path.isabs(found) else None  # noqa: PTH117 - `which` speaks text

"""The `exec` of a kubeconfig's user: which program signs in, with what, and how its failures are told.

Values of the kubeconfig and anything that looks like a credential are taken out of what a plugin complains;
only the command's name and the install hint, which are there to be read, are shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mcp_kubernetes.errors import ToolError
from mcp_kubernetes.kube.credentials.child import Command
from mcp_kubernetes.kube.credentials.exec_policy import ExecPolicy, located
from mcp_kubernetes.kube.kubeconfig.stanza import Stanza, shown
from mcp_kubernetes.redact import REDACTED, redact
from mcp_kubernetes.results import clean

_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_MODES = (None, "Never", "IfAvailable", "Always")
_HINT_SHOWN = 400
_COMPLAINT_SHOWN = 200
_TELLING = 6
_ASSIGNED = re.compile(
    r"""(?ix) ([\w-]*(?:token|secret|passw|authorization|[_-]key|apikey)[\w-]*["']?\s*[:=]\s*["']?)
    (?:(?:bearer|basic)\s+)?[^\s"',;}]+"""
)
_OPAQUE = re.compile(r"[\w+=-]{32,}|(?=\S*\d)(?=\S*[A-Z])(?=\S*[a-z])[\w+/=-]{32,}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ExecEntry:
    """The checked entry. `repr` shows neither arguments nor variables."""

    stanza: Stanza
    command: str
    version: str
    arguments: tuple[str, ...] = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    tells_cluster: bool
    install_hint: str

    @classmethod
    def of(cls, stanza: Stanza) -> ExecEntry:
        """What `stanza`, the mapping under `exec`, says. Raises CredentialsError for what cannot be honoured."""
        found = cls(
            stanza=stanza,
            command=_command(stanza),
            version=_version(stanza),
            arguments=stanza.texts("args"),
            variables=dict(_variables(stanza)),
            tells_cluster=stanza.flag("provideClusterInfo"),
            install_hint=clean(" ".join((stanza.text("installHint") or "").split()))[:_HINT_SHOWN],
        )
        found._check_mode()
        return found

    def _check_mode(self) -> None:
        mode = self.stanza.text("interactiveMode")
        if mode not in _MODES:
            raise self.refuse("has an interactiveMode that is none of Never, IfAvailable, Always")
        if mode == "Always":
            raise self.refuse(
                "must ask a person at a terminal (interactiveMode: Always), and this server has none",
                "Use a user that signs in without a terminal.",
            )

    def refuse(self, problem: str, hint: str = "") -> ToolError:
        """The CredentialsError about this plugin; `problem` follows "the command …, which"."""
        return self.stanza.refuse(f'signs in with the command "{shown(self.command)}", which {problem}', hint)

    def to_run(self, question: str, policy: ExecPolicy) -> Command:
        """The program with arguments and environment. Raises CredentialsError for one missing or not allowed."""
        return Command(
            program=self._program(policy),
            arguments=self.arguments,
            environment={**os.environ, **self.variables, "KUBERNETES_EXEC_INFO": question},
        )

    def _program(self, policy: ExecPolicy) -> str:
        """A command with a slash is relative to the kubeconfig; any other is looked for on the server's own PATH."""
        has_path = "/" in self.command
        found = located(str(self.stanza.file.parent / self.command) if has_path else self.command)
        if not policy.allows(self.command, found):
            raise self.refuse(policy.refusal, "Use a context that signs in otherwise, or have the operator allow it.")
        if found is None:
            problem = "is no executable file" if has_path else "is not on the PATH of this server"
            raise self.refuse(problem, self.install_hint or "Install it where this server runs.")
        return found

    def complaint(self, said: bytes) -> str:
        """The end of what the plugin wrote to standard error, on one line, without anything that tells a secret."""
        text = said.decode("utf-8", "replace")
        for value in sorted(self._values(), key=len, reverse=True):
            text = text.replace(value, REDACTED)
        text = _OPAQUE.sub(REDACTED, _ASSIGNED.sub(rf"\1{REDACTED}", redact(text)))
        line = clean(" ".join(text.split()))
        return f"…{line[-_COMPLAINT_SHOWN:]}" if len(line) > _COMPLAINT_SHOWN else line

    def _values(self) -> Iterator[str]:
        for value in (*self.variables.values(), *self.arguments):
            for part in (value, value.partition("=")[2]):
                if len(part) >= _TELLING:
                    yield part


def _command(stanza: Stanza) -> str:
    command = stanza.text("command")
    if command is None:
        raise stanza.refuse("signs in with exec, but names no command")
    return command


def _version(stanza: Stanza) -> str:
    version = stanza.text("apiVersion")
    if version not in _VERSIONS:
        raise stanza.refuse(f"signs in with exec in an apiVersion that is none of {', '.join(_VERSIONS)}")
    return version


def _variables(stanza: Stanza) -> Iterator[tuple[str, str]]:
    for variable in stanza.each("env"):
        name = variable.text("name")
        if name is None or "=" in name:
            raise stanza.refuse("signs in with exec, whose env holds a variable without a proper name")
        yield name, variable.text("value") or ""

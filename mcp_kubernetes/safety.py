"""What this server may do, decided in one place: for the list of tools, for a call, and for each request.

A tool is judged by what it declares, a request by what it is; neither can be forgotten by a handler.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from mcp_kubernetes.effects import Effect, Operation
from mcp_kubernetes.errors import Denied

if TYPE_CHECKING:
    from mcp_kubernetes.kube.guard import RequestAttributes
    from mcp_kubernetes.kube.paths import APIPath
    from mcp_kubernetes.settings import SafetySettings
    from mcp_kubernetes.tools import Tool

_HINT = "Tell the user what you wanted to do; they can do it, or start the server with other limits."


@dataclass(frozen=True, kw_only=True)
class SafetyPolicy:
    """The operator's limits, named as the settings of the section `safety`. Pure: deciding asks nobody.

    An empty `allowed_operations`, `allowed_namespaces` or `allowed_commands` allows all. `elsewhere` says why the users
    are not at the machine of this server, as the end of a sentence; "" if they are.
    """

    non_destructive: bool = True
    dry_run: bool = False
    allowed_operations: frozenset[Operation] = frozenset()
    denied_operations: frozenset[Operation] = frozenset()
    allowed_namespaces: frozenset[str] = frozenset()
    restricted_namespaces: frozenset[str] = frozenset()
    denied_kinds: frozenset[str] = frozenset()
    allowed_cluster_kinds: frozenset[str] = frozenset()
    dry_run_groups: frozenset[str] = frozenset()
    allowed_commands: frozenset[str] = frozenset()
    show_secret_values: bool = False
    elsewhere: str = ""

    @classmethod
    def of(cls, settings: SafetySettings, transport: str) -> Self:
        """The policy that the settings ask for, where clients come by this transport."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {name: _frozen(value) for name, value in settings if name in known}
        return cls(**values, elsewhere=_elsewhere(transport))

    @property
    def mode(self) -> str:
        """What this server does, in a sentence for the model."""
        if self.dry_run:
            return "Dry run: changes are only tried, nothing is changed."
        if self.non_destructive:
            return "This server only reads: it changes nothing."
        return "Changes are real; the changeId in an answer is what undoes one."

    def admit(self, tool: Tool) -> None:
        """Return if the tool may be listed and called; raise Denied otherwise."""
        self._decide_effect(tool.effect)
        if tool.local and self.elsewhere:
            raise Denied(f"It opens something on the machine of this server, {self.elsewhere}.", hint=_HINT)
        refused = [operation for operation in tool.operations if self._refusal(operation)]
        if refused and len(refused) == len(tool.operations):
            raise Denied(self._refusal(refused[0]), hint=_HINT)

    def refusal(self, tool: Tool) -> str:
        """Why `admit` does not let the tool pass; "" if it does."""
        try:
            self.admit(tool)
        except Denied as error:
            return error.message
        return ""

    def decide(self, found: RequestAttributes) -> None:
        """Return if the request may be sent, raise Denied otherwise. The sentence names the setting that denies."""
        self._decide_effect(found.effect)
        is_own = not found.target.resource or found.operation is Operation.REVIEW
        if is_own and found.effect is Effect.READ:  # discovery, health, and what the caller may do
            return
        about_objects = self._about_kind(found.target) or self._about_place(found)
        if refusal := self._refusal(found.operation) or about_objects or self._about_command(found):
            raise Denied(refusal, hint=_HINT)

    def _decide_effect(self, effect: Effect) -> None:
        if effect is Effect.WRITE and self.non_destructive and not self.dry_run:
            raise Denied("This server only reads (--non-destructive).", hint=_HINT)
        if effect is Effect.CONNECT and (self.non_destructive or self.dry_run):
            setting = "--dry-run" if self.dry_run else "--non-destructive"
            raise Denied(f"This server connects to nothing in a cluster ({setting}).", hint=_HINT)

    def _refusal(self, operation: Operation) -> str:
        if operation in self.denied_operations:
            return f"This server does no {operation}: --denied-operations names it."
        if self.allowed_operations and operation not in self.allowed_operations:
            return f"This server does no {operation}: --allowed-operations does not name it."
        return ""

    def _about_kind(self, target: APIPath) -> str:
        if any(_names(entry, target) for entry in self.denied_kinds):
            return f"This server does not touch {target.resource}: --denied-kinds names them."
        return ""

    def _about_command(self, found: RequestAttributes) -> str:
        """A terminal that is attached to, or a kubelet that is reached through its node, may run anything."""
        through_node = found.operation is Operation.PROXY and found.target.resource == "nodes"
        if not self.allowed_commands or not (through_node or found.operation in {Operation.EXEC, Operation.ATTACH}):
            return ""
        allowed = [tuple(entry.split()) for entry in self.allowed_commands]
        if not through_node and any(found.command[: len(words)] == words for words in allowed):
            return ""
        return f"This server only runs what --allowed-commands names: {', '.join(sorted(self.allowed_commands))}."

    def _about_place(self, found: RequestAttributes) -> str:
        namespace = found.target.namespace
        if namespace in self.restricted_namespaces:
            return "This namespace is withheld: --restricted-namespaces names it."
        if namespace is not None and self.allowed_namespaces and namespace not in self.allowed_namespaces:
            return "This namespace is withheld: --allowed-namespaces does not name it."
        return self._about_whole_cluster(found) if namespace is None else ""

    def _about_whole_cluster(self, found: RequestAttributes) -> str:
        """What has no namespace may be read; to change it, or to reach through it, is beyond every namespace."""
        if found.effect is Effect.CONNECT and (self.allowed_namespaces or self.restricted_namespaces):
            setting = "--allowed-namespaces" if self.allowed_namespaces else "--restricted-namespaces"
            return f"This reaches beyond single namespaces, which {setting} does not let through."
        if found.effect is not Effect.WRITE or not self.allowed_namespaces:
            return ""
        if any(_names(entry, found.target) for entry in self.allowed_cluster_kinds):
            return ""
        return (
            f"{found.target.resource} belong to no namespace, and --allowed-namespaces is set: "
            "--allowed-cluster-kinds does not name them."
        )


def _elsewhere(transport: str) -> str:
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return "which is a pod"
    return "" if transport == "stdio" else f"and its users are elsewhere (--transport {transport})"


def _frozen(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def _names(entry: str, target: APIPath) -> bool:
    """Whether an operator who wrote `entry` meant this resource: `secrets`, `Secret` or `roles.rbac.authorization…`."""
    name, _, group = entry.lower().partition(".")
    return target.resource in {name, _plural(name)} and group in {"", target.group}


def _plural(kind: str) -> str:
    """The plural that Kubernetes itself derives from a kind's name (apimachinery, UnsafeGuessKindToResource)."""
    if kind.endswith(("s", "x", "ch", "sh")):
        return f"{kind}es"
    return f"{kind[:-1]}ies" if kind.endswith("y") and kind[-2:-1] not in set("aeiou") else f"{kind}s"

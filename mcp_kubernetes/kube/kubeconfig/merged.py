"""Several kubeconfig files as one, and what its contexts lead to.

What is wrong with one entry is said by the call that needs that entry; no text here ever holds an entry's value.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_kubernetes.errors import CredentialsError, UnknownCluster
from mcp_kubernetes.files import stamp
from mcp_kubernetes.kube.cluster import ClusterEntry
from mcp_kubernetes.kube.kubeconfig.stanza import Stanza, shown
from mcp_kubernetes.kube.kubeconfig.target import Target, authorities

_NAMES_SHOWN = 10
_EXEC_EXTENSION = "client.authentication.k8s.io/exec"

Section = Mapping[str, Stanza]


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The content of all files of a list: for each name, and for the current context, the first file wins."""

    paths: tuple[Path, ...]
    """Where was looked, whether there was a file or not."""
    current: str | None
    contexts: Section
    clusters: Section
    users: Section

    def entry(self, name: str | None, source: str) -> ClusterEntry:
        """The cluster of the context `name`, or of the current one, as an entry of `source`.

        Raises UnknownCluster for a context that does not exist or whose cluster cannot be used.
        """
        context = self._context(name)
        cluster = self._cluster(context)
        target = Target.of(cluster)
        return ClusterEntry(
            name=context.name,
            source=source,
            server=target.server,
            tls_name=target.tls_name,
            proxy=target.proxy,
            ca=authorities(cluster),
            insecure=cluster.flag("insecure-skip-tls-verify"),
            compress=not cluster.flag("disable-compression"),
            namespace=context.text("namespace"),
            exec_config=_exec_config(cluster),
            details={"cluster": cluster.name, "user": context.text("user") or ""},
        )

    def entries(self, source: str) -> list[ClusterEntry]:
        """One entry for each context. One that cannot be used has no server, and says why in its details."""
        return [self._entry_or_problem(name, source) for name in self.contexts]

    def user(self, entry: ClusterEntry) -> Stanza | None:
        """Who signs in to `entry`; None for a context that names no user.

        Raises CredentialsError where there is no such user, and where the context leads to another server
        than `entry` does: a file that changes during a call must not send credentials to the old server.
        """
        context = self._context(entry.name)
        if not Target.of(self._cluster(context)).is_of(entry):
            raise CredentialsError(f'The context "{shown(entry.name)}" has changed meanwhile.', hint="Call again.")
        return self._user(context)

    def _user(self, context: Stanza) -> Stanza | None:
        name = context.text("user")
        if name is None:
            return None
        if name not in self.users:
            label = f'The context "{shown(context.name)}"'
            raise CredentialsError(
                f'{label} names the user "{shown(name)}", which is in none of the kubeconfig files.',
                hint="Add that user, or choose another context.",
            )
        return self.users[name]

    def _context(self, name: str | None) -> Stanza:
        wanted = self.current if name is None else name
        if wanted is not None and wanted in self.contexts:
            return self.contexts[wanted]
        if not self.contexts:
            raise _nothing(self.paths)
        raise UnknownCluster(self._missing(name), hint=_choice(wanted or "", self.contexts))

    def _missing(self, name: str | None) -> str:
        if name is not None:
            return "The kubeconfig has no context of that name."
        if self.current is None:
            return "The kubeconfig sets no current-context."
        return f'The kubeconfig\'s current-context "{shown(self.current)}" does not exist.'

    def _cluster(self, context: Stanza) -> Stanza:
        name = context.text("cluster")
        if name is None:
            raise context.refuse("names no cluster")
        if name not in self.clusters:
            raise context.refuse(f'names the cluster "{shown(name)}", which is in none of the kubeconfig files')
        return self.clusters[name]

    def _entry_or_problem(self, name: str, source: str) -> ClusterEntry:
        try:
            return self.entry(name, source)
        except UnknownCluster as error:
            return ClusterEntry(name=name, source=source, server="", details={"problem": error.message})


def merge(paths: Sequence[Path], files: Sequence[Mapping[str, Any]]) -> Merged:
    """Merge what `parse` made of `paths`. Raises UnknownCluster where a section lists no named entries."""
    found = tuple(zip(paths, files, strict=True))
    currents = (content.get("current-context") for content in files)
    return Merged(
        paths=tuple(paths),
        current=next((name for name in currents if name and isinstance(name, str)), None),
        contexts=_section("context", found),
        clusters=_section("cluster", found),
        users=_section("user", found),
    )


def _section(kind: str, files: Sequence[tuple[Path, Mapping[str, Any]]]) -> Section:
    first: dict[str, Stanza] = {}
    for path, content in files:
        listed = content.get(f"{kind}s") or []
        if not isinstance(listed, list):
            raise UnknownCluster(f"The kubeconfig file {path} has {kind}s that are no list.")
        for position, named in enumerate(listed):
            stanza = _stanza(kind, path, named, position)
            first.setdefault(stanza.name, stanza)
    return first


def _stanza(kind: str, path: Path, named: object, position: int) -> Stanza:
    name = named.get("name") if isinstance(named, dict) else None
    fields = named.get(kind) or {} if isinstance(named, dict) else None
    if not isinstance(name, str) or not isinstance(fields, dict):
        raise UnknownCluster(f"The kubeconfig file {path} has an entry {kind}s[{position}] without a name or a {kind}.")
    return Stanza(kind=kind, name=name, file=path, fields=fields)


def _exec_config(cluster: Stanza) -> object:
    named = (found for found in cluster.each("extensions") if found.fields.get("name") == _EXEC_EXTENSION)
    return next((found.fields.get("extension") for found in named), None)


def _nothing(paths: Sequence[Path]) -> UnknownCluster:
    found = [str(path) for path in paths if stamp(path)]
    if found:
        message = f"There is no context in {', '.join(found)}."
    else:
        message = f"There is no kubeconfig: no file at {', '.join(map(str, paths)) or 'any path in KUBECONFIG'}."
    return UnknownCluster(message, hint="Set KUBECONFIG, or inside a pod start the server with --in-cluster.")


def _choice(wanted: str, names: Iterable[str]) -> str:
    """The names nearest to what was wanted first, then the others, as far as a reader wants to read."""
    known = list(names)
    near = difflib.get_close_matches(wanted[:300], known, n=_NAMES_SHOWN)
    listed = list(dict.fromkeys([*near, *known]))[:_NAMES_SHOWN]
    more = f" (and {len(known) - len(listed)} more)" if len(known) > len(listed) else ""
    return f"Choose one of: {', '.join(map(shown, listed))}{more}."

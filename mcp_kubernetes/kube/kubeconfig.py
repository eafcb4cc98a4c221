"""Kubeconfig files: which contexts there are, where their clusters stand, and which user signs in.

The official loader is not used: it merges a KUBECONFIG list in the wrong order, resolves a user's paths
against the cluster's file, drops impersonation and turns a failed sign-in into an anonymous one.

Nothing is read before somebody asks. What is wrong with a file is said by the call that needs the file, and
what is wrong with one entry by the call that needs that entry; no text here ever holds an entry's value.
"""

from __future__ import annotations

import asyncio
import base64
import difflib
import errno
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mcp_kubernetes.errors import CredentialsError, ToolError, UnknownCluster
from mcp_kubernetes.kube.cluster import ClusterEntry
from mcp_kubernetes.results import clean

_LARGEST_FILE = 16 * 1024 * 1024
_NAMES_SHOWN = 10
_PROXY_SCHEMES = ("http", "https")
_DEEPEST = 50
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

Stamp = tuple[int, int, int] | None
"""What changes when a file does: modification time, size and inode. None: there is no such file."""


def stamp(path: Path) -> Stamp:
    """Look at a file without reading it."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_file(path: Path) -> bytes:
    """Read a small file that configuration names. Raises OSError whose `strerror` fits into a sentence.

    Only regular files: reading a pipe would block, and /dev/stdin is where the MCP client speaks.
    """
    try:
        found = path.stat()
    except ValueError:
        raise OSError(errno.EINVAL, "not a valid path") from None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    if found.st_size > _LARGEST_FILE:
        raise OSError(errno.EFBIG, "larger than 16 MiB")
    return path.read_bytes()


def shown(name: str) -> str:
    """A name from a file, fit for a sentence: one line, of bounded length."""
    return clean(name[:120])


@dataclass(frozen=True, kw_only=True)
class Stanza:
    """One named entry of a kubeconfig and the file that holds it, against which its paths are resolved.

    `kind` is "context", "cluster" or "user". `fields` hold credentials and are not in `repr`. The accessors
    raise what `refuse` makes.
    """

    kind: str
    name: str
    file: Path
    fields: Mapping[str, Any] = field(repr=False)

    def refuse(self, problem: str, hint: str = "") -> ToolError:
        """The error for this entry: CredentialsError for a user, UnknownCluster for the others."""
        fault = CredentialsError if self.kind == "user" else UnknownCluster
        return fault(f"{self.label} {problem}.", hint=hint)

    @property
    def label(self) -> str:
        """How a sentence about this entry begins."""
        return f'The {self.kind} "{shown(self.name)}" in {self.file}'

    def text(self, key: str) -> str | None:
        """The text under `key`; None where it is missing or empty, which mean the same in a kubeconfig."""
        value = self.fields.get(key)
        if value is None or isinstance(value, str):
            return value or None
        raise self.refuse(f"has a value for {key} that is not text; put it in quotes")

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under `key`."""
        return self._texts(key, self.fields.get(key))

    def lists(self, key: str) -> Mapping[str, tuple[str, ...]]:
        """The mapping of names to lists of texts under `key`."""
        found = self.fields.get(key) or {}
        if not isinstance(found, dict):
            raise self.refuse(f"has a value for {key} that is no mapping")
        return {name: self._texts(key, values) for name, values in found.items()}

    def _texts(self, key: str, values: object) -> tuple[str, ...]:
        listed = values or []
        if not isinstance(listed, list) or not all(isinstance(value, str) for value in listed):
            raise self.refuse(f"has a value for {key} that is no list of texts")
        return tuple(listed)

    def flag(self, key: str) -> bool:
        """The boolean under `key`. The text "false" is refused: guessing here could turn verification off."""
        value = self.fields.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.refuse(f"has a value for {key} that is neither true nor false")

    def path(self, key: str) -> Path | None:
        """The path under `key`, relative to the file that holds this entry."""
        text = self.text(key)
        return self.file.parent / text if text else None

    def content(self, key: str) -> bytes | Path | None:
        """What `<key>-data` holds, decoded; else the file that `key` names; else None."""
        encoded = self.text(f"{key}-data")
        if encoded is None:
            return self.path(key)
        try:
            return base64.b64decode("".join(encoded.split()), validate=True)
        except ValueError:
            raise self.refuse(f"has {key}-data that is not base64") from None


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
        target = _target(cluster)
        return ClusterEntry(
            name=context.name,
            source=source,
            server=target.server,
            tls_name=target.tls_name,
            proxy=target.proxy,
            ca=_authorities(cluster),
            insecure=cluster.flag("insecure-skip-tls-verify"),
            compress=not cluster.flag("disable-compression"),
            namespace=context.text("namespace"),
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
        if _target(self._cluster(context)) != Target(entry.server, entry.tls_name, entry.proxy):
            raise CredentialsError(f'The context "{shown(entry.name)}" has changed meanwhile.', hint="Call again.")
        name = context.text("user")
        if name is not None and name not in self.users:
            raise CredentialsError(f'The context "{shown(entry.name)}" names the user "{shown(name)}", '
                                   "which is in none of the kubeconfig files.")  # fmt: skip
        return self.users[name] if name else None

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


class Kubeconfig:
    """The kubeconfig files of one list, read when first needed and again whenever one of them changes.

    `required` are files that were named one by one: a missing one is an error, as with `kubectl
    --kubeconfig`. Files of the KUBECONFIG variable may be missing.
    """

    def __init__(self, paths: Sequence[Path], *, required: bool = False) -> None:
        self.paths = tuple(path.absolute() for path in paths)
        self._required = required
        self._loaded: tuple[tuple[Stamp, ...], Merged] | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Kubeconfig:
        """The files of the variable KUBECONFIG, or ~/.kube/config where it is not set. Reads none of them."""
        listed = environ.get("KUBECONFIG")
        if listed:
            return cls([Path(path) for path in listed.split(os.pathsep) if path.strip()])
        # Path.expanduser raises where a process has no home; then there is no such file either.
        return cls([Path(os.path.expanduser("~/.kube/config"))])

    def load(self) -> Merged:
        """The merged files. Raises UnknownCluster for one that cannot be read or is no kubeconfig."""
        stamps = self._stamps()
        if self._loaded is None or self._loaded[0] != stamps:
            # The stamps are older than the content: what is written while we read is noticed next time.
            self._loaded = stamps, merge(self.paths, [self._read(path) for path in self.paths])
        return self._loaded[1]

    async def latest(self) -> Merged:
        """The same without holding up the event loop: hundreds of contexts take tens of milliseconds."""
        if self._loaded is not None and self._loaded[0] == self._stamps():
            return self._loaded[1]
        return await asyncio.to_thread(self.load)

    def _stamps(self) -> tuple[Stamp, ...]:
        return tuple(stamp(path) for path in self.paths)

    def _read(self, path: Path) -> Mapping[str, Any]:
        try:
            return parse(path, read_file(path))
        except FileNotFoundError:
            if self._required:
                raise UnknownCluster(f"The kubeconfig file {path} does not exist.") from None
            return {}
        except OSError as error:
            raise UnknownCluster(f"The kubeconfig file {path} cannot be read: {error.strerror}.") from None


def parse(path: Path, content: bytes) -> Mapping[str, Any]:
    """The mapping in a kubeconfig file; empty for an empty file. Raises UnknownCluster for anything else."""
    import yaml

    try:
        found = _value(yaml.parse(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError) as error:
        raise UnknownCluster(f"The kubeconfig file {path} is not valid YAML{_place(error)}.") from None
    if not isinstance(found, dict | None):
        raise UnknownCluster(f"The file {path} is no kubeconfig: it holds no mapping.")
    return found or {}


def _value(events: Iterable[Any]) -> Any:
    """The value of a YAML document, from PyYAML's events. Raises ValueError for what no kubeconfig says.

    PyYAML's own construction recurses in C, so that 100 kB of brackets end the process; it makes dates and
    numbers, which nothing in a kubeconfig is; and it takes nearly twice as long.
    """
    building = _Building()
    for event in events:
        match type(event).__name__:
            case "ScalarEvent":
                plain = event.implicit[0]
                building.add(_WORDS.get(event.value, event.value) if plain else event.value, event.anchor)
            case "AliasEvent":
                building.add(building.anchored(event.anchor))
            case "SequenceStartEvent" | "MappingStartEvent":
                building.enter(event.anchor)
            case "SequenceEndEvent":
                building.leave(list)
            case "MappingEndEvent":
                building.leave(_mapping)
    return building.document()


class _Building:
    """A YAML value under construction: the collections that are open, outermost first, and the anchors."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, list[Any]]] = [(None, [])]
        self._anchors: dict[str, Any] = {}

    def add(self, value: Any, anchor: str | None = None) -> None:
        self._open[-1][1].append(value)
        if anchor is not None:
            self._anchors[anchor] = value

    def enter(self, anchor: str | None) -> None:
        if len(self._open) > _DEEPEST:
            raise ValueError("nested too deeply")
        self._open.append((anchor, []))

    def leave(self, make: Callable[[list[Any]], Any]) -> None:
        anchor, items = self._open.pop()
        self.add(make(items), anchor)

    def anchored(self, anchor: str) -> Any:
        if anchor not in self._anchors:
            raise ValueError("an alias without its anchor")
        return self._anchors[anchor]

    def document(self) -> Any:
        documents = self._open[0][1]
        if len(documents) > 1:
            raise ValueError("more than one document")
        return documents[0] if documents else None


def _mapping(items: Sequence[Any]) -> dict[str, Any]:
    """Keys and values in turn; `<<` takes in other mappings, and what stands beside it wins."""
    keys, values = items[::2], items[1::2]
    if not all(isinstance(key, str) for key in keys):
        raise ValueError("a key that is not text")
    found = dict(zip(keys, values, strict=True))
    taken = found.pop("<<", None) or []
    others = taken if isinstance(taken, list) else [taken]
    if not all(isinstance(other, dict) for other in others):
        raise ValueError("<< without a mapping")
    return {key: value for each in (*reversed(others), found) for key, value in each.items()}


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


class Target(NamedTuple):
    """Where requests of a cluster go: what must not change between finding a cluster and signing in to it."""

    server: str
    tls_name: str | None
    proxy: str | None


def _target(cluster: Stanza) -> Target:
    server = cluster.text("server")
    if server is None:
        raise cluster.refuse("names no server")
    if not _is_address(server, ("http", "https")) or urlsplit(server).username is not None:
        raise cluster.refuse("has a server that is no http or https address, or one with a password in it")
    proxy = cluster.text("proxy-url")
    if proxy and not _is_address(proxy, _PROXY_SCHEMES):
        raise cluster.refuse("has a proxy-url that is no http or https address; this version knows no other proxies")
    return Target(server.rstrip("/"), cluster.text("tls-server-name"), proxy)


def _is_address(url: str, schemes: Sequence[str]) -> bool:
    # urlsplit drops line breaks and tabs without a word; the port is only parsed when asked for.
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return plain and parts.scheme in schemes and bool(parts.hostname) and not (parts.query or parts.fragment)


def _authorities(cluster: Stanza) -> bytes | None:
    content = cluster.content("certificate-authority")
    if isinstance(content, Path):
        try:
            content = read_file(content)
        except OSError as error:
            raise cluster.refuse(f"names a certificate-authority that cannot be read: {error.strerror}") from None
    if content is not None and cluster.flag("insecure-skip-tls-verify"):
        raise cluster.refuse("has both a certificate-authority and insecure-skip-tls-verify; remove one")
    if content is not None and b"-----BEGIN CERTIFICATE-----" not in content:
        raise cluster.refuse("has a certificate-authority that is not PEM")
    return content


def _place(error: Exception) -> str:
    # Only the line: the text of a YAML error quotes the file, and with it whatever secret stands there.
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark else ""


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

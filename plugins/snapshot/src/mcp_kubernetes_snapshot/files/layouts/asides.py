"""Files beside the objects: what the API server said of itself, when it was asked, and what could not be collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import msgspec

from mcp_kubernetes import InvalidArguments, read_manifests
from mcp_kubernetes_snapshot.files.layouts.discovery import aggregated, is_aggregated

_TIME = re.compile(rb"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?: \+0000 UTC|Z)")
_RELEASE = re.compile(r"v?(\d+)\.(\d+)[-.+\w]*\Z")
_KIT = re.compile(rb"^(kubernetesversion|bundlecreatedat): [\"']?([^\s\"']+)", re.MULTILINE | re.IGNORECASE)
_BUNDLE = re.compile(rb"^kind: SupportBundle\s*$", re.MULTILINE)
_LINE = re.compile(rb"^", re.MULTILINE)
_WRAPPED = b"apiVersion: v1\nkind: Wrapped\nmetadata: {name: wrapped}\nspec:\n"
_MOST_LINES = 1_000


class Aside(NamedTuple):
    """`documents` are answers of the API server by path, `time` is when they were collected, in UTC and RFC 3339.

    `uncollected` names what is missing, and why.
    """

    documents: Mapping[str, bytes] = {}
    time: str = ""
    uncollected: Sequence[str] = ()


Read = Callable[[PurePosixPath, bytes], Aside | None]


def aside_of(name: PurePosixPath) -> Read | None:
    """What reads the file, if a layout has one of that name beside its objects. It tells None of any other."""
    found = _FILES.get(name.name)
    if found is None and name.name.endswith("-errors.json") and "cluster-resources" in name.parts:
        return _errors
    return _log_error if found is None and name.name.endswith("-logs-errors.log") else found


def version_document(release: str) -> bytes | None:
    """The body of /version, as far as it is known from a release such as v1.31.4+rke2r1."""
    found = _RELEASE.match(release)
    if found is None:
        return None
    rest = dict.fromkeys(("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"), "")
    return msgspec.json.encode(
        {"major": found[1], "minor": found[2], "gitVersion": f"v{release.removeprefix('v')}", **rest}
    )


def operand_version(cluster_operator: bytes) -> bytes | None:
    """The body of /version by the ClusterOperator kube-apiserver of OpenShift, which tells what it has rolled out."""
    try:
        found = msgspec.json.decode(cluster_operator, type=_Operator)
    except msgspec.DecodeError:
        return None
    return next((version_document(v.version) for v in found.status.versions if v.name == "kube-apiserver"), None)


class _Operand(msgspec.Struct):
    name: str = ""
    version: str = ""


class _Status(msgspec.Struct):
    versions: list[_Operand] = []


class _Operator(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


class _Release(msgspec.Struct, rename="camel"):
    git_version: str


class _ClusterVersion(msgspec.Struct):
    info: msgspec.Raw


class _Versions(msgspec.Struct):
    server: msgspec.Raw = msgspec.field(name="ServerVersion")


def _cluster_version(_: PurePosixPath, raw: bytes) -> Aside | None:
    """Of Troubleshoot: the answer of /version is one of its fields."""
    return _said_version(bytes(msgspec.json.decode(raw, type=_ClusterVersion).info))


def _versions(_: PurePosixPath, raw: bytes) -> Aside | None:
    """Of eck-diagnostics: likewise."""
    return _said_version(bytes(msgspec.json.decode(raw, type=_Versions).server))


def _said_version(body: bytes) -> Aside:
    msgspec.json.decode(body, type=_Release)
    return Aside(documents={"/version": body})


def _resources(name: PurePosixPath, raw: bytes) -> Aside | None:
    return Aside(documents=aggregated(raw)) if name.parent.name == "cluster-resources" else None


def _groups(name: PurePosixPath, _: bytes) -> Aside | None:
    """They are all in the file of resources."""
    return Aside() if name.parent.name == "cluster-resources" else None


def _bundle(_: PurePosixPath, raw: bytes) -> Aside | None:
    """Which version of Troubleshoot made the bundle, in the form of an object without a name."""
    return Aside() if _BUNDLE.search(raw[:1_000]) and b"\nmetadata:" not in raw[:1_000] else None


def _discovery(path: str) -> Read:
    def read(_: PurePosixPath, raw: bytes) -> Aside | None:
        try:
            [found] = read_manifests((_WRAPPED + _LINE.sub(b"  ", raw)).decode(), what="file")
        except (InvalidArguments, UnicodeDecodeError):
            return None
        body = msgspec.json.encode(found.value["spec"])
        return Aside(documents={path: body}) if is_aggregated(body) else None

    return read


def _timestamp(_: PurePosixPath, raw: bytes) -> Aside | None:
    """Of a must-gather: when it began, and when it ended."""
    found = _TIME.findall(raw[:1_000])
    return Aside(time=_instant(*max(found))) if found else None


def _metadata(_: PurePosixPath, raw: bytes) -> Aside | None:
    """Of support-bundle-kit."""
    found = {key.lower(): value for key, value in _KIT.findall(raw[:10_000])}
    created = _TIME.fullmatch(found.get(b"bundlecreatedat", b""))
    if created is None:
        return None
    body = version_document(found.get(b"kubernetesversion", b"").decode(errors="replace"))
    return Aside(documents={"/version": body} if body else {}, time=_instant(*created.groups()))


def _generation_errors(_: PurePosixPath, raw: bytes) -> Aside | None:
    lines = raw.decode(errors="replace").splitlines()[:_MOST_LINES]
    return Aside(uncollected=[line for line in lines if line.strip()])


def _errors(name: PurePosixPath, raw: bytes) -> Aside | None:
    """Of Troubleshoot: a list of errors, or one by namespace."""
    what = name.name.removesuffix("-errors.json")
    told = msgspec.json.decode(raw) if raw.strip() else None
    return Aside(uncollected=[f"{what}{each}" for each in _said(told)])


def _said(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        yield from (f" in {where}: {why}" if where else f": {why}" for where, why in list(told.items())[:_MOST_LINES])
    elif isinstance(told, list):
        yield from (f": {why}" for why in told[:_MOST_LINES])


def _log_error(name: PurePosixPath, raw: bytes) -> Aside | None:
    container = name.name.removesuffix("-logs-errors.log")
    return Aside(uncollected=[f"the log of {container} in {name.parent.name}: {raw[:500].decode(errors='replace')}"])


def _instant(day: bytes, time: bytes) -> str:
    return f"{day.decode()}T{time.decode()}Z"


_FILES: dict[str, Read] = {
    "cluster_version.json": _cluster_version,
    "version.json": _versions,
    "resources.json": _resources,
    "groups.json": _groups,
    "aggregated-discovery-api.yaml": _discovery("/api"),
    "aggregated-discovery-apis.yaml": _discovery("/apis"),
    "version.yaml": _bundle,
    "timestamp": _timestamp,
    "metadata.yaml": _metadata,
    "bundleGenerationError.log": _generation_errors,
}

"""Whether a file may matter, by its name alone: what cannot is not unpacked."""

from __future__ import annotations

from pathlib import PurePosixPath

from mcp_kubernetes_snapshot.files.layouts.asides import aside_of
from mcp_kubernetes_snapshot.files.logs import key_of

_ENDINGS = frozenset({".yaml", ".yml", ".json", ".txt"})
_ARCHIVES = (".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tgz", ".tbz2", ".txz", ".zip")


def may_matter(name: PurePosixPath) -> bool:
    """Whether it may hold objects, a log, or what could not be collected."""
    return name.suffix in _ENDINGS or is_bare(name) or aside_of(name) is not None or key_of(name) is not None


def is_bare(name: PurePosixPath) -> bool:
    """Whether it holds JSON although it is not called so: some versions of Troubleshoot wrote `pvs`."""
    return not name.suffix and "cluster-resources" in name.parts


def is_archive(name: PurePosixPath) -> bool:
    """Whether it holds files of its own, such as those of a node. These are not looked into."""
    return name.name.endswith(_ARCHIVES)


def why_passed_over(name: PurePosixPath) -> str:
    """Why a file is not looked into, as the end of a sentence."""
    return "is an archive of its own" if is_archive(name) else "is of another kind"

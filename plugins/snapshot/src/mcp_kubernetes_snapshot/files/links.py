"""Links are never followed. One that leads to another file of the same snapshot hides nothing, and is said apart."""

from __future__ import annotations

from pathlib import PurePosixPath

from mcp_kubernetes_snapshot.files.report import Report


def leaves(name: PurePosixPath) -> bool:
    """Whether a name leads out of where it stands."""
    return name.is_absolute() or ".." in name.parts


def report_link(report: Report, name: PurePosixPath, target: str, *, hard: bool = False) -> None:
    """Note a link. The target of a hard one counts from the top of its archive, that of another from beside it."""
    if _stays(PurePosixPath(target), 0 if hard else len(name.parts) - 1):
        report.add("is a link to another file in it", str(name), lost=False)
    else:
        report.add("is a link", str(name))


def _stays(target: PurePosixPath, depth: int) -> bool:
    if target.is_absolute():
        return False
    for part in target.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return False
    return True

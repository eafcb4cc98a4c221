"""A dump may be much larger than the memory it takes, and what programs write is read by the quick reader alone."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes_snapshot.opening import Snapshot
from tests.snapshot.dumps import DUMPS

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROWTH = """
import re, sys
from pathlib import Path
from mcp_kubernetes_snapshot.opening import Snapshot

def most():
    return int(re.search("VmHWM:\\\\s+(\\\\d+) kB", Path("/proc/self/status").read_text()).group(1)) << 10

before = most()
connection = Snapshot(name="large", path=Path(sys.argv[1]), most_bytes=1 << 30).opened_now()
print(most() - before)
"""
_SAME_READ_STRICTLY = ("phase: Running", "phase: !!str Running")


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux says how much memory a process held at most.")
@pytest.mark.parametrize(
    ("form", "mebibytes"), [("a list in indented JSON", 96), ("a tar of JSON files", 96), ("a list in YAML", 40)]
)
def test_memory_grows_by_far_less_than_the_size_of_the_dump(tmp_path: Path, form: str, mebibytes: int) -> None:
    path = DUMPS[form](tmp_path, mebibytes << 20)
    grown = subprocess.run([sys.executable, "-c", _GROWTH, path], check=True, capture_output=True).stdout
    assert int(grown) < (mebibytes << 20) / 2


@pytest.mark.parametrize("form", ["a list in YAML", "documents of one YAML file", "a YAML file each"])
def test_regular_yaml_never_reaches_the_strict_reader(tmp_path: Path, form: str) -> None:
    """Or it would take as long as the same with one tag in each object, which only the strict reader knows."""
    quick, strict = (DUMPS[form](_folder(tmp_path / name), 400_000) for name in ("quick", "strict"))
    for file in _files(strict):
        file.write_text(file.read_text("utf-8").replace(*_SAME_READ_STRICTLY), "utf-8")
    assert median(_seconds(strict) / _seconds(quick) for _ in range(5)) > 3


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _files(path: Path) -> Iterator[Path]:
    yield from [path] if path.is_file() else path.rglob("*.yaml")


def _seconds(path: Path) -> float:
    began = time.thread_time()
    connection = Snapshot(name="test", path=path, most_bytes=1 << 20).opened_now()
    taken = time.thread_time() - began
    contents = connection.answering.contents
    assert not list(contents.report.lines())
    assert len(contents.records["v1", "Pod"]) > 40
    contents.close()
    return taken

"""Dumps of any size, in the forms in which others write them: of pods that differ as those of a cluster do."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.objects import POD

_VARIES = frozenset({"uid", "podIP", "nodeName", "containerID", "imageID", "startedAt", "lastTransitionTime"})
_PLACE = "@@@"


def _template(value: Any) -> Any:
    """The same with places for what is another in each pod, some twenty of them."""
    if isinstance(value, dict):
        return {key: f"v{_PLACE}" if key in _VARIES else _template(item) for key, item in value.items()}
    return [_template(item) for item in value] if isinstance(value, list) else value


_POD = _template({**POD, "metadata": {**POD["metadata"], "name": f"web-{_PLACE}"}})
_JSON = json.dumps(_POD, indent=4)
_YAML = yaml.safe_dump(_POD)


def _pods(form: str, size: int) -> Iterator[str]:
    """Pods in that form, of about `size` bytes in all."""
    first, *parts = form.split(_PLACE)
    for number in range(max(size // len(form), 1)):
        digest = hashlib.sha256(b"%d" % number).hexdigest()
        yield first + "".join(digest[at % 40 : at % 40 + 12] + part for at, part in enumerate(parts))


def _deeper(text: str, indent: str) -> str:
    return text.replace("\n", f"\n{indent}")


def json_list(folder: Path, size: int) -> Path:
    """`kubectl get -o json`."""
    path = folder / "list.json"
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n    "apiVersion": "v1",\n    "items": [')
        for number, pod in enumerate(_pods(_JSON, size)):
            file.write(("," if number else "") + _deeper(f"\n{pod}", " " * 8))
        file.write('\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n')
    return path


def yaml_list(folder: Path, size: int) -> Path:
    """`kubectl get -o yaml`."""
    path = folder / "list.yaml"
    with path.open("w", encoding="utf-8") as file:
        file.write("apiVersion: v1\nitems:\n")
        for pod in _pods(_YAML, size):
            file.write(f"- {_deeper(pod.rstrip(), '  ')}\n")
        file.write('kind: List\nmetadata:\n  resourceVersion: ""\n')
    return path


def yaml_documents(folder: Path, size: int) -> Path:
    """One document after the other."""
    path = folder / "documents.yaml"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"---\n{pod}" for pod in _pods(_YAML, size))
    return path


def _files(folder: Path, form: str, size: int, ending: str) -> Path:
    for number, pod in enumerate(_pods(form, size)):
        place = folder / ending / f"namespace-{number // 500}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.{ending}").write_text(pod, "utf-8")
    return folder / ending


def json_files(folder: Path, size: int) -> Path:
    """A file each."""
    return _files(folder, _JSON, size, "json")


def yaml_files(folder: Path, size: int) -> Path:
    """A file each, as in a must-gather."""
    return _files(folder, _YAML, size, "yaml")


def json_tar(folder: Path, size: int) -> Path:
    """The same in a tar."""
    path = folder / "files.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(json_files(folder, size), "json")
    return path


DUMPS: Mapping[str, Callable[[Path, int], Path]] = {
    "a list in indented JSON": json_list,
    "a JSON file each": json_files,
    "a tar of JSON files": json_tar,
    "a list in YAML": yaml_list,
    "documents of one YAML file": yaml_documents,
    "a YAML file each": yaml_files,
}
"""Each writes a dump of about so many bytes into a folder, and says where it is."""

"""Whatever the form in which objects were written down, the same objects are served."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from conftest import Opening

PODS = [
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
        "spec": {
            "containers": [
                {"name": "c", "image": "i", "args": ['{"items": [\n        {', "- apiVersion: v2\nkind: X\n"]}
            ],
            "volumes": [{"name": "v", "configMap": {"name": "m", "items": [{"key": "k", "path": "p"}]}}],
        },
    }
    for name in ("a", "b", "c")
]
LIST = {"apiVersion": "v1", "items": PODS, "kind": "List", "metadata": {"resourceVersion": ""}}
TYPED = {
    "kind": "PodList",
    "apiVersion": "v1",
    "metadata": {"resourceVersion": "7"},
    "items": [{key: pod[key] for key in ("metadata", "spec")} for pod in PODS],
}
SORTED_TYPED = {key: TYPED[key] for key in sorted(TYPED)}


def folder(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, "utf-8")
    return path


def as_yaml(value: Any, *, indent: bool = False) -> str:
    text: str = yaml.safe_dump(json.loads(json.dumps(value)))  # what is there twice is no alias
    if not indent:
        return text
    lines = [f"  {line}" if line.startswith(("- ", "  ")) else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def tar(path: Path, files: Mapping[str, str | bytes], form: str = "") -> Path:
    with tarfile.open(path, f"w:{form}") as archive:  # type: ignore[call-overload]
        for name, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def zipped(path: Path, files: Mapping[str, str | bytes], compression: int) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


AT_ONCE = json.dumps(LIST).encode()
EACH = {f"pods/{pod['metadata']['name']}.yaml": as_yaml(pod) for pod in PODS}  # type: ignore[index]
EACH_JSON = {f"{pod['metadata']['name']}.json": json.dumps(pod, indent=4) for pod in PODS}  # type: ignore[index]
FORMS: dict[str, Callable[[Path], Path]] = {
    "a YAML file each": lambda path: folder(path, EACH),
    "a JSON file each": lambda path: folder(path, EACH_JSON),
    "documents of one YAML file": lambda path: folder(path, {"all.yaml": "---\n".join(EACH.values())}),
    "a YAML List of kubectl": lambda path: folder(path, {"all.yaml": as_yaml(LIST)}),
    "an indented YAML List": lambda path: folder(path, {"all.yml": as_yaml(LIST, indent=True)}),
    "a typed YAML list": lambda path: folder(path, {"all.yaml": as_yaml(TYPED)}),
    "a List of kubectl": lambda path: folder(path, {"all.json": json.dumps(LIST, indent=4)}),
    "a list as the API server sends it": lambda path: folder(path, {"all.json": json.dumps(TYPED)}),
    "a list of cluster-info dump": lambda path: folder(path, {"shop/pods.json": json.dumps(TYPED, indent=4)}),
    "the same, sorted": lambda path: folder(path, {"shop/pods.json": json.dumps(SORTED_TYPED, indent=4)}),
    "an array": lambda path: folder(path, {"all.json": json.dumps(PODS)}),
    "an indented array": lambda path: folder(path, {"all.json": json.dumps(PODS, indent=2)}),
    "a sequence in YAML": lambda path: folder(path, {"all.yaml": f"# all of them\n{as_yaml(PODS)}"}),
    "a line each": lambda path: folder(path, {"all.json": "\n".join(map(json.dumps, PODS))}),
    "JSON in a file called YAML": lambda path: folder(path, {"all.yaml": json.dumps(LIST)}),
    "one file": lambda path: folder(path, {"dump.txt": json.dumps(LIST, indent=4)}) / "dump.txt",
    "one compressed file": lambda path: written(path / "all.gz", gzip.compress(AT_ONCE)),
    "a compressed file in a folder": lambda path: written(path / "all.json.gz", gzip.compress(AT_ONCE)).parent,
    "a compressed file in a tar": lambda path: tar(path / "all.tar", {"all.json.gz": gzip.compress(AT_ONCE)}),
    "a file that is only called compressed": lambda path: folder(path, {"all.json.gz": AT_ONCE.decode()}),
    "a tar": lambda path: tar(path / "all.tar", EACH),
    "a tar.gz": lambda path: tar(path / "all.tgz", {"all.json": json.dumps(LIST, indent=4)}, "gz"),
    "a tar.bz2": lambda path: tar(path / "all.tar.bz2", EACH, "bz2"),
    "a tar.xz": lambda path: tar(path / "all.tar.xz", EACH, "xz"),
    "two streams of xz, one after the other": lambda path: written(
        path / "all.xz", lzma.compress(AT_ONCE[:100]) + b"\0" * 4 + lzma.compress(AT_ONCE[100:])
    ),
    "a zip": lambda path: zipped(path / "all.zip", EACH, zipfile.ZIP_DEFLATED),
    "a zip whose members are stored": lambda path: zipped(path / "all.zip", EACH, zipfile.ZIP_STORED),
    "a compressed file in a zip": lambda path: zipped(
        path / "all.zip", {"all.json.gz": gzip.compress(AT_ONCE)}, zipfile.ZIP_STORED
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_makes_no_difference(opened: Opening, tmp_path: Path, form: str) -> None:
    snapshot = opened(FORMS[form](tmp_path))
    assert snapshot.names("/api/v1/namespaces/shop/pods") == ["a", "b", "c"]
    assert snapshot.get("/api/v1/namespaces/shop/pods/b") == PODS[1]
    assert not snapshot.left_out


DUMP = f"""{json.dumps({"kind": "NodeList", "apiVersion": "v1", "items": [{"metadata": {"name": "n"}}]}, indent=4)}
{json.dumps(SORTED_TYPED, indent=4)}
==== START logs for container c of pod shop/a ====
{{
one
}}
two
==== END logs for container c of pod shop/a ====
{json.dumps({**TYPED, "kind": "ServiceList"}, indent=4)}
"""


def test_a_dump_on_standard_output_holds_objects_and_logs(opened: Opening, tmp_path: Path) -> None:
    snapshot = opened(folder(tmp_path, {"dump": DUMP}) / "dump")
    assert snapshot.names("/api/v1/nodes") == ["n"]
    assert snapshot.names("/api/v1/services") == ["a", "b", "c"]
    log = "/api/v1/namespaces/shop/pods/a/log"
    assert snapshot.ask(log).body == b"{\none\n}\ntwo\n"
    assert snapshot.ask(log, tailLines="1").body == b"two\n"
    late = snapshot.ask(log, sinceSeconds="5")
    assert late.body == b"{\none\n}\ntwo\n"
    assert "recorded without times" in late.headers["warning"]
    assert "no log of container" in snapshot.get("/api/v1/namespaces/shop/pods/b/log")["message"]


def test_the_logs_of_a_must_gather_are_read_with_their_times(opened: Opening, tmp_path: Path) -> None:
    place = "namespaces/shop/pods/a/c/c/logs"
    lines = "2026-01-01T10:00:00.500000000Z one\n2026-01-01T11:00:00.500000000Z two\n"
    snapshot = opened(folder(tmp_path, {**EACH, f"{place}/current.log": lines, f"{place}/previous.log": "before\n"}))
    log = "/api/v1/namespaces/shop/pods/a/log"
    assert snapshot.ask(log).body == b"one\ntwo\n"
    assert snapshot.ask(log, timestamps="true", sinceTime="2026-01-01T10:30:00Z").body == lines[35:].encode()
    assert snapshot.ask(log, previous="true").body == b"before\n"


def test_an_object_without_a_namespace_is_in_default_and_one_of_an_unknown_kind_is_served(
    opened: Opening, tmp_path: Path
) -> None:
    files = {
        "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        "b.yaml": "apiVersion: acme.example/v1alpha1\nkind: Proxy\nmetadata: {name: b, namespace: shop}\n",
        "c.yaml": "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: c, namespace: shop}\n",
    }
    snapshot = opened(folder(tmp_path, files))
    assert snapshot.names("/api/v1/namespaces/default/configmaps") == ["a"]
    assert snapshot.names("/apis/acme.example/v1alpha1/proxies") == ["b"]
    assert snapshot.names("/apis/apps/v1beta1/deployments") == ["c"]
    # The other version would be empty, as if there were no such objects.
    assert snapshot.ask("/apis/apps/v1/deployments").status == 404


def test_a_whole_must_gather_is_one_cluster(opened: Opening, tmp_path: Path) -> None:
    """As `oc adm must-gather` lays it out: an image's folder, lists and single objects, the same pod twice, notes."""
    image = "must-gather.local.42/registry-example-must-gather-sha256-0123"
    pod = {**PODS[0], "metadata": {**PODS[0]["metadata"], "resourceVersion": "9"}}  # type: ignore[dict-item]
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}}
    route = {"apiVersion": "route.example/v1", "kind": "Route", "metadata": {"name": "r", "namespace": "shop"}}
    files = {
        "must-gather.local.42/timestamp": "2026-01-01 10:00:00 +0000 UTC",
        "must-gather.local.42/event-filter.html": "<html>apiVersion: v1</html>",
        f"{image}/version": "openshift/must-gather\n4.22.0\n",
        f"{image}/gather-debug.log": "apiVersion: v1",
        f"{image}/cluster-scoped-resources/core/nodes/node.yaml": f"---\n{as_yaml(node)}",
        f"{image}/namespaces/shop/core/pods.yaml": f"---\n{as_yaml(TYPED)}",
        f"{image}/namespaces/shop/pods/a/a.yaml": f"---\n{as_yaml(pod)}",
        f"{image}/namespaces/shop/pods/a/c/c/logs/current.log": "2026-01-01T10:00:00.500000000Z one\n",
        f"{image}/namespaces/shop/route.example/routes.yaml": as_yaml({"kind": "RouteList", "items": [route]}),
    }
    snapshot = opened(tar(tmp_path / "gathered.tar.gz", files, "gz"))
    assert snapshot.names("/api/v1/nodes") == ["node"]
    assert snapshot.names("/api/v1/namespaces/shop/pods") == ["a", "b", "c"]
    assert snapshot.get("/api/v1/namespaces/shop/pods/a")["metadata"]["resourceVersion"] == "9"
    assert snapshot.names("/apis/route.example/v1/routes") == ["r"]
    assert snapshot.ask("/api/v1/namespaces/shop/pods/a/log").body == b"one\n"
    assert sorted(line.partition(": ")[0] for line in snapshot.left_out) == [
        "1 left out (is there twice; the newer one counts)",
        "3 left out (is of another kind)",
    ]
    assert "warning" not in snapshot.ask("/api/v1/nodes").headers


def test_a_dump_on_standard_output_may_be_yaml(opened: Opening, tmp_path: Path) -> None:
    log = (
        "==== START logs for container c of pod shop/a ====\n- one\n==== END logs for container c of pod shop/a ====\n"
    )
    services = as_yaml({**TYPED, "kind": "ServiceList"})
    snapshot = opened(written(tmp_path / "dump", f"{as_yaml(TYPED)}---\n{log}{services}".encode()))
    assert snapshot.names("/api/v1/pods") == snapshot.names("/api/v1/services") == ["a", "b", "c"]
    assert snapshot.ask("/api/v1/namespaces/shop/pods/a/log").body == b"- one\n"


@pytest.mark.parametrize("text", ["[]", "[1, 2]", "null", "5", '"text"', '{"kind": 5}', '[{"name": "x"}]'])
def test_json_that_is_no_object_makes_no_snapshot_incomplete(opened: Opening, tmp_path: Path, text: str) -> None:
    snapshot = opened(folder(tmp_path, {**EACH, "other.json": text}))
    assert snapshot.names("/api/v1/pods") == ["a", "b", "c"]
    assert snapshot.left_out == ["1 left out (is no Kubernetes object): other.json"]
    assert "warning" not in snapshot.ask("/api/v1/pods").headers


def test_links_to_other_files_of_an_archive_hide_nothing(opened: Opening, tmp_path: Path) -> None:
    """As Troubleshoot has them, from its collectors' folders to the logs of pods."""
    path = tar(tmp_path / "all.tar", EACH)
    with tarfile.open(path, "a") as archive:
        for name, kind, target in (
            ("all-logs/a/c.log", tarfile.SYMTYPE, "../../pods/a.yaml"),
            ("hard.log", tarfile.LNKTYPE, "pods/a.yaml"),
            ("all-logs/b/c.log", tarfile.SYMTYPE, "../../../a.yaml"),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
    snapshot = opened(path)
    assert snapshot.left_out == [
        "2 left out (is a link to another file in it): all-logs/a/c.log, hard.log",
        "1 left out (is a link): all-logs/b/c.log",
    ]


def test_archives_within_are_named_and_not_looked_into(opened: Opening, tmp_path: Path) -> None:
    snapshot = opened(folder(tmp_path, {**EACH, "nodes/a.zip": "PK", "insights/b.tar.gz": "x"}))
    assert snapshot.left_out == ["2 left out (is an archive of its own): insights/b.tar.gz, nodes/a.zip"]
    assert "warning" not in snapshot.ask("/api/v1/pods").headers

"""Files that are damaged, or made to harm: named and left out, or refused; never followed out of the snapshot."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.spi import UnknownCluster

if TYPE_CHECKING:
    from conftest import Opened, Opening

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good, namespace: shop}\ndata: {key: value}\n"
OUTSIDE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: outside, namespace: shop}\n"
MAPS = "/api/v1/configmaps"

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(b)}: &{chr(b)} [{','.join([f'*{chr(b - 1)}'] * 10)}]\n" for b in range(ord("b"), ord("k"))
)
DAMAGED = {
    "an alias bomb": ("bomb.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n" + BOMB),
    "YAML that breaks off": ("cut.yaml", GOOD.replace("good", "cut") + '  more: "'),
    "YAML behind the mark of its beginning": ("mark.yaml", "--- {apiVersion: v1, kind: X, metadata: {name: x}}\n"),
    "YAML with two equal keys": ("twice.yaml", GOOD.replace("good", "twice") + "data: {}\n"),
    "brackets without end": ("deep.yaml", "apiVersion: v1\nkind: X\nmetadata: {name: x}\nspec: " + "[" * 100_000),
    "JSON brackets without end": ("deep.json", '{"apiVersion": "v1", "kind": "X", "spec": ' + "[" * 100_000),
    "bytes that are no text": ("binary.yaml", GOOD.replace("good", "\x00\x01")),
    "JSON that breaks off": ("cut.json", '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"na'),
    "an object larger than any": ("large.yaml", GOOD.replace("value", "v" * (4 << 20))),
    "a sequence that never begins": ("blank.yaml", "\n" * 50_000 + " \n#\n" * 50_000 + "apiVersion: v1\nkind: [\n"),
    "a name that is a number": ("number.json", '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 5}}'),
}


def folder(path: Path, **files: str) -> Path:
    (path / "good.yaml").write_text(GOOD, "utf-8")
    for name, text in files.items():
        (path / name).write_text(text, "utf-8")
    return path


def only_the_good_one(snapshot: Opened) -> bool:
    return snapshot.names(MAPS) == ["good"]


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_is_damaged_is_named_and_what_stands_beside_it_is_served(
    opened: Opening, tmp_path: Path, damage: str
) -> None:
    name, text = DAMAGED[damage]
    snapshot = opened(folder(tmp_path, **{name: text}))
    assert only_the_good_one(snapshot)
    assert [line for line in snapshot.left_out if name in line]
    assert "not complete" in snapshot.ask(MAPS).headers["warning"]


def test_of_a_list_that_breaks_off_the_beginning_is_served(opened: Opening, tmp_path: Path) -> None:
    items = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{number}"}} for number in range(5)]
    text = json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}, indent=4)
    snapshot = opened(folder(tmp_path, **{"nodes.json": text[: text.index("n3")]}))
    assert snapshot.names("/api/v1/nodes") == ["n0", "n1", "n2"]
    assert "breaks off" in snapshot.left_out[0]


def test_links_and_what_is_no_file_are_not_followed(opened: Opening, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "outside.yaml").write_text(OUTSIDE, "utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    folder(inside)
    (inside / "link.yaml").symlink_to(outside / "outside.yaml")
    (inside / "folder").symlink_to(outside)
    os.mkfifo(inside / "pipe.yaml")
    snapshot = opened(inside)
    assert only_the_good_one(snapshot)
    assert [line.split(": ")[0] for line in snapshot.left_out] == ["2 left out (is a link)", "1 left out (is no file)"]


def test_a_file_that_is_exchanged_for_a_link_later_is_not_read(opened: Opening, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text(OUTSIDE, "utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    text = json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}})
    (inside / "node.json").write_text(text, "utf-8")
    snapshot = opened(inside)
    assert snapshot.ask("/api/v1/nodes/n").status == 200
    (inside / "node.json").unlink()
    (inside / "node.json").symlink_to(outside)
    assert snapshot.get("/api/v1/nodes/n")["reason"] == "InternalError"
    (inside / "node.json").unlink()
    (inside / "node.json").write_text(text.replace('"n"', '"m"'), "utf-8")
    assert "open the snapshot again" in snapshot.get("/api/v1/nodes")["message"]


def test_members_of_an_archive_that_point_elsewhere_are_left_out(opened: Opening, tmp_path: Path) -> None:
    path = tmp_path / "all.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("good.yaml", "../outside.yaml", "/etc/outside.yaml"):
            member = tarfile.TarInfo(name)
            text = GOOD if name == "good.yaml" else OUTSIDE
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
        for kind, name in (
            (tarfile.SYMTYPE, "link.yaml"),
            (tarfile.LNKTYPE, "hard.yaml"),
            (tarfile.CHRTYPE, "dev.yaml"),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/hostname"
            archive.addfile(member)
    snapshot = opened(path)
    assert only_the_good_one(snapshot)
    assert sorted(line.split(": ")[0] for line in snapshot.left_out) == [
        "1 left out (is no file)",
        "2 left out (has a name that leaves the archive)",
        "2 left out (is a link)",
    ]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["all.tar"]


def test_an_archive_that_unpacks_to_more_than_is_allowed_is_refused(opened: Opening, tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"\0" * (8 << 20)))
    with pytest.raises(UnknownCluster, match="unpacks to more than 1 MiB"):
        opened(tmp_path / "bomb.gz", most_mib=1)


@pytest.mark.parametrize("cut", [20, 200])
def test_an_archive_that_breaks_off_is_refused(opened: Opening, tmp_path: Path, cut: int) -> None:
    data = gzip.compress(os.urandom(4096))
    (tmp_path / "cut.tgz").write_bytes(data[:cut])
    with pytest.raises(UnknownCluster, match="is damaged"):
        opened(tmp_path / "cut.tgz")


def test_a_folder_without_objects_is_refused(opened: Opening, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("replicas: 3\n", "utf-8")
    with pytest.raises(UnknownCluster, match="holds no Kubernetes object"):
        opened(tmp_path)


def test_of_two_objects_with_one_name_the_newer_counts_and_that_is_said(opened: Opening, tmp_path: Path) -> None:
    for file, version in (("a", 9), ("b", 10), ("c", 8)):
        text = GOOD.replace("namespace: shop", f'namespace: shop, resourceVersion: "{version}"')
        (tmp_path / f"{file}.yaml").write_text(text, "utf-8")
    snapshot = opened(tmp_path)
    assert snapshot.get("/api/v1/namespaces/shop/configmaps/good")["metadata"]["resourceVersion"] == "10"
    assert snapshot.left_out[0].startswith("2 left out (is there twice; the newer one counts): ConfigMap shop/good")


def test_files_of_other_things_are_counted_and_make_no_snapshot_incomplete(opened: Opening, tmp_path: Path) -> None:
    snapshot = opened(folder(tmp_path, **{"notes\x1b[2J.txt": "hello", "values.yaml": "replicas: 3"}))
    assert only_the_good_one(snapshot)
    assert "1 left out (is of another kind): notes?[2J.txt" in snapshot.left_out
    assert "warning" not in snapshot.ask(MAPS).headers

"""Compressed files and zips that are damaged, or made to harm: bounded, named and left out, or refused as a whole."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.spi import UnknownCluster

if TYPE_CHECKING:
    from conftest import Opened, Opening, OpeningFiles

MAPS = "/api/v1/configmaps"
ZEROS = b"\0" * (8 << 20)


def config(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\n"


def zipped(path: Path, **files: str | bytes) -> Path:
    """Its first member is a good one; `_` in names is `/`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.yaml", config("good"))
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def only_the_good_one(snapshot: Opened) -> bool:
    return snapshot.names(MAPS) == ["good"]


def reasons(snapshot: Opened) -> list[str]:
    return sorted(f"{line.rpartition('): ')[0]})" for line in snapshot.left_out)


BOMBS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("form", BOMBS)
def test_a_member_that_unpacks_to_more_than_is_allowed_is_left_out(
    opened: Opening, opened_files: OpeningFiles, tmp_path: Path, form: str
) -> None:
    opened_files({"good.yaml": config("good")})
    (tmp_path / f"bomb.json.{form}").write_bytes(BOMBS[form](ZEROS))
    snapshot = opened(tmp_path, most_mib=1)
    assert only_the_good_one(snapshot)
    assert snapshot.left_out == [
        f"1 left out (unpacks to more than 1 MiB, the limit of snapshot.max_unpacked_mib): bomb.json.{form}"
    ]
    assert "not complete" in snapshot.ask(MAPS).headers["warning"]
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"bomb.json.{form}", "good.yaml"]


def test_what_many_members_unpack_to_counts_together(opened: Opening, tmp_path: Path) -> None:
    for number in range(8):
        text = config(f"map-{number}") + "# " + "x" * (300 << 10)
        (tmp_path / f"{number}.yaml.gz").write_bytes(gzip.compress(text.encode()))
    snapshot = opened(tmp_path, most_mib=1)
    assert snapshot.names(MAPS) == ["map-0", "map-1", "map-2"]
    assert reasons(snapshot) == ["5 left out (unpacks to more than 1 MiB, the limit of snapshot.max_unpacked_mib)"]


def test_what_is_compressed_twice_is_not_unpacked_twice(opened_files: OpeningFiles, tmp_path: Path) -> None:
    (tmp_path / "twice.yaml.gz.gz").write_bytes(gzip.compress(gzip.compress(config("twice").encode())))
    snapshot = opened_files({"good.yaml": config("good")})
    assert only_the_good_one(snapshot)
    assert reasons(snapshot) == ["1 left out (is of another kind)"]


@pytest.mark.parametrize("form", BOMBS)
@pytest.mark.parametrize("cut", [12, 40])
def test_a_member_that_breaks_off_is_left_out(opened_files: OpeningFiles, tmp_path: Path, form: str, cut: int) -> None:
    (tmp_path / f"cut.yaml.{form}").write_bytes(BOMBS[form](os.urandom(4096))[:cut])
    snapshot = opened_files({"good.yaml": config("good")})
    assert only_the_good_one(snapshot)
    assert reasons(snapshot) == ["1 left out (is damaged: it cannot be unpacked to its end)"]


@pytest.mark.parametrize("form", ["bz2", "xz"])
@pytest.mark.parametrize("cut", [12, 40])
def test_an_archive_that_breaks_off_is_refused(opened: Opening, tmp_path: Path, form: str, cut: int) -> None:
    (tmp_path / f"all.tar.{form}").write_bytes(BOMBS[form](os.urandom(4096))[:cut])
    with pytest.raises(UnknownCluster, match="is damaged: it cannot be unpacked to its end"):
        opened(tmp_path / f"all.tar.{form}")


@pytest.mark.parametrize("form", BOMBS)
def test_an_archive_that_unpacks_to_more_than_is_allowed_is_refused(opened: Opening, tmp_path: Path, form: str) -> None:
    (tmp_path / f"bomb.{form}").write_bytes(BOMBS[form](ZEROS))
    with pytest.raises(UnknownCluster, match="unpacks to more than 1 MiB"):
        opened(tmp_path / f"bomb.{form}", most_mib=1)


def test_xz_that_claims_to_need_gigabytes_is_refused(opened: Opening, tmp_path: Path) -> None:
    data = bytearray(lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]))
    properties = data.index(bytes([0x21, 0x01]), 12) + 2  # of the filter LZMA2 in the block header: its dictionary
    data[properties] = 38  # 2 GiB
    header_size = (data[12] + 1) * 4
    data[12 + header_size - 4 : 12 + header_size] = struct.pack("<I", zlib.crc32(data[12 : 12 + header_size - 4]))
    (tmp_path / "all.tar.xz").write_bytes(bytes(data))
    with pytest.raises(UnknownCluster, match="is damaged"):
        opened(tmp_path / "all.tar.xz")


def test_zstd_is_refused_with_a_way_out(opened: Opening, tmp_path: Path) -> None:
    (tmp_path / "all.tar.zst").write_bytes(b"\x28\xb5\x2f\xfd" + b"\0" * 100)
    with pytest.raises(UnknownCluster, match="is compressed with zstd, which is not read here: decompress it with"):
        opened(tmp_path / "all.tar.zst")


def test_members_of_a_zip_that_point_elsewhere_are_left_out(opened: Opening, tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", **{"../outside.yaml": config("a"), "/etc/outside.yaml": config("b")})
    with zipfile.ZipFile(path, "a") as archive:
        for name, mode in (("link.yaml", stat.S_IFLNK), ("pipe.yaml", stat.S_IFIFO), ("device.yaml", stat.S_IFCHR)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode | 0o644) << 16
            archive.writestr(info, "/etc/hostname")
    snapshot = opened(path)
    assert only_the_good_one(snapshot)
    assert reasons(snapshot) == [
        "1 left out (is a link)",
        "2 left out (has a name that leaves the archive)",
        "2 left out (is no file)",
    ]
    assert [each.name for each in tmp_path.iterdir()] == ["all.zip"]


def test_a_zip_that_is_encrypted_is_refused_with_a_way_out(opened: Opening, tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(UnknownCluster, match="is encrypted: unpack it with its password, and give the folder"):
        opened(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_of_a_zip_that_share_bytes_are_left_out(opened: Opening, tmp_path: Path, compression: int) -> None:
    """A bomb whose members are all the same bytes takes as long as it has members."""
    path = zipped(tmp_path / "all.zip")
    with zipfile.ZipFile(path, "a", compression) as archive:
        archive.writestr("one.yaml", config("one") + "#" * 5_000)
        [*_, one] = archive.infolist()
        for number in range(50):
            other = zipfile.ZipInfo(f"{number}.yaml")
            for field in ("header_offset", "compress_size", "file_size", "CRC", "compress_type", "external_attr"):
                setattr(other, field, getattr(one, field))
            archive.filelist.append(other)
    snapshot = opened(path)
    assert only_the_good_one(snapshot)
    assert reasons(snapshot) == ["51 left out (is damaged: it shares its bytes with another file)"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("size", [1, 1 << 20, 0xFFFFFFF0])
def test_a_member_of_a_zip_whose_size_is_a_lie_is_left_out(
    opened: Opening, tmp_path: Path, compression: int, size: int
) -> None:
    path = zipped(tmp_path / "all.zip")
    with zipfile.ZipFile(path, "a", compression) as archive:
        archive.writestr("lie.yaml", config("lie"))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, size)
    path.write_bytes(bytes(data))
    snapshot = opened(path, most_mib=64)
    assert only_the_good_one(snapshot)
    [reason] = reasons(snapshot)
    assert reason.startswith("1 left out (is damaged: ")


def test_a_member_of_a_zip_that_is_a_bomb_is_left_out(opened: Opening, tmp_path: Path) -> None:
    snapshot = opened(zipped(tmp_path / "all.zip", **{"bomb.json": ZEROS}), most_mib=1)
    assert only_the_good_one(snapshot)
    assert reasons(snapshot) == ["1 left out (unpacks to more than 1 MiB, the limit of snapshot.max_unpacked_mib)"]


def test_a_bomb_that_nobody_wants_is_not_unpacked(opened: Opening, tmp_path: Path) -> None:
    snapshot = opened(
        zipped(tmp_path / "all.zip", **{"audit.log": ZEROS, "core.gz": gzip.compress(ZEROS), "a.tar.gz": ZEROS}),
        most_mib=1,
    )
    assert only_the_good_one(snapshot)
    assert reasons(snapshot) == ["1 left out (is an archive of its own)", "2 left out (is of another kind)"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_of_a_zip_in_an_odd_form_is_named(opened: Opening, tmp_path: Path, compression: int) -> None:
    path = zipped(tmp_path / "all.zip")
    with zipfile.ZipFile(path, "a", compression) as archive:
        archive.writestr("odd.yaml", config("odd"))
    snapshot = opened(path)
    assert only_the_good_one(snapshot)
    assert snapshot.left_out == ["1 left out (is compressed in a way that is not read here): odd.yaml"]


def test_a_zip_with_thousands_of_empty_members_is_opened(opened: Opening, tmp_path: Path) -> None:
    snapshot = opened(zipped(tmp_path / "all.zip", **{f"{number}.yaml": "" for number in range(5_000)}))
    assert only_the_good_one(snapshot)
    assert snapshot.left_out == []


def test_a_zip_whose_index_claims_to_be_huge_is_refused(opened: Opening, tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip")
    data = bytearray(b"\0" * (40 << 20) + path.read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\x05\x06") + 12, 40 << 20)
    path.write_bytes(b"PK\x03\x04" + bytes(data[4:]))
    with pytest.raises(UnknownCluster, match="has an index of more than 32 MiB"):
        opened(path)


@pytest.mark.parametrize("cut", [10, 60, 150])
def test_a_zip_that_breaks_off_is_refused(opened: Opening, tmp_path: Path, cut: int) -> None:
    path = zipped(tmp_path / "all.zip")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UnknownCluster, match="is damaged: its index cannot be read to the end"):
        opened(path)


def test_names_of_members_are_told_in_one_line(opened: Opening, tmp_path: Path) -> None:
    snapshot = opened(zipped(tmp_path / "all.zip", **{"a\nb\x1b[2J.log": "x", "c\n/../d.yaml": "x"}))
    assert only_the_good_one(snapshot)
    assert snapshot.left_out == [
        "1 left out (is of another kind): a?b?[2J.log",
        "1 left out (has a name that leaves the archive): c?/../d.yaml",
    ]


HOSTILE_LAYOUTS = {
    "errors that are no errors": ("cluster-resources/pods-errors.json", "[[[[{"),
    "a version without a version": ("cluster-info/cluster_version.json", {"info": {"gitVersion": 5}}),
    "a version that is a list": ("cluster-info/cluster_version.json", [1]),
    "a time that is none": ("must-gather.local.1/timestamp", "2026-99-99 99:99:99 +0000 UTC"),
    "a time to come": ("must-gather.local.1/timestamp", "2999-01-01 10:00:00 +0000 UTC"),
    "a release that is none": (
        "metadata.yaml",
        'kubernetesversion: "../../x"\nbundlecreatedat: "2026-01-01T10:00:00Z"',
    ),
    "an operator of something else": (
        "o.yaml",
        {
            "apiVersion": "x.example/v1",
            "kind": "ClusterOperator",
            "metadata": {"name": "kube-apiserver"},
            "status": [1],
        },
    ),
    "discovery that never ends": ("aggregated-discovery-api.yaml", "a: " + "[" * 50_000),
    "resources that are deep": ("cluster-resources/resources.json", "[" * 100_000),
}


@pytest.mark.parametrize("what", HOSTILE_LAYOUTS)
def test_files_beside_the_objects_may_hold_anything(opened_files: OpeningFiles, what: str) -> None:
    name, content = HOSTILE_LAYOUTS[what]
    snapshot = opened_files({"good.yaml": config("good"), name: content})
    assert only_the_good_one(snapshot)
    assert snapshot.answering.contents.as_of.year < 2999
    assert snapshot.ask("/version").status == 404


def test_errors_of_a_bundle_are_told_in_one_line_each_and_bounded(opened_files: OpeningFiles) -> None:
    errors = {f"ns-{number}": "forbidden\n\x1b[2J" + "x" * 1_000 for number in range(2_000)}
    snapshot = opened_files({"good.yaml": config("good"), "cluster-resources/pods-errors.json": json.dumps(errors)})
    [line] = snapshot.left_out
    assert line.startswith("1000 left out (could not be collected): pods in ns-0: forbidden??[2Jxxx")
    assert line.endswith(" and 980 more")
    assert len(line) < 5_000

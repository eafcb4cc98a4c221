"""Keys that replicas share: what seals, what opens, and how they are renewed while everybody serves."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.seal import Seal
from mcp_kubernetes.state.keys import KeyFile
from tests.test_cli import run

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "a1" * 32, "B2" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def ring(path: Path, *keys: str) -> Seal:
    path.write_text("# for the tests\n\n" + "".join(f"{key}\n" for key in keys), encoding="utf-8")
    return Seal(KeyFile(path))


def opens(seal: Seal, sealed: str) -> bool:
    try:
        return seal.bound("q").open(sealed) == {"a": 1}
    except InvalidArguments:
        return False


def test_the_first_key_seals_and_each_of_them_opens(tmp_path: Path) -> None:
    old, new = ring(tmp_path / "old", OLD), ring(tmp_path / "new", NEW)
    both, turned = ring(tmp_path / "both", OLD, NEW), ring(tmp_path / "turned", NEW, OLD)
    sealed = {name: seal.bound("q").seal({"a": 1}) for name, seal in (("both", both), ("turned", turned))}
    assert [opens(each, sealed["both"]) for each in (old, new, both, turned)] == [True, False, True, True]
    assert [opens(each, sealed["turned"]) for each in (old, new, both, turned)] == [False, True, True, True]


def test_a_file_that_changed_counts_at_once_and_a_broken_one_changes_nothing(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    seal = ring(path, OLD)
    sealed = seal.bound("q").seal({"a": 1})
    for broken in ("", "nonsense\n", None):
        path.unlink() if broken is None else path.write_text(broken, encoding="utf-8")
        assert opens(seal, sealed)
    assert "the keys stay as they are" in caplog.text
    ring(path, NEW)
    assert not opens(seal, sealed)
    ring(path, NEW, OLD)
    assert opens(seal, sealed)
    assert "read anew: 2 keys" in caplog.text
    assert OLD not in caplog.text


def test_one_question_s_key_is_no_other_s(path: Path) -> None:
    """Each question has its own, so no number of questions wears the server's key out."""
    seal = ring(path, OLD)
    one, other = (seal.bound(question)._cipher(bytes.fromhex(OLD)) for question in ("one", "other"))
    with pytest.raises(Exception, match=r"^$"):
        other.decrypt(b"0" * 12, one.encrypt(b"0" * 12, b"data", b""), b"")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "it cannot be read (No such file or directory)"),
        ("", "it holds no key"),
        ("# nothing\n\n", "it holds no key"),
        (f"{OLD}\n{OLD[:-1]}\n", "line 2 is not 64 hexadecimal digits"),
        (f"{OLD}00\n", "line 1 is not 64 hexadecimal digits"),
        (f"{OLD}\n{OLD.upper()}\n", "it has one key twice"),
        ("é" * 64, "it is not plain text"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_at_the_start_without_what_is_in_it(
    path: Path, content: str | None, sentence: str
) -> None:
    if content is not None:
        path.write_text(content, encoding="utf-8")
    done = run("serve", "--state-key-file", str(path))
    assert done.returncode == 3
    assert f"Flag --state-key-file: state.key_file is not valid: {sentence}" in done.stderr
    assert OLD[:10] not in done.stderr

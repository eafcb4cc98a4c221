"""The quick reader of YAML is of no opinion of its own: where it does not give up, the strict one reads the same."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.manifest import read_manifests
from mcp_kubernetes.manifest.block_style import GIVEN_UP, read_block_style
from mcp_kubernetes.manifest.documents import DEEPEST, documents
from mcp_kubernetes.manifest.scalars import key, scalar
from mcp_kubernetes.strict_yaml import InvalidYAML, Rules, read_yaml
from tests.objects import POD, VALUES
from tests.resources import test_manifests_like_kubectl as tables

ROOT = Path(__file__).parents[1]
RULES = Rules(scalar=scalar, key=key, deepest=DEEPEST, most_aliased=1 << 20)

TEXTS = {
    "plain": "Back-off restarting failed container: none of it, and a word more or less for the second line",
    "quoted": "it's: 'a', \"b\" # and a word more or less that does not fit on the first line, nor on the second",
    "escaped": "a\tb \x01 \x85 é \ufeff \u2028 😀 and so many words more that they cannot stand on one line",
    "lines": "set -e\n  exec run\n\nend\n\n\n",
    "no end": "a\n b",
    "at once deeper": "  a\nb\n",
    "breaks": "\n\n",
    "empty": "",
    "017": "017",
    "on": "on",
    "?x": "?x",
    "k:{}": "- x",
    **{f"e{n}": each for n, each in enumerate((" a", "a ", "a:", ":a", "a: b", "a #b", "#a", "-", "- a", "%a", "@a"))},
}
REGULAR = {
    **POD,
    "texts": TEXTS,
    "list": list(TEXTS.values()),
    "numbers": [0, -1, 1.5, 1e21, 2**62, 0.1],
    "words": [None, True, False, {}, []],
    "deep": {"a": {"b": [{"c": [{"d": {}, "e": []}]}, {"f": None, "g": [1]}]}},
}
STYLES: dict[str, dict[str, Any]] = {
    "as PyYAML does by itself": {},
    "without wrapping": {"width": 1 << 20, "sort_keys": False},
    "wrapped soon": {"width": 30, "allow_unicode": True},
    "double quotes": {"default_style": '"'},
    "single quotes": {"default_style": "'", "width": 40},
    "blocks": {"default_style": "|"},
}
ENTRIES = [
    *(
        "a: b",
        " a: b",
        "  a:",
        "a:  b",
        "- a",
        "- a: b",
        "  - a: |",
        "-",
        "- - a",
        "-  a: b",
        "'a': \"b\"",
        '"a":',
        " # a",
        "#a",
    ),
    *(
        "a: #b",
        "a: 'b",
        "  b'",
        'a: "b',
        '  b"',
        "  b\\",
        '"',
        "a: |+",
        "a: |2-",
        "a: |1",
        "   b",
        "  ...",
        "...",
        "---",
    ),
    *(
        "--- a",
        "... a: b",
        "--- a: b",
        "a: {}",
        "a: []",
        "- {}",
        "a: {b: c}",
        "a: &b",
        "a: *b",
        "a: !!str 1",
        "<<: a",
        "? a",
        "a : b",
        "a:b",
    ),
    *("a: b: c", "a:\tb", "\ta: b", "a: >", "a: 017", "on: off", "null: a", "~: a", "1.0: a", "a: .inf", "a: '1''2'"),
    *('a: "\\x41\\ud800"', 'a: "\\q"', "a: b ", "  ", "   ", "a: -", "a: -b", "a: ?b", ":a: :b", "%a: b", "a: |  #b"),
    *("   c d", "é: \xa0", "a: \u2028", "a: \x85", "a: \x07", "a: \ufeff", "\ufeffa: b", "a: b\r", ""),
]
INSERTED = (": ", " #", "#", "'", '"', "\\", "- ", "\t", "|", "{", "[", "&", "*", "!", "é", " ")


def strict(text: str) -> Any:
    """What the strict reader makes of it; None where it refuses."""
    try:
        value = read_yaml((text if text.endswith("\n") else f"{text}\n").encode(), RULES)
        return documents(value, "text")[0] if isinstance(value, dict | list) else value
    except (InvalidYAML, InvalidArguments):
        return None


def exactly(value: Any) -> str:
    """Equal only for values of the same types, and keys in the same order."""
    return repr(value)


def agree(text: str) -> bool:
    """Whether it was read at all; fails unless both readers read the same."""
    found = read_block_style(text)
    assert found is GIVEN_UP or exactly(found) == exactly(strict(text))
    return found is not GIVEN_UP


def dumped(value: Any, style: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(value, **style)
    return text


@pytest.mark.parametrize("name", STYLES)
def test_what_programs_write_is_read_without_the_strict_reader(name: str) -> None:
    texts_alone = {key: REGULAR[key] for key in ("texts", "list")}  # PyYAML puts tags to all else that it quotes
    assert agree(dumped(texts_alone if "default_style" in STYLES[name] else REGULAR, STYLES[name]))


def test_every_yaml_file_here_and_every_table_of_manifests_means_the_same() -> None:
    files = [path for path in ROOT.rglob("*.y*ml") if ".venv" not in path.parts]
    texts = [path.read_text("utf-8") for path in files]
    texts += [
        text
        for table in (tables.DOCUMENTS, tables.REFUSED, tables.REFUSED_BY_US_ALONE, tables.TAKEN_BY_US_ALONE)
        for text in table.values()
    ]
    read = [agree(part) for text in texts for part in text.split("---\n")]
    assert any(read)  # ours are in flow style for the most part


FORMS = (
    "a: %s\n",
    "- %s\n",
    "%s: a\n",
    "'%s': %s",
    "a:\n  %s: b\n",
    "a:\n- %s\n  b\n",
    "a: %s\n\n  b\nc: d",
    "a: |\n  %s\n",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_scalar_of_the_tables_means_the_same_wherever_it_stands(form: str) -> None:
    assert sum(agree(form.replace("%s", text)) for text in tables.PLAIN) > 40


@settings(derandomize=True, deadline=None, max_examples=150)
@given(VALUES, st.sampled_from(sorted(STYLES)))
def test_whatever_a_program_writes_means_the_same(value: Any, name: str) -> None:
    agree(dumped({"a": value}, STYLES[name]))
    agree(dumped([value], STYLES[name]))


@pytest.mark.parametrize("deep", [0, 2, 3])
def test_any_two_lines_one_below_the_other_mean_the_same(deep: int) -> None:
    texts = [f"{first}\n{' ' * deep}{second}" for first in ENTRIES for second in ENTRIES]
    assert sum(map(agree, texts)) > 300


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.sampled_from((0, 0, 0, 1, 2, 2, 3, 4)), st.sampled_from(ENTRIES)), max_size=7))
@example([(0, "a: b"), (0, "#a"), (2, "c d")])
@example([(0, "a: |"), (4, "b"), (2, "c: d")])
@example([(0, "a: 'b"), (2, "b'"), (2, "c")])
@example([(0, "... : a")])
@example([(0, "a  : b")])
def test_any_lines_one_below_the_other_mean_the_same(lines: list[tuple[int, str]]) -> None:
    agree("\n".join(" " * deep + text for deep, text in lines))


SEEDS = [dumped(REGULAR, style).splitlines() for style in STYLES.values() if "default_style" not in style]


@settings(derandomize=True, deadline=None, max_examples=600)
@given(st.randoms(use_true_random=False))
def test_what_was_written_well_and_then_edited_badly_means_the_same(chance: random.Random) -> None:
    seed = chance.choice(SEEDS)
    begin = chance.randrange(len(seed))
    lines = seed[begin : begin + 25]
    for _ in range(chance.randint(1, 3)):
        edit(lines, chance)
    agree("\n".join(lines) + chance.choice(("", "\n", "\n\n")))


def edit(lines: list[str], chance: random.Random) -> None:
    place = chance.randrange(len(lines))
    line = lines[place]
    cut = chance.randint(0, len(line))
    match chance.randrange(5):
        case 0:
            lines[place] = " " * chance.randint(1, 3) + line
        case 1:
            lines[place] = line[chance.randint(1, 3) :]
        case 2:
            lines.insert(place, chance.choice((chance.choice(lines), "", "    ", "# a", "   # a", *ENTRIES)))
        case 3 if len(lines) > 1:
            del lines[place]
        case _:
            lines[place] = line[:cut] + chance.choice(INSERTED) + line[cut:]


@pytest.mark.parametrize(
    "text", ["- " * 100_000, "a: " + '"' + "\\" * 100_000, "a:\n" + " a\n" * 100_000, " " * 100_000]
)
def test_no_text_takes_longer_than_the_strict_reader_would(text: str) -> None:
    """Within a generous factor: what gives up must do so soon."""
    assert seconds(lambda: read_block_style(text)) < 5 * seconds(lambda: strict(text)) + 0.1


def test_it_is_several_times_as_fast_as_the_strict_reader() -> None:
    text = dumped(POD, {})
    odd = text + "odd: {a: b}\n"
    assert read_block_style(odd) is GIVEN_UP
    ratios = [seconds(lambda: read_manifests(odd)) / seconds(lambda: read_manifests(text)) for _ in range(7)]
    assert sorted(ratios)[3] > 3


def seconds(work: Any) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began

"""One object within a budget: whatever it holds, it stays valid, says what it is, and marks what is missing."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_kubernetes.cutting import MARK, cut_to
from mcp_kubernetes.rendering import in_form
from tests.objects import POD, TEXTS, VALUES, as_decoded

if TYPE_CHECKING:
    from mcp_kubernetes.results import Form

_TEXT = re.compile(r"(.*)…\(\+([\d,]+) bytes\)", re.DOTALL)
_ITEMS = re.compile(r"…\(\+([\d,]+) items\)")
_FIELDS = re.compile(r"\(\+([\d,]+) fields\)")

_LONG = st.builds(lambda text, times: as_decoded(text * times), TEXTS, st.sampled_from([1, 50, 2_000]))
_MANY = st.builds(lambda item, times: [item] * times, VALUES, st.sampled_from([1, 40, 500]))
_WIDE = st.builds(lambda item, times: {f"key-{n}": item for n in range(times)}, VALUES, st.sampled_from([1, 40, 500]))
_PARTS = VALUES | _LONG | _MANY | _WIDE | st.builds(lambda inner: {"a": [{"b": inner}]}, _LONG | _MANY | _WIDE)
_NAMES = st.text("abc-1", min_size=1, max_size=63)
OBJECTS = st.fixed_dictionaries(
    {
        "apiVersion": _NAMES,
        "kind": _NAMES,
        "metadata": st.fixed_dictionaries(
            {"annotations": _WIDE | _LONG, "name": _NAMES, "namespace": _NAMES}, optional={"labels": _WIDE}
        ),
    },
    optional={"spec": _PARTS, "status": _PARTS, "data": _WIDE | _MANY},
)
FORMS: tuple[Form, ...] = ("yaml", "json")


def read(text: str, form: Form) -> Any:
    return yaml.safe_load(text) if form == "yaml" else json.loads(text)


def unmarked(found: Any, whole: Any) -> list[Any]:
    """What is in one and not in the other, and carries no mark that tells how much is missing."""
    if found == whole and type(found) is type(whole):
        return []
    if isinstance(found, dict) and isinstance(whole, dict):
        return _unmarked_fields(found, whole)
    if isinstance(found, list) and isinstance(whole, list):
        return _unmarked_items(found, whole)
    mark = _TEXT.fullmatch(found) if isinstance(found, str) and not isinstance(whole, dict | list) else None
    missing = len(str(whole)[len(mark[1]) :].encode(errors="surrogatepass")) if mark else -1
    return [] if mark and str(whole).startswith(mark[1]) and missing == number(mark[2]) else [found]


def _unmarked_fields(found: dict[str, Any], whole: dict[str, Any]) -> list[Any]:
    kept = {key: value for key, value in found.items() if key in whole}
    extra = [value for key, value in found.items() if key not in whole]
    missing = len(whole) - len(kept)
    mark = _FIELDS.fullmatch(extra[0]) if [key for key in found if key not in whole] == [MARK] else None
    wrong = [] if (missing == 0 and not extra) or (mark and number(mark[1]) == missing) else [found]
    return wrong + [each for key, value in kept.items() for each in unmarked(value, whole[key])]


def _unmarked_items(found: list[Any], whole: list[Any]) -> list[Any]:
    kept, mark = found, None
    if len(found) != len(whole) or (found and isinstance(found[-1], str) and found[-1] != whole[-1]):
        mark = _ITEMS.fullmatch(str(found[-1])) if found else None
        kept = found[:-1] if mark else found
    right = len(kept) == len(whole) or (mark and number(mark[1]) == len(whole) - len(kept))
    return ([] if right else [found]) + [e for a, b in zip(kept, whole, strict=False) for e in unmarked(a, b)]


def number(text: str) -> int:
    return int(text.replace(",", ""))


@settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(OBJECTS, st.sampled_from([640, 1_024, 5_000, 30_000]), st.sampled_from(FORMS))
def test_a_cut_object_fits_is_valid_says_what_it_is_and_marks_every_change(whole: Any, limit: int, form: Form) -> None:
    if len(in_form(whole, form).encode()) <= limit:
        return
    text, cuts = cut_to(whole, form, limit)
    assert len(text.encode()) <= limit
    found = read(text, form)
    assert cuts > 0
    assert unmarked(found, whole) == []
    assert (found["apiVersion"], found["kind"]) == (whole["apiVersion"], whole["kind"])
    assert found["metadata"]["name"] == whole["metadata"]["name"]
    assert found["metadata"]["namespace"] == whole["metadata"]["namespace"]
    assert cut_to(whole, form, limit) == (text, cuts)


@settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES | _PARTS, st.sampled_from([0, 20, 30, 60, 200]), st.sampled_from(FORMS))
def test_whatever_is_cut_to_whatever_size_is_never_longer_and_never_invalid(whole: Any, limit: int, form: Form) -> None:
    text, _ = cut_to(whole, form, limit)
    assert len(text.encode()) <= limit
    if text:
        read(text, form)


@pytest.mark.parametrize("limit", [640, 1_024, 5_000])
@pytest.mark.parametrize("form", FORMS)
def test_what_the_object_is_stays_whole_wherever_it_stands_and_whatever_is_around_it(form: Form, limit: int) -> None:
    names = {"name": "n" * 253, "namespace": "s" * 63}
    metadata = {**{f"field-{n}": "v" * 500 for n in range(200)}, **names}
    identity = {"apiVersion": "v" * 60, "kind": "K" * 60}
    whole = {**{f"field-{n}": ["v" * 500] * 9 for n in range(200)}, **identity, "metadata": metadata}
    found = read(cut_to(whole, form, limit)[0], form)
    assert unmarked(found, whole) == []
    assert {key: found[key] for key in identity} == identity
    assert {key: found["metadata"][key] for key in names} == names


@pytest.mark.parametrize("form", FORMS)
def test_the_longest_value_gives_way_and_everything_short_stays_whole(form: Form) -> None:
    whole = {**POD, "status": {**POD["status"], "message": "m" * 50_000}}
    text, cuts = cut_to(whole, form, 20_000)
    found = read(text, form)
    assert cuts == 1
    assert {**found, "status": {**found["status"], "message": ""}} == {
        **POD,
        "status": {**POD["status"], "message": ""},
    }
    assert 15_000 < len(text.encode()) <= 20_000


def test_a_long_list_keeps_its_first_items_and_says_how_many_are_missing() -> None:
    whole = {"kind": "List", "items": [f"item-{n}" for n in range(500)]}
    items = read(cut_to(whole, "yaml", 1_000)[0], "yaml")["items"]
    assert items[:-1] == whole["items"][: len(items) - 1]
    assert items[-1] == f"…(+{501 - len(items)} items)"
    assert len(items) > 50


def test_a_map_of_many_long_values_keeps_as_many_of_them_readable_as_there_is_room_for() -> None:
    whole = {"kind": "ConfigMap", "data": {f"key-{n}": "v" * 1_000 for n in range(1_000)}}
    data = read(cut_to(whole, "yaml", 10_000)[0], "yaml")["data"]
    left_out = data.pop(MARK)
    assert left_out == f"(+{1_000 - len(data)} fields)"
    assert 80 < len(data) < 110
    assert all(value.startswith("v" * 20) for value in data.values())


@pytest.mark.parametrize(("keys", "length"), [(1, 1_000_000), (10, 100_000), (100, 10_000)])
def test_cutting_a_config_map_of_a_megabyte_costs_less_than_reading_it_ten_times(keys: int, length: int) -> None:
    whole = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "big", "namespace": "a"},
        "data": {f"key-{n}.conf": ("a line of text\n" * length)[:length] for n in range(keys)},
    }
    raw = json.dumps(whole)
    assert _fastest(lambda: cut_to(whole, "yaml", 32_768)) < 10 * _fastest(lambda: json.loads(raw))


def _fastest(work: Any) -> float:
    """Seconds of this thread alone: what others do on the machine meanwhile is not measured."""

    def once() -> float:
        started = time.thread_time()
        work()
        return time.thread_time() - started

    return min(once() for _ in range(10))

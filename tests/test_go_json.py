"""JSON as the API server spells it; tests/kube/test_undo_patch.py asks the real one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from mcp_kubernetes.go_json import go_json
from tests.objects import VALUES


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a<b>&c", r'"a\u003cb\u003e\u0026c"'),
        ("\u2028\u2029", r'"\u2028\u2029"'),
        ("é😀\x7f\ufeff", '"é😀\x7f\ufeff"'),
        ("\x01\b\n\\\"'/", r'''"\u0001\b\n\\\"'/"'''),
        ("1e-05 1.0", '"1e-05 1.0"'),
        ('\\"1e-05', r'"\\\"1e-05"'),
        ("\ud800", r'"\ud800"'),
        ({"<": None}, r'{"\u003c":null}'),
        ([1, True, 2**53 + 1, -(2**63)], "[1,true,9007199254740993,-9223372036854775808]"),
        ([1.0, -2.0, 0.0, -0.0, 0.5], "[1,-2,0,-0,0.5]"),
        ([1e-5, 1e-6, 1.5e-6, -2.5e-05], "[0.00001,0.000001,0.0000015,-0.000025]"),
        ([1e-7, 1.5e-10, 1e-100], "[1e-7,1.5e-10,1e-100]"),
        ([1e16, 1.5e20, 1e21, 1.5e300], "[10000000000000000,150000000000000000000,1e+21,1.5e+300]"),
    ],
)
def test_it_is_spelled_as_go_does(value: Any, expected: str) -> None:
    assert go_json(value).decode() == expected


@settings(derandomize=True, deadline=None)
@given(VALUES)
def test_it_says_the_same_as_any_other_json(value: Any) -> None:
    # An integer and a float may be spelled alike: 1e16 has no exponent in Go.
    said, expected = (json.loads(text, parse_int=float) for text in (go_json(value), json.dumps(value)))
    assert said == expected


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        go_json([float("nan")])

"""The masking of bytes. That no value leaves is in tests/invariants."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.kube.decoding.decode import LAST_APPLIED
from mcp_kubernetes.kube.paths import parse
from mcp_kubernetes.kube.secrecy.marks import MARKER
from mcp_kubernetes.kube.secrecy.masking import holds_values, masked

PLAIN = "planted-value-5b81"
ENCODED = b64encode(PLAIN.encode()).decode()
META = {"name": "s", "uid": "1"}
KEY = bytes(32)


def secret(**more: Any) -> dict[str, Any]:
    return {"kind": "Secret", "metadata": META, "data": {"password": ENCODED}} | more


def mask(body: Any) -> Any:
    return json.loads(masked(json.dumps(body).encode(), key=KEY))


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("/api/v1/secrets", True),
        ("/api/v1/namespaces/a/secrets", True),
        ("/api/v1/namespaces/a/secrets/s", True),
        ("/api/v1/namespaces/a/secrets/s/status", True),
        ("/api/v2/secrets", True),
        ("/api/v1/namespaces/secrets", False),
        ("/api/v1/namespaces/secrets/pods", False),
        ("/apis/example.com/v1/secrets", False),
        ("/api/v1/configmaps", False),
    ],
)
def test_answers_about_secrets_are_told_by_their_path(path: str, *, holds: bool) -> None:
    assert holds_values(parse(path)) is holds


@pytest.mark.parametrize(
    "body",
    [
        secret(),
        secret(stringData={"x": PLAIN}),
        secret(metadata={**META, "annotations": {LAST_APPLIED: json.dumps(secret())}}),
        {"kind": "SecretList", "items": [secret(), secret()]},
        {"kind": "List", "items": [secret()]},
        {"kind": "Table", "rows": [{"cells": ["s"], "object": secret()}]},
        {"type": "ADDED", "object": secret()},
        {"type": "ADDED", "object": {"kind": "Table", "rows": [{"cells": ["s"], "object": secret()}]}},
        [secret()],
        {"wrapped": secret()},
    ],
    ids=["object", "stringData", "applied", "list", "any list", "table", "event", "table event", "array", "unknown"],
)
def test_no_form_of_an_answer_keeps_a_value(body: Any) -> None:
    said = masked(json.dumps(body).encode(), key=KEY).decode()
    assert PLAIN not in said
    assert ENCODED not in said


def test_two_events_of_a_watch_keep_no_value() -> None:
    event = json.dumps({"type": "ADDED", "object": secret()})
    said = masked(f"{event}\n{event}\n".encode(), key=KEY).decode()
    assert ENCODED not in said


def test_a_mask_shows_the_size_of_the_decoded_value() -> None:
    assert mask(secret())["data"]["password"].startswith(f"{MARKER}{len(PLAIN)} bytes, ")


def test_a_value_that_is_no_base64_is_measured_as_it_is() -> None:
    assert mask(secret(data={"x": "%%%%%"}))["data"]["x"].startswith(f"{MARKER}")


@pytest.mark.parametrize("data", [None, {}])
def test_a_secret_without_values_stays_one(data: Any) -> None:
    assert mask(secret(data=data))["data"] == {}


def test_an_empty_value_is_masked_too() -> None:
    assert mask(secret(data={"x": ""}))["data"]["x"].startswith(f"{MARKER}0 bytes, ")


@pytest.mark.parametrize("items", [None, []])
def test_an_empty_list_stays_one(items: Any) -> None:
    found = mask({"kind": "SecretList", "items": items, "metadata": {"resourceVersion": "7"}})
    assert not found.pop("items")
    assert found == {"kind": "SecretList", "metadata": {"resourceVersion": "7"}}


def test_everything_else_of_a_secret_stays() -> None:
    found = mask(secret(type="Opaque", immutable=True, metadata={**META, "annotations": {"a": "b"}}))
    del found["data"]
    assert found == {
        "kind": "Secret",
        "type": "Opaque",
        "immutable": True,
        "metadata": {**META, "annotations": {"a": "b"}},
    }


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (secret(), secret(), True),
        (secret(), secret(metadata={**META, "uid": "2"}), False),
        (secret(), secret(metadata={**META, "name": "t"}), False),
        (secret(), secret(data={"password": b64encode(b"other").decode()}), False),
    ],
)
def test_masks_are_equal_for_the_same_value_in_the_same_object(one: Any, other: Any, *, equal: bool) -> None:
    assert (mask(one)["data"]["password"] == mask(other)["data"]["password"]) is equal


def test_masks_of_one_value_under_two_keys_differ() -> None:
    found = mask(secret(data={"a": ENCODED, "b": ENCODED}))["data"]
    assert found["a"] != found["b"]


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_what_is_no_json_object_becomes_an_empty_one(body: bytes) -> None:
    if not body.lstrip().startswith(b"{"):
        assert masked(body, key=KEY) == b"{}"

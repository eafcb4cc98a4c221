from __future__ import annotations

import time
from typing import Any

import pytest

from mcp_kubernetes.redact import REDACTED, arguments, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (JWT, REDACTED),
        (f"token={JWT}, next", f"token={REDACTED}, next"),
        (f'{{"token":"{JWT}"}}', f'{{"token":"{REDACTED}"}}'),
        ("Authorization: Bearer abcdefghijklmnop", f"Authorization: {REDACTED}"),
        ("authorization: bearer ABCDEFGHIJKLMNOP123", f"authorization: {REDACTED}"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", f"Authorization: {REDACTED}"),
        ("Bearer\tabcdefghijklmnop", REDACTED),
        (KEY, REDACTED),
        (f"before\n{KEY}\nafter", f"before\n{REDACTED}\nafter"),
        (f"a {KEY} b {KEY} c", f"a {REDACTED} b {REDACTED} c"),
        (KEY.replace("\n", "\\n"), REDACTED),
        (KEY.replace("RSA ", ""), REDACTED),
        (KEY.replace("RSA", "OPENSSH"), REDACTED),
        (KEY.replace("RSA", "ENCRYPTED"), REDACTED),
        ("-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA", REDACTED),
    ],
)
def test_a_credential_is_replaced_wherever_it_stands(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a plain sentence about a bearer of news",
        "basic authentication is off",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "app.kubernetes.io/name",
        "eyJ.eyJ.x",
        "image: registry.example.com/team/app:v1.2.3",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "eyJ" * 20_000,
        "eyJabcdefgh." * 30_000,
        "-----BEGIN PRIVATE KEY-----" * 10_000,
        "-----BEGIN " + "A " * 200_000,
        "bearer " * 60_000,
        ("eyJ" + "a" * 50 + ".") * 8_000,
    ],
    ids=["eyJ", "dots", "keys", "begin", "bearer", "jwt"],
)
def test_a_long_text_made_to_be_slow_is_not(text: str) -> None:
    start = time.perf_counter()
    redact("x" * len(text))
    plain = time.perf_counter() - start
    start = time.perf_counter()
    redact(text)
    assert time.perf_counter() - start < 200 * plain + 0.5


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"name": "web", "limit": 3, "full": True, "x": None, "f": 1.5}, None),
        ({"token": "short"}, {"token": REDACTED}),
        ({"clientSecret": {"a": 1}}, {"clientSecret": REDACTED}),
        ({"Password": "x", "api_key": "y", "apiKey": "z"}, dict.fromkeys(("Password", "api_key", "apiKey"), REDACTED)),
        ({"nested": {"token": "x", "a": ["b"]}}, {"nested": {"token": REDACTED, "a": ["b"]}}),
        ({"list": [JWT, {"token": "x"}]}, {"list": [REDACTED, {"token": REDACTED}]}),
        ({"text": f"see {JWT}"}, {"text": f"see {REDACTED}"}),
        ({"long": "x" * 500}, {"long": "x" * 200 + "… (500 characters)"}),
        ({"many": list(range(50))}, {"many": list(range(20))}),
        ({JWT: 1}, {REDACTED: 1}),
    ],
)
def test_arguments_are_short_and_clean_for_the_audit(given: dict[str, Any], kept: dict[str, Any] | None) -> None:
    assert arguments(given) == (given if kept is None else kept)


def test_no_more_than_twenty_arguments_are_kept() -> None:
    assert len(arguments({f"a{number}": 1 for number in range(100)})) <= 21

"""What is masked outside of Secrets, what is not, and that the cheap search misses nothing of it."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.errors import AnswerTooLarge
from mcp_kubernetes.kube.decoding.decode import LAST_APPLIED
from mcp_kubernetes.kube.secrecy.covering import Cover
from mcp_kubernetes.kube.secrecy.hiding import hidden
from mcp_kubernetes.kube.secrecy.marks import MARKER, owned
from mcp_kubernetes.kube.secrecy.masking import masked
from mcp_kubernetes.kube.secrecy.sensitive import is_sensitive
from mcp_kubernetes.kube.secrecy.suspects import any_is_suspect, is_suspect

PLANTED = "planted-value-5b81"
ENCODED = b64encode(PLANTED.encode()).decode()
META = {"name": "o", "uid": "1"}
KEY_OF_MARKS = bytes(32)
SECRET = {"kind": "Secret", "metadata": META, "data": {"x": ENCODED}, "stringData": {"y": PLANTED}}
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0aaaa.{PLANTED}"
KEY = f"-----BEGIN EC PRIVATE KEY-----\n{PLANTED}\n-----END EC PRIVATE KEY-----"
ENV = [{"name": "DB_PASSWORD", "value": PLANTED}]


def body(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def hide(value: Any, *, looks: bool = True) -> Any:
    return json.loads(hidden(body(value), looks=looks, key=KEY_OF_MARKS))


def applied(manifest: Any) -> dict[str, Any]:
    return {"kind": "Any", "metadata": {**META, "annotations": {LAST_APPLIED: json.dumps(manifest) + "\n"}}}


HIDDEN: dict[str, Any] = {
    "env": {"spec": {"containers": [{"name": "c", "env": ENV}]}},
    "env of a template": {"spec": {"template": {"spec": {"initContainers": [{"env": ENV}]}}}},
    "env with a key between": {"env": [{"name": "token", "type": "string", "value": PLANTED}]},
    "env with a map between": {"env": [{"name": "token", "options": {"a": [{"b": {}}]}, "value": PLANTED}]},
    "env with the value first": {"env": [{"value": PLANTED, "name": "token"}]},
    "env with a far value": {"env": [{"name": "token", "note": "n" * 9_000, "value": PLANTED}]},
    "env with a far value first": {"env": [{"value": PLANTED, "note": {"n": "n" * 9_000}, "name": "token"}]},
    "env with a brace between": {"env": [{"name": "token", "note": "x{y", "value": PLANTED}]},
    "env after a brace": {"env": [{"value": PLANTED, "note": "{", "name": "token"}]},
    "env with a name of words": {"env": [{"name": "token (old)", "value": PLANTED}]},
    "env with a long name": {"env": [{"name": "A_" * 400 + "TOKEN", "value": PLANTED}]},
    "key of words": {"spec": {"token of\tthe 'app'": PLANTED}},
    "key after a line break": {"spec": {"the\nauth": PLANTED}},
    "url with a brace": {"spec": {"x": f"amqp://us{{er:a{{b{PLANTED}@mq.example.com/x"}},
    "weak secret": {"spec": {"secret": PLANTED, "tls-secret": PLANTED}},
    "header": {"httpHeaders": [{"name": "Authorization", "value": PLANTED}]},
    "option": {"args": [f"--db-password={PLANTED}"]},
    "option and argument": {"args": ["--token", PLANTED]},
    "script": {"command": ["sh", "-c", f"export A=b; export API_TOKEN='{PLANTED}' && run"]},
    "config map": {"kind": "ConfigMap", "data": {"db.password": PLANTED}},
    "binary data": {"kind": "ConfigMap", "binaryData": {"api-token": ENCODED}},
    "properties": {"data": {"app.properties": f"a=b\nspring.datasource.password={PLANTED}\nc=d"}},
    "spaced properties": {"data": {"app.properties": f"a = b\npassword = {PLANTED}\nc = d"}},
    "yaml": {"data": {"app.yaml": f"db:\n  host: h\n  auth: {PLANTED}\n"}},
    "json": {"data": {"app.json": json.dumps({"db": {"password": PLANTED}})}},
    "json in a text": {"data": {"app.js": "x = " + json.dumps({"clientSecret": PLANTED})}},
    "quoted json in a text": {"data": {"app.js": "x = " + json.dumps(json.dumps({"clientSecret": PLANTED}))}},
    "custom": {"spec": {"clientSecret": PLANTED}},
    "custom list": {"spec": {"tokens": [PLANTED]}},
    "jwt": {"spec": {"x": JWT}},
    "private key": {"data": {"tls": KEY}},
    "bearer": {"spec": {"x": f"Bearer {PLANTED}"}},
    "url": {"spec": {"x": f"postgres://u:{PLANTED}@db.example.com/x"}},
    "url without a user": {"spec": {"x": f"redis://:{PLANTED}@db.example.com/x"}},
    "annotation": {"metadata": {**META, "annotations": {"example.com/api-token": PLANTED}}},
    "applied env": applied({"spec": {"containers": [{"env": ENV}]}}),
    "applied config map": applied({"kind": "ConfigMap", "data": {"password": PLANTED}}),
    "applied secret": applied(SECRET),
    "secret in an object": {"kind": "Any", "spec": {"template": SECRET}},
    "managed set": {"metadata": {"managedFields": [{"fieldsV1": {"f:tokens": {".": {}, f'v:"{PLANTED}"': {}}}}]}},
    "event": {"kind": "Event", "message": f"exec: --password={PLANTED} failed"},
    "escaped name": {"data": {"PASSWORD": PLANTED}},
}
WAYS: dict[str, Any] = {
    "object": lambda one: one,
    "list": lambda one: {"kind": "AnyList", "metadata": {}, "items": [{"metadata": {"name": "p"}}, one]},
    "table": lambda one: {
        "kind": "Table", "columnDefinitions": [{"name": "Name"}], "rows": [{"cells": ["o"], "object": one}],
    },
    "event": lambda one: {"type": "ADDED", "object": one},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", HIDDEN)
def test_what_looks_like_a_credential_is_masked_in_every_form_of_an_answer(what: str, way: str) -> None:
    sent = body(WAYS[way](HIDDEN[what]))
    if what == "escaped name":
        sent = sent.replace(b"PASSWORD", rb"P\u0041SSWORD")
    said = hidden(sent, looks=True, key=KEY_OF_MARKS).decode()
    assert PLANTED not in said
    assert ENCODED not in said
    assert MARKER in said or what == "managed set"


KEPT: dict[str, Any] = {
    "references": {"secretName": "s", "secretKeyRef": {"name": "s", "key": "password"}, "passwordFile": "/a/b"},
    "pods": {"automountServiceAccountToken": True, "imagePullSecrets": [{"name": "s"}], "tokenExpirationSeconds": 3},
    "projection": {"sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]},
    "rules": {"rules": [{"apiGroups": [""], "resources": ["secrets", "serviceaccounts/token"], "verbs": ["get"]}]},
    "review": {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1"},
    "annotation": {"metadata": {**META, "annotations": {"example.com/token-hash": "abc"}}},
    "label": {"metadata": {**META, "labels": {"token": "abc", "app.kubernetes.io/name": "auth"}}},
    "from a secret": {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
    "a variable": {"env": [{"name": "DB_PASSWORD", "value": "$(OTHER)"}]},
    "switches": {"env": [{"name": "ENABLE_AUTH", "value": "true"}, {"name": "TOKEN_TTL", "value": "3h"}]},
    "plain names": {"env": [{"name": name, "value": "x"} for name in ("AUTHOR", "MONKEY", "KEYBOARD", "BYPASS")]},
    "url": {"spec": {"x": "https://example.com:8080/a@b", "image": "registry:5000/a/b@sha256:abc"}},
    "certificate": {"data": {"ca.crt": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"}},
    "message": {"kind": "Event", "message": 'MountVolume.SetUp failed: secret "x" not found', "reason": "Failed"},
    "condition": {"status": {"message": "secret: not found", "reason": "SecretMissing"}},
    "volumes": {"volumes": [{"name": "my-token", "secret": {"secretName": "t", "items": [{"key": "password"}]}}]},
    "kinds": {"involvedObject": {"kind": "Secret", "name": "s"}},
    "numbers": {"spec": {"token": 12345678901234567890, "password": 1.10, "secret": None, "auth": False}},
    "empty": {"spec": {"password": ""}},
    "field": {"spec": {"secret": "web-tls", "tlsSecret": "db-tls-2", "existingSecret": "my-app-credentials"}},
    "annotations": {"metadata": {**META, "annotations": {"x.io/auth-secret": "default/basic-auth"}}},
    "applied field": applied({"spec": {"secret": "oauth2-proxy-secret"}}),
}


@pytest.mark.parametrize("what", KEPT)
@pytest.mark.parametrize("way", WAYS)
def test_what_only_refers_to_a_credential_stays_byte_for_byte(what: str, way: str) -> None:
    sent = body(WAYS[way](KEPT[what]))
    assert json.loads(hidden(sent, looks=True, key=KEY_OF_MARKS)) == json.loads(sent)


def test_a_number_keeps_all_its_digits_beside_a_mask() -> None:
    said = hidden(b'{"password":"x1y2z3","a":1.10,"b":123456789012345678901234567890}', looks=True, key=KEY_OF_MARKS)
    assert b"1.10" in said
    assert b"123456789012345678901234567890" in said


def test_of_a_url_only_the_password_is_masked() -> None:
    said = hide({"spec": {"x": "postgres://app:hunter@db.example.com/x"}})["spec"]["x"]
    assert said.startswith(f"postgres://app:{MARKER}6 bytes, ")
    assert said.endswith(">@db.example.com/x")


def test_cells_under_a_sensitive_column_are_masked() -> None:
    columns = [{"name": "Name"}, {"name": "API Token"}, {"name": "X"}]
    found = hide({"kind": "Table", "columnDefinitions": columns, "rows": [{"cells": ["o", PLANTED, JWT]}]})
    name, *masked = found["rows"][0]["cells"]
    assert name == "o"
    assert all(cell.startswith(MARKER) for cell in masked)


@pytest.mark.parametrize("value", [
    "hunter2", "swordfish", "postgres", "correct-horse-battery-staple", "key-1234567890abcdef", "token-8f7b2c9d",
    "my-secret-7t2gk8f9h2", "key-xkqzjwpfhr", "Web-TLS", "web_tls", "web-tls\n", "a-b-c-d-e-f-key",
    "token-aaaaaaaaaaaaaaa", "tls-" + "a-" * 40,
])  # fmt: skip
def test_what_is_called_secret_and_reads_like_no_name_of_one_is_masked(value: str) -> None:
    assert hide({"metadata": META, "spec": {"secret": value}})["spec"]["secret"].startswith(MARKER)


@pytest.mark.parametrize("sent", [
    {"kind": "ConfigMap", "data": {"secret": "web-tls"}},
    {"env": [{"name": "secret", "value": "web-tls"}]},
    {"env": {"AUTH_SECRET": "web-tls"}},
    {"args": ["--tls-secret", "web-tls"]},
    {"spec": {"clientSecret": "web-tls", "password": "web-tls", "appSecret": "web-tls"}},
    {"data": {"app.json": '{"secret":"web-tls"}'}},
])  # fmt: skip
def test_a_name_is_masked_where_values_are_kept(sent: Any) -> None:
    assert "web-tls" not in json.dumps(hide(sent))


def test_the_names_of_secrets_stay_in_a_column_that_is_called_so() -> None:
    columns = [{"name": "Name"}, {"name": "Secret"}]
    cells = [["web", "web-tls"], ["db", PLANTED]]
    found = hide({"kind": "Table", "columnDefinitions": columns, "rows": [{"cells": row} for row in cells]})
    assert found["rows"][0]["cells"] == cells[0]
    assert found["rows"][1]["cells"][1].startswith(MARKER)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({}, {}, True),
        ({}, {"metadata": {"name": "o", "uid": "2"}}, False),
        ({}, {"metadata": {"name": "p", "uid": "1"}}, False),
        ({}, {"spec": {"password": "another"}}, False),
    ],
)
def test_masks_are_equal_for_one_value_of_one_field(one: Any, other: Any, *, equal: bool) -> None:
    first, second = (hide({"metadata": META, "spec": {"password": "pw-1", "token": "pw-1"}} | x) for x in (one, other))
    assert (first["spec"]["password"] == second["spec"]["password"]) is equal
    assert first["spec"]["password"] != first["spec"]["token"]


@pytest.mark.parametrize("what", ["applied secret", "secret in an object"])
def test_a_secret_is_masked_wherever_it_is_whatever_is_set(what: str) -> None:
    said = hidden(body(HIDDEN[what]), looks=False, key=KEY_OF_MARKS).decode()
    assert PLANTED not in said
    assert ENCODED not in said


def test_nothing_but_secrets_is_masked_where_that_is_set() -> None:
    assert hide(HIDDEN["env"], looks=False) == HIDDEN["env"]


NAMES = st.sampled_from(
    ["password", "DB_PASSWORD", "apiKey", "api_key", "x/token", "authHeader", "dsn", "connStr", "name", "key", "value",
     "token (old)", "my\nauth", "valueFrom", "secretName", "data", "a", "kind", "metadata", "labels", "env", "Secret",
     "clientSecret", "tls-secret", "annotations"]
)  # fmt: skip
TEXTS = NAMES | st.sampled_from(
    ["s3cr3t-v", f"--token={PLANTED}", "--token", "plain text", "a: b\nauth: cde\n", "x\ty=z\nAPI_KEY=abc", JWT, KEY,
     f"https://u:{PLANTED}@h", "ftp://u:a{b@h", "{", "x{y", "n" * 600, 'x "password": "abc"', "web-tls",
     "Basic dXNlcjpwYXNzd29yZA==", "é<&>", ""]
)  # fmt: skip
TREES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=4)
        | st.dictionaries(NAMES, inner, max_size=3).map(json.dumps)
    ),
    max_leaves=12,
)


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.lists(st.dictionaries(NAMES, TREES, max_size=4), min_size=1, max_size=3))
def test_whatever_would_be_masked_is_suspect(trees: list[Any]) -> None:
    items = [body(tree) for tree in trees]
    changed = []
    for raw in items:
        cover = Cover(owned(KEY_OF_MARKS, b""))
        cover.value(msgspec.json.decode(raw))
        changed.append(cover.changed)
        assert is_suspect(raw) or not cover.changed
    assert any_is_suspect(b"[" + b",".join(items) + b"]") or not any(changed)


CELLS = st.lists(TEXTS | st.none() | st.integers(), min_size=1, max_size=4)


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.lists(st.tuples(CELLS, st.none() | st.dictionaries(NAMES, TREES, max_size=3)), min_size=1, max_size=5))
def test_a_row_of_a_table_is_masked_the_same_whatever_stands_around_it(rows: list[tuple[list[Any], Any]]) -> None:
    made = [{"cells": cells, "object": one} for cells, one in rows]
    table = {"kind": "Table", "columnDefinitions": [{"name": "Name"}]}
    alone = [row for each in made for row in hide({**table, "rows": [each]})["rows"]]
    assert hide({**table, "rows": made})["rows"] == alone
    assert (alone != made) == any(map(would_change, made))


def would_change(row: dict[str, Any]) -> bool:
    cover = Cover(owned(KEY_OF_MARKS, b""))
    for cell in row["cells"]:
        cover.field(cell, "")
    cover.value(row["object"])
    return cover.changed


DEEP = '{"a":' * 5_000 + f'{{"password":"{PLANTED}"}}' + "}" * 5_000


@pytest.mark.parametrize("hide_all", [partial(hidden, looks=True), masked], ids=["any object", "secrets"])
@pytest.mark.parametrize("sent", [DEEP, f'{{"kind":"AnyList","metadata":{{}},"items":[{DEEP}]}}'], ids=["one", "list"])
def test_an_object_too_deep_to_be_searched_is_refused_in_a_sentence(hide_all: Any, sent: str) -> None:
    with pytest.raises(AnswerTooLarge, match="nested too deeply") as refused:
        hide_all(sent.encode(), key=KEY_OF_MARKS)
    assert PLANTED not in str(refused.value)


def test_a_document_too_deep_to_be_searched_is_masked_as_a_whole() -> None:
    assert hide({"metadata": META, "data": {"a": DEEP}})["data"]["a"].startswith(f"{MARKER}{len(DEEP)} bytes")


def test_a_value_is_found_although_the_map_between_is_cut_from_it() -> None:
    pair = {"name": "token", "options": {"a": 1}, "type": "s", "value": PLANTED}
    others = [{"m": {"k": str(number)}} for number in range(200)]
    assert any_is_suspect(body([*others, pair]))
    assert not any_is_suspect(body(others))


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "dbPassword", "PGPASSWORD", "api-key", "apiKey", "APIKEY", "AWS_SECRET_ACCESS_KEY",
             "token2", "AWS_ACCESS_KEY_ID", "spring.datasource.password", "connectionString", "passwordHash",
             "SECRET_ID", "MYSQL_PWD", "authorization", "authHeader", "private_key", "credentials", "SENTRY_DSN"]
)  # fmt: skip
def test_a_name_of_a_credential_is_known(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize("text", ["a" * 400_000, "a." * 200_000, "password" * 50_000, '"a' * 200_000, "://" * 100_000,
                                  "://a:" * 80_000, "\n  " * 150_000, "a=" * 200_000, '\\"a' * 100_000])  # fmt: skip
def test_a_long_text_made_to_be_slow_is_not(text: str) -> None:
    cover = Cover(owned(KEY_OF_MARKS, b""))
    assert len(cover.value({"a": "password " + text})["a"]) > 0

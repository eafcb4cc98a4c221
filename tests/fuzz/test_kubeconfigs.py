"""Whatever stands in a kubeconfig, a call is answered: with what it asked for, or with what is wrong."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import mcp_kubernetes_resources
from mcp_kubernetes import App
from mcp_kubernetes_contexts import Contexts
from tests.fuzz.judging import asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NOWHERE = "https://127.0.0.1:1"
MARK = "planted-9f3b2c"
"""Stands where a credential would, and must never be seen again."""

CONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "a",
    "preferences": {},
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "x"}}],
    "clusters": [
        {
            "name": "a",
            "cluster": {
                "server": NOWHERE,
                "certificate-authority-data": "AAAA",
                "tls-server-name": "x",
                "proxy-url": "http://127.0.0.1:1",
                "insecure-skip-tls-verify": False,
                "disable-compression": True,
                "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {}}],
            },
        }
    ],
    "users": [
        {
            "name": "a",
            "user": {
                "token": f"token-{MARK}",
                "tokenFile": "/nowhere",
                "client-certificate-data": "AAAA",
                "client-key-data": "AAAA",
                "username": "x",
                "password": f"password-{MARK}",
                "as": "x",
                "as-groups": ["x"],
                "as-uid": "x",
                "as-user-extra": {"x": ["y"]},
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "/nowhere/program",
                    "args": [f"--secret={MARK}"],
                    "env": [{"name": "X", "value": f"value-{MARK}"}],
                    "interactiveMode": "Never",
                    "installHint": "x",
                    "provideClusterInfo": True,
                },
                "auth-provider": {
                    "name": "oidc",
                    "config": {"idp-issuer-url": NOWHERE, "client-id": "x", "refresh-token": f"refresh-{MARK}"},
                },
            },
        }
    ],
}
"""Every key that means something. Its addresses are closed ports, and its programs do not exist."""

SCALARS: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, "", " ", "a", "x\x00y", "..", NOWHERE, "~", "!!", "2026-01-01", [], {}]
)
CONTAINERS: st.SearchStrategy[Any] = st.sampled_from(
    [[None], [[]], [{}], {"": ""}, {1: 2}, {"name": None}, [{"name": "a"}], ["a", 1]]
)

Place = tuple[str | int, ...]


def _places(value: Any, at: Place = ()) -> Iterator[Place]:
    if at:
        yield at
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in entries:
        yield from _places(inside, (*at, key))


PLACES = list(_places(CONFIG))


def _changed(changes: list[tuple[Place, Any]], dropped: list[Place]) -> str:
    config = copy.deepcopy(CONFIG)
    for place in dropped:
        _at(config, place, lambda parent, key: parent.pop(key))
    for place, value in changes:
        _at(config, place, partial(_put, value=value))
    return yaml.safe_dump(config)


def _put(parent: Any, key: Any, value: Any) -> None:
    parent[key] = value


def _at(config: Any, place: Place, change: Callable[[Any, Any], object]) -> None:
    """Change what stands at a place, where the changes before have left such a place."""
    parent = config
    try:
        for key in place[:-1]:
            parent = parent[key]
        change(parent, place[-1])
    except (KeyError, IndexError, TypeError, AttributeError):
        return


STRUCTURES = st.builds(
    _changed,
    st.lists(st.tuples(st.sampled_from(PLACES), SCALARS | CONTAINERS), max_size=4),
    st.lists(st.sampled_from(PLACES), max_size=12),
)
GARBLED = st.builds(
    lambda text, at, junk, length: text.encode()[:at] + junk + text.encode()[at + length :],
    STRUCTURES,
    st.integers(0, 1_500),
    st.binary(max_size=8)
    | st.sampled_from([b"\t", b"&a *a", b"<<: *x", b"---\n", b"!!python/name:os", b"{", b"\xff\xfe"]),
    st.integers(0, 40),
)
CALLS: Mapping[str, dict[str, Any]] = {
    "k8s_list_contexts": {},
    "k8s_get_current_context": {},
    "k8s_list_resources": {"resourceType": "pods"},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config"


@pytest.mark.parametrize("tool", CALLS)
@pytest.mark.parametrize(("content", "examples"), [(STRUCTURES, 120), (GARBLED, 80)], ids=["structures", "garbled"])
def test_every_call_is_answered_and_no_credential_is_told(
    path: Path, caplog: pytest.LogCaptureFixture, tool: str, content: st.SearchStrategy[str | bytes], examples: int
) -> None:
    @settings(derandomize=True, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @example(written=b"")
    @example(written=b"\x00")
    @example(written=b"[" * 10_000)
    @example(written=b"a: &a [*a]")
    @given(written=content)
    def ask(written: str | bytes) -> None:
        path.write_bytes(written.encode() if isinstance(written, str) else written)
        with asking(_app(path)) as asker:
            outcome = asker.ask(tool, CALLS[tool])
        assert MARK not in "".join(outcome.blocks)
        assert MARK not in caplog.text

    ask()


def _app(path: Path) -> App:
    plugins = {"resources": mcp_kubernetes_resources, "contexts": Contexts()}
    return App.of({"contexts": {"kubeconfig": [str(path)]}}, plugins=plugins)


def test_the_whole_file_as_it_stands_is_refused_for_a_reason_of_its_own(path: Path) -> None:
    """The run begins from a file that says too much at once; parts of it must be able to sign in."""
    path.write_text(_changed([], []), encoding="utf-8")
    with asking(_app(path)) as asker:
        assert asker.ask("k8s_list_contexts", {}).blocks
    only_token: list[Place] = [p for p in PLACES if p[0] == "users" and len(p) == 4 and p[-1] != "token"]
    no_tls: list[Place] = [
        ("clusters", 0, "cluster", "certificate-authority-data"),
        ("clusters", 0, "cluster", "proxy-url"),
    ]
    path.write_text(_changed([], [*only_token, *no_tls]), encoding="utf-8")
    with asking(_app(path)) as asker:
        assert "connection refused" in asker.ask("k8s_list_resources", {"resourceType": "pods"}).blocks[0]

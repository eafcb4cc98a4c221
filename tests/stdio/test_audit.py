"""The audit trail: one JSON line on standard error for every call, whatever becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.stdio.kubeconfigs import ODD, ODD_PATH
from tests.stdio.wire import ERAS, Era, Wire, serving, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

FIELDS = {
    "audit", "id", "time", "tool", "effect", "identity", "session", "cluster", "namespace", "arguments",
    "decision", "reason", "outcome", "bytes", "ms",
}  # fmt: skip


@pytest.fixture(scope="module", params=ERAS)
def server(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Wire]:
    """A server with the odd plugin."""
    era: Era = request.param
    with serving(*ODD, kubeconfig=cluster.kubeconfig, variables=ODD_PATH, era=era) as wire:
        wire.open()
        yield wire


def audited(server: Wire, tool: str, **arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A call's answer and its audit line, of which there is exactly one."""
    before = len(server.audit())
    answer = server.call(tool, **arguments)
    (line,) = server.audit(before + 1)[before:]
    return answer, line


def test_a_call_leaves_one_line_with_all_that_is_known(server: Wire, namespace: str) -> None:
    answer, line = audited(server, "k8s_list_resources", resourceType="configmaps", namespace=namespace)
    assert set(line) == FIELDS
    assert (line["audit"], line["tool"], line["effect"]) == ("call", "k8s_list_resources", "read")
    assert line["arguments"] == {"resourceType": "configmaps", "namespace": namespace}
    assert line["namespace"] == namespace
    assert line["cluster"] == text(server.call("k8s_get_current_context")).splitlines()[1].split("\t")[0]
    assert line["identity"]
    assert line["session"] == "stdio"
    assert (line["decision"], line["outcome"], line["reason"]) == ("allowed", "ok", "")
    assert line["bytes"] == sum(len(block["text"].encode()) for block in answer["content"])
    assert line["ms"] > 0
    assert abs(datetime.now(UTC) - datetime.fromisoformat(line["time"])) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("tool", "arguments", "decision", "outcome", "reason"),
    [
        ("odd_refuse", {}, "denied", "denied", "Not today."),
        ("odd_refuse", {"colour": "red"}, "denied", "invalid", "'colour' is not a parameter"),
        ("odd_write", {}, "denied", "unknown", "no such tool"),
        ("odd_nothing", {}, "denied", "unknown", "no such tool"),
        ("odd_fail", {}, "allowed", "error", "ZeroDivisionError"),
        ("k8s_get_resource", {"resourceType": "pod", "name": "none"}, "allowed", "error", "404"),
    ],
)
def test_a_call_without_success_leaves_a_line_too(
    server: Wire, tool: str, arguments: dict[str, str], decision: str, outcome: str, reason: str
) -> None:
    _, line = audited(server, tool, **arguments)
    assert set(line) == FIELDS
    assert (line["tool"], line["decision"], line["outcome"]) == (tool, decision, outcome)
    assert reason in line["reason"]


def test_a_cancelled_call_leaves_a_line_and_no_answer(server: Wire) -> None:
    before = len(server.audit())
    request = server.request("tools/call", name="odd_wait", arguments={})
    server.send(request)
    server.until(lambda: b"waiting: " in server.stderr, "the call's beginning")
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request["id"]}})
    (line,) = server.audit(before + 1)[before:]
    assert (line["tool"], line["outcome"]) == ("odd_wait", "cancelled")
    later = server.request("tools/call", name="k8s_get_current_context", arguments={})
    server.send(later)
    server.until(lambda: b'"id":%d,' % later["id"] in server.stdout, "the later answer")
    assert not [message for message in server.rest() if message["id"] == request["id"] and "result" in message]


def test_credentials_among_the_arguments_stay_out_of_the_audit_trail(server: Wire) -> None:
    jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJl"
    _, line = audited(server, "odd_refuse", password="hunter2", note=f"Bearer {jwt}")  # noqa: S106 - a made-up one
    assert set(line["arguments"]) == {"password", "note"}
    assert b"hunter2" not in server.stderr
    assert jwt.encode() not in server.stderr


def test_every_call_has_an_id_of_its_own(server: Wire) -> None:
    ids = [audited(server, "k8s_get_current_context")[1]["id"] for _ in range(5)]
    assert len(set(ids)) == 5


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_form_of_the_log_changes_nothing_about_audit_lines(cluster: Cluster, form: str) -> None:
    with serving("--log-format", form, kubeconfig=cluster.kubeconfig) as server:
        server.open()
        server.call("k8s_get_current_context")
        assert set(server.audit(1)[0]) == FIELDS

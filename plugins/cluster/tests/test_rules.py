"""What each rule says of one object, where no cluster can be brought to it quickly; never that nothing is wrong."""

from __future__ import annotations

import base64
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes import Finding, FindingRule, Found, Severity, Surroundings, Unread
from mcp_kubernetes_cluster.health import _rows, verdict
from mcp_kubernetes_cluster.rules import RULES

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BY_NAME = {rule.name: rule for rule in RULES}


def judged(name: str, beside: dict[str, list[Any]] | None = None, /, **values: Any) -> list[Finding]:
    """What the rule of that name finds of an object with these values."""
    rule = BY_NAME[name]
    return looked_at(rule, values, dict.fromkeys(rule.beside) | (beside or {}))


def looked_at(rule: FindingRule, values: dict[str, Any], beside: dict[str, Any]) -> list[Finding]:
    row = namedtuple("row", rule.paths)(**(dict.fromkeys(rule.paths) | values))  # type: ignore[misc]  # noqa: PYI024
    return list(rule.judge(row, Surroundings(now=NOW, version="v1.37.2", beside=beside)))


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat()


def condition(kind: str, status: str, **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, "lastTransitionTime": ago(minutes=5), **more}


def bundle(*ends: datetime) -> str:
    """Certificates that end then, as a caBundle holds them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    made = b""
    for end in ends:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        dated = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(end).serial_number(1)
        made += dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return base64.b64encode(made).decode()


@pytest.mark.parametrize(
    ("bundles", "cause"),
    [
        ([bundle(NOW - timedelta(days=1))], "CertificateExpired"),
        ([bundle(NOW + timedelta(days=3))], "CertificateEnding"),
        ([bundle(NOW - timedelta(days=1), NOW + timedelta(days=300))], None),
        ([bundle(NOW + timedelta(days=300)), None], None),
        (["bm8gY2VydGlmaWNhdGU="], None),
        (["!"], None),
        ([], None),
        (None, None),
    ],
)
def test_a_bundle_is_as_good_as_the_last_of_its_certificates(bundles: Any, cause: str | None) -> None:
    found = judged("WebhookAuthority", bundles=bundles)
    assert [each.cause for each in found] == [cause] * bool(cause)


def test_a_certificate_of_cert_manager_is_judged_by_its_end() -> None:
    assert judged("Certificate", ends=ago(hours=2))[0].evidence == "it ran out 2h ago"
    assert judged("Certificate", ends=ago(days=-2))[0].evidence == "it runs out in 2d"
    assert not judged("Certificate", ends=ago(days=-60))
    assert not judged("Certificate")


@pytest.mark.parametrize(
    ("kubelet", "is_skewed"),
    [("v1.37.0", False), ("v1.34.9", False), ("v1.33.0", True), ("v1.38.0", True), ("fake", False), (None, False)],
)
def test_a_kubelet_may_be_three_minor_versions_behind_and_none_ahead(kubelet: str | None, is_skewed: bool) -> None:
    assert bool(judged("VersionSkew", kubelet=kubelet)) is is_skewed


def test_a_node_without_a_word_about_itself_is_not_ready() -> None:
    assert judged("NodeNotReady")[0].evidence == "it has no condition Ready: no kubelet has joined as it"
    assert judged("NodeNotReady", conditions=[condition("Ready", "Unknown", reason="Gone")])
    assert not judged("NodeNotReady", conditions=[condition("Ready", "True")])


STARTING = [{"name": "main", "state": {"waiting": {"reason": "ContainerCreating"}}}]
CRASHED = {"lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}, "restartCount": 4}


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"phase": "Pending", "containers": STARTING, "created": ago(seconds=20)}, None),
        ({"phase": "Pending", "containers": STARTING, "created": ago(minutes=20)}, "ContainerCreating"),
        ({"phase": "Running", "containers": [{"name": "main", "state": {"running": {}}}]}, None),
        ({"phase": "Running", "inits": [{"name": "i", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]},
         "CrashLoopBackOff"),
        ({"phase": "Succeeded", "containers": [{"name": "m", "state": {"waiting": {"reason": "Odd"}}}]}, None),
    ],
)  # fmt: skip
def test_a_container_that_waits_is_told_with_its_reason_once_it_should_not_wait(
    values: dict[str, Any], cause: str | None
) -> None:
    assert [each.cause for each in judged("PodWaiting", **values)] == [cause] * bool(cause)


def test_why_a_container_ended_last_is_told() -> None:
    container = {"name": "main", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, **CRASHED}
    [found] = judged("PodWaiting", phase="Running", containers=[container], namespace="a", owner="web-1")
    assert found.evidence == "container main is waiting, 4 restarts, last ended with OOMKilled, exit code 137"
    assert found.group == "a/web-1"


def test_a_pod_that_nobody_schedules_or_starts_is_told_after_a_while() -> None:
    assert not judged("PodPending", phase="Pending", created=ago(minutes=1))
    assert "no scheduler has looked" in judged("PodPending", phase="Pending", created=ago(minutes=9))[0].evidence
    placed = judged("PodPending", phase="Pending", created=ago(minutes=9), node="n-1")
    assert "the kubelet of n-1 has not begun" in placed[0].evidence


def test_a_pod_that_does_not_end_is_told() -> None:
    assert judged("PodNotEnding", deleted=ago(minutes=20))[0].evidence == "it was to be gone 20m ago"
    assert not judged("PodNotEnding", deleted=ago(minutes=1))


def test_a_job_that_failed_long_ago_is_history() -> None:
    fresh = judged("JobFailed", conditions=[condition("Failed", "True")])
    old = judged("JobFailed", conditions=[condition("Failed", "True") | {"lastTransitionTime": ago(days=3)}])
    assert [fresh[0].severity, old[0].severity] == [Severity.WARNING, Severity.INFO]


def test_a_webhook_with_a_ready_endpoint_or_a_url_of_its_own_is_fine() -> None:
    slices = namedtuple("slices", "namespace service endpoints")("a", "gate", [{"ready": True}])  # noqa: PYI024
    service = {"name": "x", "clientConfig": {"service": {"namespace": "a", "name": "gate"}}}
    other = {"name": "y", "clientConfig": {"url": "https://gate.example"}}
    kind = "discovery.k8s.io/v1/EndpointSlice"
    assert not judged("WebhookUnanswered", {kind: [slices]}, name="w", webhooks=[service, other])
    elsewhere = slices._replace(namespace="b")
    unready = slices._replace(endpoints=[{"ready": False}])
    assert judged("WebhookUnanswered", {kind: [elsewhere, unready]}, name="w", webhooks=[service, other])


@pytest.mark.parametrize("name", BY_NAME)
def test_an_object_with_no_values_at_all_breaks_no_rule(name: str) -> None:
    judged(name)


def test_of_many_alike_ten_are_shown_and_all_are_counted() -> None:
    """Those that the host only counted are among the others, too."""
    many = [
        Found(
            severity=Severity.WARNING, cause="c", object=f"pod/{n}" if n < 100 else "others", count=n + 1, evidence="e"
        )
        for n in range(101)
    ]
    shown = _rows(many)
    assert len(shown) == 11
    assert sum(row[3] for row in shown) == sum(range(1, 102))
    assert shown[-1][2] == "others"
    assert "others" not in shown[-1][4]


FOUND = st.builds(
    Found, severity=st.sampled_from(Severity), cause=st.just("c"), object=st.just("o"), count=st.just(1),
    evidence=st.just("e"),
)  # fmt: skip
UNREAD = st.builds(Unread, what=st.just("w"), why=st.just("y"), essential=st.booleans())


@settings(derandomize=True)
@given(found=st.lists(FOUND, max_size=4), unread=st.lists(UNREAD, max_size=4))
def test_healthy_means_that_nothing_is_wrong_and_nothing_essential_unknown(
    found: list[Found], unread: list[Unread]
) -> None:
    said = verdict(found, unread).split()[0].strip(",:")
    severities = {each.severity for each in found}
    gaps = any(each.essential for each in unread)
    assert (said == "Healthy") == (not gaps and severities <= {Severity.INFO})
    assert (said == "Unhealthy") == (Severity.CRITICAL in severities)
    assert said != "Unknown" or (gaps and severities <= {Severity.INFO})

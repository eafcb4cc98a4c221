"""What rules found is kept in bounded memory, and none of it is lost from the count."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.findings import Finding, FindingRule, Severity, ranked
from mcp_kubernetes.kube.reads.ledger import Ledger

RULE = FindingRule(name="Sick", kind="v1/Pod", paths={}, judge=lambda _, __: ())
HALF = FindingRule(name="Dead", kind="v1/Node", paths={}, judge=lambda _, __: (), critical_share=0.5)
FINDINGS = st.builds(
    Finding,
    evidence=st.just("e"),
    severity=st.sampled_from(Severity),
    cause=st.sampled_from(["", "a", "b"]),
    group=st.sampled_from(["", "x", "y"]),
)


def test_ten_thousand_sick_objects_are_a_hundred_rows_and_their_number() -> None:
    ledger = Ledger(RULE)
    for number in range(10_000):
        ledger.take(f"pod/p{number}", [Finding(evidence=f"{number}")])
    found = list(ledger.found(10_000))
    assert len(found) == 101
    assert sum(each.count for each in found) == 10_000
    assert found[-1].object == "others"


def test_those_of_one_owner_are_one_row() -> None:
    ledger = Ledger(RULE)
    for number in range(50):
        ledger.take(f"pod/web-{number}", [Finding(evidence=f"{number}", group="shop/web")])
    [found] = ledger.found(50)
    assert (found.object, found.count, found.evidence) == ("pod/web-0", 50, "0")


@settings(derandomize=True)
@given(taken=st.lists(st.lists(FINDINGS, max_size=3), max_size=200))
def test_every_finding_is_counted_under_its_cause_and_severity(taken: list[list[Finding]]) -> None:
    ledger = Ledger(RULE)
    for number, findings in enumerate(taken):
        ledger.take(f"pod/p{number}", findings)
    wanted: dict[tuple[str, str], int] = {}
    for finding in (each for findings in taken for each in findings):
        key = (finding.cause or "Sick", finding.severity)
        wanted[key] = wanted.get(key, 0) + 1
    counted: dict[tuple[str, str], int] = {}
    for found in ledger.found(len(taken)):
        counted[found.cause, found.severity] = counted.get((found.cause, found.severity), 0) + found.count
    assert counted == wanted


@settings(derandomize=True)
@given(dead=st.integers(1, 20), alive=st.integers(0, 20))
def test_from_the_critical_share_on_the_findings_are_critical(dead: int, alive: int) -> None:
    ledger = Ledger(HALF)
    for number in range(dead):
        ledger.take(f"node/n{number}", [Finding(evidence="dead")])
    for _ in range(alive):
        ledger.take("node/alive", [])
    assert {each.severity is Severity.CRITICAL for each in ledger.found(dead + alive)} == {dead >= alive}


def test_the_worst_comes_first_and_then_what_there_is_most_of() -> None:
    ledger = Ledger(RULE)
    ledger.take("pod/a", [Finding(evidence="1", severity=Severity.INFO, cause="i")])
    ledger.take("pod/b", [Finding(evidence="2", cause="few")])
    for _ in range(3):
        ledger.take("pod/c", [Finding(evidence="3", cause="many", group="g")])
    ledger.take("pod/d", [Finding(evidence="4", severity=Severity.CRITICAL, cause="bad")])
    assert [each.cause for each in ranked(ledger.found(6))] == ["bad", "many", "few", "i"]

"""What rules found, in memory that does not grow with the cluster: so many groups of a cause, the rest as a count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mcp_kubernetes.findings import OTHERS, Finding, FindingRule, Found, Severity

_MOST_GROUPS = 100
"""Of one rule. An answer shows fewer of them."""


@dataclass
class Ledger:
    """The findings of one rule. `objects` counts those that something was found of."""

    rule: FindingRule
    objects: int = 0
    _groups: dict[tuple[str, str, str], Found] = field(default_factory=dict)
    _others: dict[tuple[str, str], Found] = field(default_factory=dict)

    def take(self, called: str, findings: list[Finding]) -> None:
        """Take in what was found of one object."""
        self.objects += bool(findings)
        for finding in findings:
            cause = finding.cause or self.rule.name
            self._add((cause, finding.severity, finding.group or called), called, finding)

    def found(self, total: int) -> Iterator[Found]:
        """All of it; `total` is how many objects were looked at."""
        share = self.rule.critical_share
        is_critical = share is not None and self.objects >= share * total
        for each in (*self._groups.values(), *self._others.values()):
            yield replace(each, severity=Severity.CRITICAL) if is_critical else each

    def _add(self, key: tuple[str, str, str], called: str, finding: Finding) -> None:
        cause, severity, _ = key
        if known := self._groups.get(key):
            self._groups[key] = replace(known, count=known.count + 1)
        elif len(self._groups) < _MOST_GROUPS:
            self._groups[key] = Found(
                severity=finding.severity, cause=cause, object=called, count=1, evidence=finding.evidence
            )
        elif other := self._others.get((cause, severity)):
            self._others[cause, severity] = replace(other, count=other.count + 1)
        else:
            self._others[cause, severity] = Found(
                severity=finding.severity, cause=cause, object=OTHERS, count=1, evidence=finding.evidence
            )

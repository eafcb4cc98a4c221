"""What is wrong with what extends the API server: aggregated APIs that are down, webhooks that nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mcp_kubernetes import Finding, FindingRule, Severity, Surroundings
from mcp_kubernetes_cluster.rules.nodes import of_type, told

SLICE = "discovery.k8s.io/v1/EndpointSlice"

_ENDPOINTS = {
    "namespace": ".metadata.namespace",
    "service": ".metadata.labels['kubernetes.io/service-name']",
    "endpoints": ".endpoints[*].conditions",
}


def unavailable(service: Any, seen: Surroundings) -> Iterator[Finding]:
    """An API whose server does not answer: whatever lists all kinds, such as the deletion of a namespace, hangs."""
    available = of_type(service.conditions, "Available")
    if available and available.get("status") != "True":
        yield Finding(evidence=told(available, seen))


def unanswered(configuration: Any, seen: Surroundings) -> Iterator[Finding]:
    """A webhook whose Service has no endpoint that is ready: with the policy Fail, it refuses by that."""
    for webhook in configuration.webhooks or () if seen.beside[SLICE] is not None else ():
        service = (webhook.get("clientConfig") or {}).get("service")
        if service and not _answers(seen, service):
            fails = webhook.get("failurePolicy", "Fail") == "Fail"
            does = "what it is asked about is refused" if fails else "it is passed over"
            yield Finding(
                severity=Severity.WARNING if fails else Severity.INFO,
                group=f"{configuration.name}/{service.get('namespace')}/{service.get('name')}",
                evidence=f"{webhook.get('name')}: the Service {service.get('namespace')}/{service.get('name')} has no "
                f"endpoint that is ready; {does} ({_asked(webhook)})",
            )


def _answers(seen: Surroundings, service: Any) -> bool:
    slices = seen.by(SLICE, "service").get(service.get("name"), ())
    return any(each.namespace == service.get("namespace") and _is_ready(each.endpoints) for each in slices)


def _is_ready(conditions: Any) -> bool:
    """Whether any endpoint is ready; one that does not say counts as ready (discovery.k8s.io/v1)."""
    return any((condition or {}).get("ready") is not False for condition in conditions or ())


def _asked(webhook: Any) -> str:
    rules = [rule for rule in webhook.get("rules") or () if isinstance(rule, dict)]
    told = [f"{'/'.join(rule.get('operations') or ())} {','.join(rule.get('resources') or ())}" for rule in rules]
    return "; ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")


def _webhooks(name: str, kind: str) -> FindingRule:
    return FindingRule(
        name=name,
        kind=f"admissionregistration.k8s.io/v1/{kind}",
        paths={"name": ".metadata.name", "webhooks": ".webhooks"},
        judge=unanswered,
        beside={SLICE: _ENDPOINTS},
        essential=True,
    )


RULES = (
    FindingRule(
        name="APIServiceUnavailable",
        kind="apiregistration.k8s.io/v1/APIService",
        paths={"conditions": ".status.conditions"},
        judge=unavailable,
        essential=True,
    ),
    _webhooks("WebhookUnanswered", "ValidatingWebhookConfiguration"),
    _webhooks("MutatingWebhookUnanswered", "MutatingWebhookConfiguration"),
)

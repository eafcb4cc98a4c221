"""Certificates near their end, as far as anybody may read them: those that webhooks and APIs trust, cert-manager's."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from mcp_kubernetes import Finding, FindingRule, Severity, Surroundings, age, instant

_SOON = timedelta(days=14)


def issued(certificate: Any, seen: Surroundings) -> Iterator[Finding]:
    """A certificate of cert-manager that has run out, or is to run out although it should have been renewed."""
    yield from _judged("it", instant(certificate.ends), seen)


def trusted(configuration: Any, seen: Surroundings) -> Iterator[Finding]:
    """An authority that the API server trusts a webhook or an API by."""
    for bundle in dict.fromkeys(filter(None, _listed(configuration.bundles))):
        yield from _judged("its caBundle", _end(bundle), seen)


def _listed(bundles: Any) -> list[Any]:
    return bundles if isinstance(bundles, list) else [bundles]


def _judged(what: str, ends: datetime | None, seen: Surroundings) -> Iterator[Finding]:
    if ends is None or ends - seen.now > _SOON:
        return
    if ends <= seen.now:
        yield Finding(cause="CertificateExpired", evidence=f"{what} ran out {age(ends, seen.now)} ago")
    else:
        left = age(seen.now, ends)
        yield Finding(severity=Severity.INFO, cause="CertificateEnding", evidence=f"{what} runs out in {left}")


def _end(bundle: Any) -> datetime | None:
    """When the last of the bundle's certificates ends: as long as one is good, so is the bundle. None if unreadable."""
    from cryptography import x509  # only where there is a bundle: it takes 30 ms to load

    try:
        found = x509.load_pem_x509_certificates(base64.b64decode(bundle, validate=True))
    except ValueError:
        return None
    return max(each.not_valid_after_utc for each in found)


def _bundles(name: str, kind: str, path: str) -> FindingRule:
    return FindingRule(name=name, kind=kind, paths={"bundles": path}, judge=trusted)


_WEBHOOKS = ".webhooks[*].clientConfig.caBundle"

RULES = (
    FindingRule(
        name="Certificate", kind="cert-manager.io/v1/Certificate", paths={"ends": ".status.notAfter"}, judge=issued
    ),
    _bundles("WebhookAuthority", "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration", _WEBHOOKS),
    _bundles("MutatingWebhookAuthority", "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration", _WEBHOOKS),
    _bundles("APIServiceAuthority", "apiregistration.k8s.io/v1/APIService", ".spec.caBundle"),
    _bundles(
        "ConversionAuthority",
        "apiextensions.k8s.io/v1/CustomResourceDefinition",
        ".spec.conversion.webhook.clientConfig.caBundle",
    ),
)

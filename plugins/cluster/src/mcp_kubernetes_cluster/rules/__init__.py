"""The rules for kinds that every cluster has, and for cert-manager's: one small function for each cause."""

from __future__ import annotations

from mcp_kubernetes import FindingRule
from mcp_kubernetes_cluster.rules import certificates, extensions, nodes, pods, storage, workloads

RULES: tuple[FindingRule, ...] = (
    *nodes.RULES,
    *pods.RULES,
    *workloads.RULES,
    *storage.RULES,
    *extensions.RULES,
    *certificates.RULES,
)

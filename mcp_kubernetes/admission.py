"""The host's own ADMIT steps: arguments, the operator's policy, then the cluster. A plugin's policies come after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from mcp_kubernetes.results import Answer, answer
from mcp_kubernetes.tools import Parameter, page_of

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.clusters import ClusterRegistry
    from mcp_kubernetes.kube.cluster import ClusterEntry
    from mcp_kubernetes.pipeline import Proceed
    from mcp_kubernetes.safety import SafetyPolicy
    from mcp_kubernetes.seal import Seal, Sealer

MAX_BYTES = "maxBytes"
"""Wire name of the parameter with which a caller sets the answer's budget."""

_LEAST, _MOST = 1_024, 4_194_304

SIZE = Parameter(
    MAX_BYTES,
    "max_bytes",
    Annotated[int | None, Field(ge=_LEAST, le=_MOST, description="Most bytes of the answer.")],
    for_host=True,
)

_PAGING = frozenset({"limit", "continue", MAX_BYTES})


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Validates a call, holds it against the policy and gives it its cluster."""

    policy: SafetyPolicy
    clusters: ClusterRegistry
    seal: Seal

    async def __call__(self, call: ToolCall, proceed: Proceed) -> Answer:
        """Let a valid and allowed call proceed. Raises InvalidArguments, Denied, UnknownCluster."""
        arguments = call.tool.validate(call.arguments)
        self.policy.admit(call.tool)
        if (size := arguments.host.get(MAX_BYTES)) is not None:
            call.budget.limit(size)
        call.record.namespace = str(arguments.handler.get("namespace") or "")
        raw, call = (
            call.arguments,
            replace(call, arguments=arguments.handler, page=page_of(arguments.handler)),
        )
        if call.tool.clustered:
            call = await self._with_cluster(call, arguments.host, raw)
        return await proceed(call)

    async def _with_cluster(self, call: ToolCall, host: Mapping[str, Any], raw: Mapping[str, Any]) -> ToolCall:
        entry = await self.clusters.entry(call, host)
        call.record.cluster = entry.name
        call = replace(call, now=entry.as_of or call.now)
        sealer = self._sealer(call, entry, raw)
        return replace(call, client=await self.clusters.client(entry, sealer))

    def _sealer(self, call: ToolCall, entry: ClusterEntry, raw: Mapping[str, Any]) -> Sealer:
        """A cursor belongs to who asked, which cluster, which tool, and all arguments but those of paging."""
        question = {name: value for name, value in raw.items() if name not in _PAGING}
        asked = json.dumps(question, sort_keys=True)
        return self.seal.bound(call.identity.key, entry.source, entry.name, entry.server, call.tool.name, asked)


async def run_handler(call: ToolCall) -> Answer:
    """The innermost step: the plugin's own function."""
    return replace(answer(await call.tool.handler(call, **call.arguments)), page=call.page)

"""What a plugin may offer, and what each thing must look like before the host relies on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.arguments import all_options, names
from mcp_kubernetes.candidates import Broken
from mcp_kubernetes.findings import FindingRule
from mcp_kubernetes.kinds import KindProfile
from mcp_kubernetes.pipeline import Stage
from mcp_kubernetes.prompts import Prompt
from mcp_kubernetes.templates import ResourceTemplate
from mcp_kubernetes.tools import Tool

if TYPE_CHECKING:
    from mcp_kubernetes.auth import AuthProvider
    from mcp_kubernetes.commands import Command
    from mcp_kubernetes.kube.cluster import ClusterSource, CredentialProvider
    from mcp_kubernetes.pipeline import Middleware
    from mcp_kubernetes.settings import KubernetesSettings, Settings
    from mcp_kubernetes.store import Store
    from mcp_kubernetes.transports import Transport

Ask = Callable[[str], list[Any]]
"""Asks one plugin's hook of that name; a list of what its implementations returned."""


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """Everything that one plugin brings, beside its lifespan; `settings` is its validated section, if any."""

    plugin: str
    settings: Settings | None
    sources: Sequence[ClusterSource]
    providers: Sequence[CredentialProvider]
    auth_providers: Sequence[AuthProvider]
    transports: Sequence[Transport]
    stores: Sequence[Store]
    tools: Sequence[Tool]
    templates: Sequence[ResourceTemplate]
    prompts: Sequence[Prompt]
    middleware: Sequence[Middleware]
    kinds: Sequence[KindProfile]
    findings: Sequence[FindingRule]

    @property
    def hidden_tools(self) -> Iterator[Tool]:
        """What reads, writes and completes resources and prompts."""
        yield from (tool for template in self.templates for tool in template.tools)
        yield from (tool for prompt in self.prompts for tool in prompt.tools)

    def names(self) -> Iterator[tuple[str, str]]:
        """Kind and name of everything that must have one owner."""
        yield from (("cluster source", source.name) for source in self.sources)
        yield from (("credential provider", provider.name) for provider in self.providers)
        yield from (("authentication provider", provider.name) for provider in self.auth_providers)
        yield from (("transport", transport.name) for transport in self.transports)
        yield from (("store", store.name) for store in self.stores)
        yield from (("tool", tool.name) for tool in self.tools)
        yield from (("resource template", template.uri) for template in self.templates)
        yield from (("prompt", prompt.name) for prompt in self.prompts)
        yield from (("tool", tool.name) for tool in self.hidden_tools)
        yield from (("kind profile", profile.name) for profile in self.kinds)
        yield from (("finding rule", rule.name) for rule in self.findings)


def contribution(plugin: str, settings: Settings | None, ask: Ask) -> Contribution:
    """Ask a plugin for all that it offers. Raises Broken for what does not look as it must."""
    return Contribution(
        plugin=plugin,
        settings=settings,
        sources=_SOURCES.gather(ask),
        providers=_PROVIDERS.gather(ask),
        auth_providers=_AUTH_PROVIDERS.gather(ask),
        transports=_TRANSPORTS.gather(ask),
        stores=_STORES.gather(ask),
        tools=_TOOLS.gather(ask),
        templates=_TEMPLATES.gather(ask),
        prompts=_PROMPTS.gather(ask),
        middleware=_MIDDLEWARE.gather(ask),
        kinds=_KINDS.gather(ask),
        findings=_FINDINGS.gather(ask),
    )


def commands(ask: Ask) -> tuple[Command, ...]:
    """Ask a plugin for its commands. Raises Broken for what does not look as it must."""
    return _COMMANDS.gather(ask)


def names_of(offered: Sequence[Command]) -> Iterator[tuple[str, str]]:
    """Kind and name of everything about commands that must have one owner. Commands of one plugin may share options."""
    given = {name for each in offered for name in names(all_options({"": each.options}).values())}
    yield from (("command", each.name) for each in offered)
    yield from sorted(name for name in given if name[0] == "option")


def unserved(contributions: Sequence[Contribution], settings: KubernetesSettings) -> Iterator[tuple[str, str]]:
    """Plugins with a cluster source that nobody can sign in for, and the reason.

    Where configuration chooses sources or providers, it is configuration that cannot be honoured, and not a plugin.
    """
    providers = {provider.name for c in contributions for provider in c.providers}
    chosen = settings.credentials
    for c in () if settings.sources else contributions:
        for source in c.sources:
            if source.credentials and source.name not in chosen and source.credentials not in providers:
                missing = f"the credential provider {source.credentials}, which no plugin offers"
                yield c.plugin, f"its cluster source {source.name} needs {missing}"


class Owners:
    """Who owns which name: the first that claims it."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, str], str] = {}

    def claim(self, owner: str, names: Iterable[tuple[str, str]]) -> None:
        """Claim pairs of kind and name: all of them, or none and Broken with the other owner's name."""
        claimed: dict[tuple[str, str], str] = {}
        for kind, name in names:
            if holder := self._owners.get((kind, name)) or claimed.get((kind, name)):
                also = "twice" if holder == owner else f"as {holder} does"
                raise Broken(f"it offers the {kind} {name} {also}")
            claimed[kind, name] = owner
        self._owners |= claimed


@dataclass(frozen=True, kw_only=True)
class _Offer:
    """One hook, and the shape of what it returns: class, attributes with text or of a type, async methods."""

    hook: str
    noun: str
    kind: type = object
    texts: tuple[str, ...] = ()
    attributes: Mapping[str, type] = field(default_factory=dict)
    methods: tuple[str, ...] = ()

    def gather(self, ask: Ask) -> tuple[Any, ...]:
        """All that the hook returned, looked at one by one."""
        found = tuple(item for returned in ask(self.hook) for item in self._items(returned))
        for item in found:
            if lacks := next(self._lacks(item), None):
                raise Broken(f"its hook {self.hook} returned {_kind(item)} {lacks}; it is no {self.noun}")
        return found

    def _items(self, returned: Any) -> Iterable[Any]:
        if not isinstance(returned, Iterable) or isinstance(returned, str):
            raise Broken(f"its hook {self.hook} returned {_kind(returned)} where a list is due")
        return returned

    def _lacks(self, item: Any) -> Iterator[str]:
        if not isinstance(item, self.kind):
            yield f"where {self.kind.__name__} is due"
        for name in self.texts:
            if not isinstance(value := getattr(item, name, None), str) or not value:
                yield f"without the text {name}"
        for name, kind in self.attributes.items():
            if not isinstance(getattr(item, name, None), kind):
                yield f"without the {kind.__name__} {name}"
        for name in self.methods:
            if not iscoroutinefunction(getattr(item, name, None)):
                yield f"without the async method {name}"


def _kind(value: object) -> str:
    return type(value).__name__


_SOURCES = _Offer(
    hook="register_cluster_sources",
    noun="cluster source",
    texts=("name", "parameter", "description"),
    attributes={"selectable": bool, "credentials": str},
    methods=("list", "get"),
)
_PROVIDERS = _Offer(
    hook="register_credential_providers",
    noun="credential provider",
    texts=("name",),
    methods=("credentials",),
)
_AUTH_PROVIDERS = _Offer(
    hook="register_auth_providers",
    noun="authentication provider",
    texts=("name",),
    attributes={"issuer": str},
    methods=("verify",),
)
_TRANSPORTS = _Offer(hook="register_transports", noun="transport", texts=("name",), methods=("serve",))
_STORES = _Offer(
    hook="register_stores",
    noun="store",
    texts=("name",),
    methods=("get", "put", "delete", "take", "trim", "check", "aclose"),
)
_TOOLS = _Offer(hook="register_tools", noun="tool made with @tool", kind=Tool)
_TEMPLATES = _Offer(
    hook="register_resources",
    noun="resource template",
    kind=ResourceTemplate,
    texts=("uri", "name", "description", "cluster", "mime_type"),
    attributes={"read": Tool, "complete": Mapping},
)
_PROMPTS = _Offer(
    hook="register_prompts",
    noun="prompt",
    kind=Prompt,
    texts=("name", "description"),
    attributes={"write": Tool, "complete": Mapping},
)
_MIDDLEWARE = _Offer(hook="register_middleware", noun="middleware", attributes={"stage": Stage}, methods=("__call__",))
_KINDS = _Offer(hook="register_kinds", noun="kind profile", kind=KindProfile, texts=("resource",))
_FINDINGS = _Offer(hook="register_findings", noun="finding rule", kind=FindingRule, texts=("name", "kind"))
_COMMANDS = _Offer(
    hook="register_commands",
    noun="command",
    texts=("name", "description"),
    attributes={"options": type},
    methods=("run",),
)

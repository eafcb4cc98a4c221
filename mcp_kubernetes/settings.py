"""One declaration per option: flag, environment variable, file key, reference page and chart follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticUndefined

from mcp_kubernetes.effects import READING, Operation


class Settings(BaseModel):
    """A section of the configuration: frozen, and strict about keys. Fields are made with `setting()`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    only_over: ClassVar[str] = ""
    """The one transport over which the section has an effect; empty: over all."""

    def idle(self) -> dict[str, str]:
        """Settings, by key, that have no effect beside the others, and why.

        One that is given all the same is an error: a silence would be taken for a yes.
        """
        return {}


def setting(
    default: Any = PydanticUndefined,
    *,
    help: str,  # noqa: A002 - the word of the command line
    flag: str | None = None,
    env: str | None = None,
    **constraints: Any,
) -> Any:
    """Declare one option.

    `flag` is its option on the command line (none: it has no flag). `env` is an additional name of its
    environment variable, beside `MCP_KUBERNETES_<SECTION>__<KEY>`. `constraints` are those of pydantic's
    `Field`, such as `ge`. Secrets are typed `SecretStr`; they are never printed.
    """
    return Field(default, description=help, json_schema_extra={"flag": flag, "env": env}, **constraints)


EventLoop = Literal["auto", "asyncio", "uvloop"]


class ServerSettings(Settings):
    """How the server is reached, and what it logs."""

    transport: str = setting(
        "stdio", flag="--transport", help="How clients reach the server: stdio or streamable-http."
    )
    debug: bool = setting(default=False, flag="--debug", help="Log details, with tracebacks.")
    log_format: Literal["auto", "text", "json"] = setting(
        "auto",
        flag="--log-format",
        help="Form of the log on stderr; auto is json inside a pod, text elsewhere.",
    )
    event_loop: EventLoop = setting(
        "auto", help="What runs the server; auto is uvloop where it is installed (the extra `fast`)."
    )


class AuthSettings(Settings):
    """Who has to sign in, over a network transport."""

    only_over: ClassVar[str] = "streamable-http"

    providers: tuple[str, ...] = setting(
        (), help="Authentication providers in order, by name. Empty: all that are set up, such as token-file."
    )


class KubernetesSettings(Settings):
    """How clusters are asked."""

    qps_limit: float = setting(
        20.0,
        flag="--qps-limit",
        ge=0,
        help="Requests per second to one cluster for one identity; 0 lifts it.",
    )
    burst_limit: int = setting(
        30, flag="--burst-limit", ge=1, help="Requests that may go out at once before --qps-limit slows them."
    )
    sources: tuple[str, ...] = setting(
        (), help="Cluster sources in order, by name; the first serves calls that name no cluster. Empty: all."
    )
    credentials: dict[str, str] = setting(
        {}, help="Credential provider by cluster source, where it is not the source's own."
    )

    def idle(self) -> dict[str, str]:
        """Without a rate there is nothing to burst beyond."""
        return {} if self.qps_limit else {"burst_limit": "--qps-limit is 0, so there is no rate to burst beyond"}


_NAMESPACE = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
_KIND = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$")]
_COMMAND = Annotated[str, Field(pattern=r"\S", max_length=1_000)]


class SafetySettings(Settings):
    """What the server may do to a cluster."""

    non_destructive: bool = setting(
        default=True,
        flag="--non-destructive",
        help="Only read; with --non-destructive=false clusters can be changed, and pods be reached into.",
    )
    dry_run: bool = setting(
        default=False,
        flag="--dry-run",
        help="Offer every change, and let the API server only try it (dryRun=All); connect to nothing.",
    )
    allowed_operations: tuple[Operation, ...] = setting(
        (), flag="--allowed-operations", help="Do these operations only, such as get,list,scale. Empty: all."
    )
    denied_operations: tuple[Operation, ...] = setting(
        (), flag="--denied-operations", help="Do none of these operations, such as delete,patch."
    )
    allowed_namespaces: tuple[_NAMESPACE, ...] = setting(
        (),
        flag="--allowed-namespaces",
        help="Read and change objects in these namespaces only. What has no namespace can still be read.",
    )
    restricted_namespaces: tuple[_NAMESPACE, ...] = setting(
        (), flag="--restricted-namespaces", help="Neither read nor change objects in these namespaces."
    )
    denied_kinds: tuple[_KIND, ...] = setting(
        (), flag="--denied-kinds", help="Neither read nor change these kinds: secrets,roles.rbac.authorization.k8s.io."
    )
    allowed_cluster_kinds: tuple[_KIND, ...] = setting(
        (),
        flag="--allowed-cluster-kinds",
        help="Kinds without a namespace that may be changed although --allowed-namespaces is set.",
    )
    allowed_commands: tuple[_COMMAND, ...] = setting(
        (),
        flag="--allowed-commands",
        help="Run only commands in containers that begin with these words, such as ls,cat,nginx -t. Empty: any.",
    )
    confirm: Literal["never", "destructive"] = setting(
        "never",
        flag="--confirm",
        help="Ask a person, by the client, before a delete, a forced apply and an undo: never or destructive.",
    )
    dry_run_groups: tuple[str, ...] = setting(
        (), help="API groups of servers behind an APIService that are known to honour a dry run."
    )
    undo_seconds: float = setting(3_600.0, gt=0, help="How long a change can be undone.")
    undo_bytes: int = setting(
        1_048_576, ge=1_024, help="Bytes that one change may take, compressed, to be kept for undo."
    )
    show_secret_values: bool = setting(
        default=False,
        flag="--show-secret-values",
        help="Show a Secret that is asked for by name with its values. Each such call is marked in the audit log.",
    )
    mask_sensitive: bool = setting(
        default=True,
        flag="--mask-sensitive",
        help="Mask what looks like a credential outside of Secrets, too. Values of Secrets are always masked.",
    )

    def idle(self) -> dict[str, str]:
        """What is about changes has no effect where nothing can be changed, nor about commands where none is run."""
        if self.dry_run and self.allowed_commands:
            return {"allowed_commands": "this server runs no commands (--dry-run)"}
        if not self.non_destructive or self.dry_run:
            return {} if self.allowed_namespaces else {"allowed_cluster_kinds": "--allowed-namespaces is not set"}
        idle = ("allowed_cluster_kinds", "dry_run_groups", "allowed_commands")
        about_changes = {key for key in idle if getattr(self, key)}
        about_changes |= {"confirm"} if self.confirm != "never" else set()
        about_changes |= set() if set(self.allowed_operations) <= READING else {"allowed_operations"}
        return dict.fromkeys(about_changes, "this server only reads (--non-destructive)")


class OutputSettings(Settings):
    """How large answers may be."""

    max_bytes: int = setting(
        32_768, ge=1_024, le=4_194_304, help="Bytes of text in one answer, unless a call says maxBytes."
    )


class ToolSettings(Settings):
    """How long calls may take, in seconds, and what may outlive them."""

    timeout: float = setting(30.0, gt=0, help="Time for one call, unless the tool declares its own.")
    background: int = setting(
        16, ge=1, help="What calls of one identity may have going on after them, such as port-forwards."
    )
    max_call: float = setting(600.0, gt=0, help="Most time for a call that is asked to wait for something.")


class LimitSettings(Settings):
    """What one user may take of a server that several share. Where nobody has to sign in, all are one user."""

    only_over: ClassVar[str] = "streamable-http"

    calls: int = setting(8, ge=1, help="Calls of one user that run at once; further ones wait in line.")
    waiting: int = setting(200, ge=0, help="Calls of one user that may wait in line; further ones are refused.")
    rate: float = setting(20.0, ge=0, help="Calls of one user that may begin in a second; 0 lifts it.")
    burst: int = setting(10, ge=1, help="Calls of one user that may begin at once before limits.rate slows them.")
    all_calls: int = setting(200, ge=1, help="Calls of all users that run at once; free places go round.")
    streams: int = setting(
        64, ge=1, help="Logs, commands and watches that one user may have open at the API servers at once."
    )
    sessions: int = setting(
        100, ge=1, help="Sessions of older protocol versions that a user who signed in may have open at once."
    )

    def idle(self) -> dict[str, str]:
        """Without a rate there is nothing to burst beyond."""
        return {} if self.rate else {"burst": "limits.rate is 0, so there is no rate to burst beyond"}


class PluginSettings(Settings):
    """Which plugins are loaded. Installed ones are, unless disabled here."""

    modules: tuple[str, ...] = setting((), flag="--plugin", help="Load this module as a plugin, too (repeatable).")
    disable: tuple[str, ...] = setting((), flag="--disable-plugin", help="Leave this plugin out (repeatable).")
    require: tuple[str, ...] = setting(
        (), flag="--require-plugin", help="Do not start without this plugin (repeatable)."
    )
    strict: bool = setting(
        default=False, flag="--strict-plugins", help="Do not start when any installed plugin is broken."
    )
    lifespan_timeout: float = setting(
        10.0, gt=0, help="Time in which each plugin that opens something has to start, and again to stop, in seconds."
    )


HOST_SECTIONS: dict[str, type[Settings]] = {
    "server": ServerSettings,
    "auth": AuthSettings,
    "kubernetes": KubernetesSettings,
    "safety": SafetySettings,
    "output": OutputSettings,
    "tools": ToolSettings,
    "limits": LimitSettings,
    "plugins": PluginSettings,
}
"""The host's own sections; every other section belongs to the plugin of its name."""


def json_schema(models: Mapping[str, type[Settings]]) -> dict[str, Any]:
    """The JSON Schema of a configuration file with these sections."""
    from pydantic.json_schema import models_json_schema

    references, definitions = models_json_schema([(model, "validation") for model in models.values()])
    sections = {name: references[model, "validation"] for name, model in models.items()}
    return {"type": "object", "additionalProperties": False, "properties": sections, **definitions}

"""From a typed async function to a tool: `@tool` reads the signature, and the host does the rest.

The function's name is the tool's, its docstring the description. The first parameter is the `ToolCall`; the
others become parameters on the wire, in camelCase and validated strictly. A parameter whose type is a frozen
dataclass stands for all of its fields.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.parameters import Page
from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import Returned, clean

if TYPE_CHECKING:
    from mcp_kubernetes.effects import Effect, Operation

Handler = Callable[..., Awaitable[Returned]]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_MAX_PROBLEMS = 5
_MOST_KEPT = 1_024
"""Models and schemas. An app that is put together again, or another one of the same process, needs them again."""


class ToolDefinitionError(TypeError):
    """A function that cannot be a tool: not async, not typed, not described, or badly named."""


@dataclass(frozen=True)
class Parameter:
    """One parameter on the wire. `group` is the handler's parameter that it is a field of, if any.

    A parameter `for_host` is not the handler's: the host put it into the schema and reads it.
    """

    wire: str
    name: str
    annotation: Any = dataclasses.field(hash=False)
    default: Any = dataclasses.field(default=None, hash=False)
    group: str | None = None
    for_host: bool = False


@dataclass(frozen=True)
class Arguments:
    """Validated arguments: the handler's keyword arguments, and what the host reads, by wire name."""

    handler: Mapping[str, Any]
    host: Mapping[str, Any]


@dataclass(frozen=True)
class Tool:
    """A tool as the host sees it. Made by `@tool`; the function itself is `handler`.

    `destructive` and `idempotent` describe tools that write, in MCP's sense. `timeout` is in seconds; None is
    the server's setting. `clustered` tools get a cluster parameter where there is a choice, and `call.cluster`.
    `max_bytes`: whether callers may set the answer's budget with `maxBytes`. `operations` are what it asks of the
    API server: where all of them are denied, it is not offered. `duration` names the handler's parameter, in seconds,
    by which a call takes longer than others. A `local` tool opens something on the machine of this server: it is not
    offered where its users are elsewhere.
    """

    name: str
    handler: Handler
    description: str
    effect: Effect
    title: str = ""
    destructive: bool = True
    idempotent: bool = False
    clustered: bool = True
    max_bytes: bool = False
    timeout: float | None = None
    operations: frozenset[Operation] = frozenset()
    duration: str | None = None
    local: bool = False
    injected: tuple[Parameter, ...] = ()

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters on the wire, in the order of the signature."""
        return (*_own_parameters(self.handler), *self.injected)

    @property
    def wires(self) -> tuple[str, ...]:
        """The names of the parameters on the wire."""
        return tuple(parameter.wire for parameter in self.parameters)

    def seconds(self, arguments: Mapping[str, Any], usual: float, most: float) -> float:
        """How long a call with these arguments, not yet validated, may take: what it waits for comes on top."""
        usual = self.timeout or usual
        waits = arguments.get(_wire(self.duration)) if self.duration else None
        return min(usual + waits, most) if isinstance(waits, int | float) and waits > 0 else usual

    @cached_property
    def model(self) -> type[BaseModel]:
        """The model that validates the arguments: strict, and without unknown keys."""
        return _model(self.name, self.parameters)

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments, without the noise that costs a model tokens. It is shared."""
        return _schema(self.name, self.parameters)

    def validate(self, arguments: Mapping[str, Any]) -> Arguments:
        """Check all arguments. Raises InvalidArguments that names fields and never repeats values."""
        try:
            valid = self.model.model_validate_json(json.dumps(dict(arguments)), strict=True)
        except ValidationError as error:
            raise InvalidArguments(_problems(error, list(self.wires))) from None
        except (RecursionError, ValueError):
            raise InvalidArguments("The arguments are nested too deeply, or are no JSON.") from None
        return self._sorted([(p, getattr(valid, _attribute(p))) for p in self.parameters])

    @cached_property
    def _hints(self) -> Mapping[str, Any]:
        return get_type_hints(self.handler)

    def _sorted(self, values: list[tuple[Parameter, Any]]) -> Arguments:
        own = {p.name: value for p, value in values if p.group is None and not p.for_host}
        groups: dict[str, dict[str, Any]] = {}
        for parameter, value in values:
            if parameter.group is not None:
                groups.setdefault(parameter.group, {})[parameter.name] = value
        own |= {name: self._hints[name](**fields) for name, fields in groups.items()}
        return Arguments(own, {p.wire: value for p, value in values if p.for_host})


def tool(
    *,
    effect: Effect,
    title: str = "",
    destructive: bool = True,
    idempotent: bool = False,
    clustered: bool = True,
    max_bytes: bool = False,
    timeout: float | None = None,
    operations: Iterable[Operation] = (),
    duration: str | None = None,
    local: bool = False,
) -> Callable[[Handler], Tool]:
    """Make a tool of a typed async function; see `Tool` for the arguments. Raises ToolDefinitionError."""

    def make(handler: Handler) -> Tool:
        _check(handler)
        return Tool(
            name=handler.__name__,
            handler=handler,
            description=inspect.cleandoc(handler.__doc__ or ""),
            effect=effect,
            title=title,
            destructive=destructive,
            idempotent=idempotent,
            clustered=clustered,
            max_bytes=max_bytes,
            timeout=timeout,
            operations=frozenset(operations),
            duration=duration,
            local=local,
        )

    return make


def _check(handler: Handler) -> None:
    name = getattr(handler, "__name__", "?")
    parameters = list(inspect.signature(handler).parameters.values())
    problems = {
        "is not an async function": not inspect.iscoroutinefunction(handler),
        "has no docstring for the model to read": not inspect.getdoc(handler),
        "has a name that is not snake_case of at most 64 characters": not _NAME.match(name),
        "does not take the call as its first parameter": not parameters,
        "has a parameter without a type": any(p.annotation is p.empty for p in parameters),
    }
    if found := [problem for problem, is_so in problems.items() if is_so]:
        raise ToolDefinitionError(f"{name} cannot be a tool: it {found[0]}.")


@lru_cache(maxsize=_MOST_KEPT)
def _own_parameters(handler: Handler) -> tuple[Parameter, ...]:
    hints = get_type_hints(handler, include_extras=True)
    own = list(inspect.signature(handler).parameters.values())[1:]
    return tuple(found for parameter in own for found in _parameters(parameter, hints[parameter.name]))


@lru_cache(maxsize=_MOST_KEPT)
def _model(name: str, parameters: tuple[Parameter, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {_attribute(p): (p.annotation, Field(p.default, alias=p.wire)) for p in parameters}
    config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)
    return create_model(name, __config__=config, **fields)


@lru_cache(maxsize=_MOST_KEPT)
def _schema(name: str, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    schema = _plain(_model(name, parameters).model_json_schema())
    kept = ("properties", "required", "$defs")
    found = {"properties": {}} | {key: schema[key] for key in kept if key in schema}
    return {"type": "object", **found, "additionalProperties": False}


def _parameters(parameter: inspect.Parameter, annotation: Any) -> list[Parameter]:
    if not dataclasses.is_dataclass(annotation):
        default = ... if parameter.default is parameter.empty else parameter.default
        return [Parameter(_wire(parameter.name), parameter.name, annotation, default)]
    hints = get_type_hints(annotation, include_extras=True)
    return [
        Parameter(_wire(field.name), field.name, hints[field.name], field.default, group=parameter.name)
        for field in dataclasses.fields(annotation)
        if field.metadata.get("wire", True)
    ]


def _attribute(parameter: Parameter) -> str:
    """A name in the model that no attribute of pydantic's can clash with."""
    return f"arg_{parameter.name}"


def _wire(name: str) -> str:
    """camelCase; a trailing underscore only keeps clear of Python's keywords."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def _plain(schema: Any) -> Any:
    """Drop titles, null defaults and lengths of texts, and write "a T or null" as T: leaving it out says the same.

    Lengths are looked at when a tool is called; nobody counts characters before.
    """
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _plain(value) for key, value in schema.items() if not _is_noise(key, value)}
    options = [option for option in found.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        del found["anyOf"]
        found = {**options[0], **found}
    return found


def _is_noise(key: str, value: Any) -> bool:
    is_length = key in {"minLength", "maxLength"} and isinstance(value, int)
    return is_length or (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _problems(error: ValidationError, known: list[str]) -> str:
    found = [_problem(dict(detail), known) for detail in error.errors(include_url=False, include_input=False)]
    more = f" ({len(found) - _MAX_PROBLEMS} more)" if len(found) > _MAX_PROBLEMS else ""
    return f"Invalid arguments: {'; '.join(found[:_MAX_PROBLEMS])}{more}."


def _problem(detail: Mapping[str, Any], known: list[str]) -> str:
    where = clean(redact(".".join(str(step) for step in detail["loc"])))[:100]
    if detail["type"] == "extra_forbidden":
        return f"{where!r} is not a parameter (there are: {', '.join(known) or 'none'})"
    if detail["type"] == "missing":
        return f"{where} is required"
    if detail["type"] == "json_invalid":
        return "they hold text that is no Unicode (half of a surrogate pair), or are nested too deep"
    return f"{where}: {clean(str(detail['msg']))}"


def page_of(arguments: Mapping[str, Any]) -> Page | None:
    """The page among validated arguments, if the tool takes one."""
    return next((value for value in arguments.values() if isinstance(value, Page)), None)

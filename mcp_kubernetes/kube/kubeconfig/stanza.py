"""One named entry of a kubeconfig, read key by key.

Whether a value has the right type is found out by whoever needs it, so that a broken entry costs the calls that
need it and no others. A refusal names entry, file and key, never the value, which may be a secret.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mcp_kubernetes.errors import CredentialsError, ToolError, UnknownCluster
from mcp_kubernetes.results import clean

_HINT = "Mend it there, or choose another context."


def shown(name: str) -> str:
    """A name from a file, fit for a sentence: one line, of bounded length."""
    return clean(name[:120])


@dataclass(frozen=True, kw_only=True)
class Stanza:
    """One named entry of a kubeconfig and the file that holds it, against which its paths are resolved.

    `kind` is "context", "cluster" or "user". `fields` hold credentials and are not in `repr`. The accessors
    raise what `refuse` makes.
    """

    kind: str
    name: str
    file: Path
    fields: Mapping[str, Any] = field(repr=False)

    def refuse(self, problem: str, hint: str = "") -> ToolError:
        """The error for this entry: CredentialsError for a user, UnknownCluster for the others."""
        fault = CredentialsError if self.kind == "user" else UnknownCluster
        return fault(f"{self.label} {problem}.", hint=hint or _HINT)

    @property
    def label(self) -> str:
        """How a sentence about this entry begins."""
        return f'The {self.kind} "{shown(self.name)}" in {self.file}'

    def text(self, key: str) -> str | None:
        """The text under `key`; None where it is missing or empty, which mean the same in a kubeconfig."""
        value = self.fields.get(key)
        if value is None or isinstance(value, str):
            return value or None
        raise self.refuse(f"has a value for {key} that is not text; put it in quotes")

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under `key`."""
        return self._texts(key, self.fields.get(key))

    def lists(self, key: str) -> Mapping[str, tuple[str, ...]]:
        """The mapping of names to lists of texts under `key`."""
        found = self.fields.get(key) or {}
        if not isinstance(found, dict):
            raise self.refuse(f"has a value for {key} that is no mapping")
        return {name: self._texts(key, values) for name, values in found.items()}

    def _texts(self, key: str, values: object) -> tuple[str, ...]:
        listed = values or []
        if not isinstance(listed, list) or not all(isinstance(value, str) for value in listed):
            raise self.refuse(f"has a value for {key} that is no list of texts")
        return tuple(listed)

    def inside(self, key: str) -> Stanza | None:
        """The mapping under `key`, to be read like this entry and refused in its name; None where it is missing."""
        found = self.fields.get(key)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise self.refuse(f"has a value for {key} that is no mapping")
        return replace(self, fields=found)

    def each(self, key: str) -> tuple[Stanza, ...]:
        """The list of mappings under `key`, each to be read like this entry."""
        listed = self.fields.get(key) or []
        if not isinstance(listed, list) or not all(isinstance(found, dict) for found in listed):
            raise self.refuse(f"has a value for {key} that is no list of mappings")
        return tuple(replace(self, fields=found) for found in listed)

    def flag(self, key: str) -> bool:
        """The boolean under `key`. The text "false" is refused: guessing here could turn verification off."""
        value = self.fields.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.refuse(f"has a value for {key} that is neither true nor false")

    def path(self, key: str) -> Path | None:
        """The path under `key`, relative to the file that holds this entry."""
        text = self.text(key)
        return self.file.parent / text if text else None

    def content(self, key: str) -> bytes | Path | None:
        """What `<key>-data` holds, decoded; else the file that `key` names; else None."""
        encoded = self.text(f"{key}-data")
        if encoded is None:
            return self.path(key)
        try:
            return base64.b64decode("".join(encoded.split()), validate=True)
        except ValueError:
            raise self.refuse(f"has {key}-data that is not base64") from None

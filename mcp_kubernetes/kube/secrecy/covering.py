"""One decoded object with everything sensitive in it masked, outside of Secrets by name and by form.

What only looks sensitive to `suspects` comes out as it went in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from mcp_kubernetes.kube.secrecy.forms import ASSIGNED, ASSIGNMENTS, FORMS, may_hold
from mcp_kubernetes.kube.secrecy.marks import MARKER, Owner, decoded, is_mark, mark, owned
from mcp_kubernetes.kube.secrecy.references import is_reference
from mcp_kubernetes.kube.secrecy.sensitive import is_plain, is_sensitive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SECRET_VALUES = ("data", "stringData")
_NAMES = ("name", "key")
_CONTENT = frozenset({"data", "binaryData", "stringData"})
"""Maps whose fields hold what somebody put there, and name no object."""

_DEEPEST = 100


class Cover:
    """Masks the values of one object. `owner` tells it apart; `looks` is off where only Secrets count.

    With `refers`, the name of a Secret stays in a field that is called so. `changed` tells whether anything was masked.
    """

    def __init__(self, owner: Owner, *, looks: bool = True, refers: bool = True) -> None:
        self._owner = owner
        self._looks = looks
        self._refers = refers
        self._path: list[str] = []
        self.changed = False

    def value(self, value: Any, name: str = "") -> Any:
        """The value without what is sensitive. `name` is what it is kept under."""
        if isinstance(value, str):
            return self._text(value, name)
        if not isinstance(value, dict | list):
            return value
        self._path.append(name)
        found = self._below(value, name)
        self._path.pop()
        return found

    def field(self, value: Any, name: str) -> Any:
        """The same for what is kept in a field or a column, which may name a Secret."""
        if self._refers and isinstance(value, str) and is_reference(name, value):
            return value
        return self.value(value, name)

    def _below(self, value: Any, name: str) -> Any:
        if len(self._path) > _DEEPEST:
            self.changed = True
            return None
        return self._map(value, name) if isinstance(value, dict) else self._items(value, name)

    def _map(self, values: Mapping[str, Any], name: str) -> dict[str, Any]:
        if values.get("kind") == "Secret":
            return {key: self._of_secret(key, value) for key, value in values.items()}
        if name == "labels":
            return {key: self.value(value) for key, value in values.items()}
        if name.startswith("f:") and is_sensitive(name):
            values = {key: value for key, value in values.items() if not self._is_copy(key)}
        named = _name_of(values)
        one = self.value if name in _CONTENT else self.field
        return {key: self.value(value, named) if named and key == "value" else one(value, key)
                for key, value in values.items()}  # fmt: skip

    def _of_secret(self, key: str, value: Any) -> Any:
        if key not in _SECRET_VALUES or not isinstance(value, dict):
            return self.value(value, key)
        self._path.append(key)
        found = {
            name: inner if is_mark(inner) else self._mark(name, decoded(key, inner)) for name, inner in value.items()
        }
        self._path.pop()
        return found

    def _is_copy(self, key: str) -> bool:
        """Whether managed fields repeat a value of a set in this key."""
        self.changed |= key.startswith("v:")
        return key.startswith("v:")

    def _items(self, values: Sequence[Any], name: str) -> list[Any]:
        option = [""] + [_option(value) for value in values]
        return [self.value(value, before or name) for value, before in zip(values, option, strict=False)]

    def _text(self, value: str, name: str) -> str:
        if not self._looks:
            return self._document(value, name)
        if is_sensitive(name.rpartition("/")[2]) and not is_plain(value) and not is_mark(value):
            return self._mark(name, value.encode())
        text = self._document(value, name)
        return self._parts(text, name) if may_hold(text) else text

    def _document(self, text: str, name: str) -> str:
        """A JSON document in a text, such as the manifest that `kubectl apply` keeps, masked as an object is.

        One that is too deep to be gone through is masked as a whole.
        """
        if text.lstrip()[:1] not in {"{", "["}:
            return text
        owner = owned(self._owner, "/".join(self._path).encode())
        inner = Cover(owner, looks=self._looks, refers=self._refers_inside)
        try:
            found = inner.value(msgspec.json.decode(text))
        except msgspec.DecodeError:
            return text
        except RecursionError:
            return self._mark(name, text.encode())
        self.changed |= inner.changed
        return msgspec.json.encode(found).decode() if inner.changed else text

    @property
    def _refers_inside(self) -> bool:
        """A manifest in an annotation names Secrets; in a configuration file such a field holds a value."""
        return self._refers and self._path[-1:] == ["annotations"]

    def _parts(self, text: str, name: str) -> str:
        """A text without the credentials in it."""
        text = FORMS.sub(lambda found: self._credential(found, name), text)
        parts, end = [], 0
        for found in ASSIGNMENTS.finditer(text):
            value = _assigned(found, text) if found.end() >= end else None
            if value and not (self._refers_inside and found["key"] and is_reference(found["key"], value["value"])):
                parts += [text[end : value.start("value")], self._mark(_called(found), value["value"].encode())]
                end = value.end("value")
        return "".join((*parts, text[end:]))

    def _credential(self, found: re.Match[str], name: str) -> str:
        user, colon, password = found[0].partition(":") if found["url"] else ("", "", found[0])
        return user + colon + self._mark(name, password.encode())

    def _mark(self, key: str, value: bytes) -> str:
        self.changed = True
        return mark(self._owner, "/".join(self._path), key, value)


def _called(found: re.Match[str]) -> str:
    return found[found.lastgroup or 0]


def _assigned(found: re.Match[str], text: str) -> re.Match[str] | None:
    """The credential after this name, if it is that of one. A lonely line is a sentence, and no file."""
    way = found.lastgroup or ""
    if not is_sensitive(_called(found)) or (way == "line" and "\n" not in text):
        return None
    value = ASSIGNED[way].match(text, found.end())
    return None if value is None or is_plain(value["value"]) or value["value"].startswith(MARKER.rstrip()) else value


def _name_of(values: Mapping[str, Any]) -> str:
    """What the `value` of a pair is called, as in a container's environment."""
    if not isinstance(values.get("value"), str):
        return ""
    return next((values[key] for key in _NAMES if isinstance(values.get(key), str)), "")


def _option(value: Any) -> str:
    """The name of an option whose argument follows."""
    return value if isinstance(value, str) and value.startswith("-") and "=" not in value else ""

"""Objects without what no reader needs: their bytes are taken apart only along the paths of the noise.

Everything beside these paths stays as it came, numbers included.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from mcp_kubernetes.kinds import KindProfile, Noise
from mcp_kubernetes.kube.decoding.decode import LAST_APPLIED, fields, joined
from mcp_kubernetes.results import Form, Object

if TYPE_CHECKING:
    from mcp_kubernetes.kube.catalogue.resources import Resource

ALWAYS_NOISE = (
    Noise(path=".metadata.managedFields"),
    Noise(path=f".metadata.annotations['{LAST_APPLIED}']"),
    Noise(path=".metadata.selfLink"),
    Noise(path=".metadata.uid"),
    Noise(path=".metadata.resourceVersion"),
)
"""Of every kind. What tells why an object is as it is stays: owners, finalizers, generations, times, conditions."""

_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_EMPTY = (b"{}", b"[]")


@dataclass
class _Place:
    """What is noise at one place, and what lies below it."""

    noise: list[Noise] = field(default_factory=list)
    keys: dict[str, _Place] = field(default_factory=dict)
    items: _Place | None = None

    def add(self, noise: Noise, steps: tuple[str | None, ...]) -> None:
        """Put the noise to its place below this one."""
        if not steps:
            self.noise.append(noise)
            return
        if steps[0] is None:
            self.items = self.items or _Place()
        below = self.items if steps[0] is None else self.keys.setdefault(steps[0], _Place())
        if below is not None:
            below.add(noise, steps[1:])

    def left(self, raw: bytes) -> bytes | None:
        """The value without its noise; None when nothing is left of it."""
        if self.noise and self._is_noise(raw):
            return None
        if self.keys and raw.startswith(b"{"):
            return self._of_map(raw)
        if self.items and raw.startswith(b"["):
            return self._of_list(raw, self.items)
        return raw

    def _is_noise(self, raw: bytes) -> bool:
        if any(noise.always for noise in self.noise):
            return True
        value = msgspec.json.decode(raw)
        return any(noise.matches(value) for noise in self.noise)

    def _of_map(self, raw: bytes) -> bytes | None:
        parts: dict[str, Any] = dict(fields(raw))
        changed = False
        for key in self.keys.keys() & parts.keys():
            before = bytes(parts[key])
            after = self.keys[key].left(before)
            changed = changed or after != before
            if after is None:
                del parts[key]
            else:
                parts[key] = msgspec.Raw(after)
        return _unless_emptied(joined(parts)) if changed else raw

    def _of_list(self, raw: bytes, items: _Place) -> bytes | None:
        before = [bytes(item) for item in _LIST.decode(raw)]
        after = [items.left(item) for item in before]
        if before == after:
            return raw
        return _unless_emptied(b"[" + b",".join(item for item in after if item is not None) + b"]")


def _unless_emptied(raw: bytes) -> bytes | None:
    """What lost its last part is gone as well."""
    return None if raw in _EMPTY else raw


class Profiles:
    """What plugins know of kinds: one profile for each, whatever its version."""

    def __init__(self, profiles: Iterable[KindProfile]) -> None:
        self._profiles = {(profile.group, profile.resource): profile for profile in profiles}
        self._noise = {kind: _place(profile.noise) for kind, profile in self._profiles.items()}
        self._always = _place(ALWAYS_NOISE)

    def of(self, resource: Resource) -> KindProfile:
        """The kind's profile, or one that knows nothing."""
        kind = (resource.group, resource.plural)
        return self._profiles.get(kind) or KindProfile(group=resource.group, resource=resource.plural)

    def slim(self, resource: Resource, raw: bytes) -> tuple[bytes, bool]:
        """The object without noise, and whether any of it was its kind's own."""
        bare = self._always.left(raw) or b"{}"
        noise = self._noise.get((resource.group, resource.plural))
        slim = (noise.left(bare) or b"{}") if noise else bare
        return slim, slim != bare

    def object(self, resource: Resource, raw: bytes, form: Form) -> Object:
        """The object, of which the slim form is shown."""
        slim, lacks_fields = self.slim(resource, raw)
        return Object(slim, form, whole=raw, lacks_fields=lacks_fields)


def _place(noise: Iterable[Noise]) -> _Place:
    root = _Place()
    for each in noise:
        root.add(each, each.steps)
    return root

"""Who is asking. Identity travels in the `ToolCall`, never in a context variable."""

from __future__ import annotations

import json
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The person or program behind a call.

    Two identities are the same when issuer and subject are.
    """

    subject: str
    issuer: str = ""
    username: str = field(default="", compare=False)
    groups: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def local(cls) -> Identity:
        """The user of this process: whoever started it over stdio."""
        return cls(subject="local")

    @property
    def key(self) -> str:
        """A text that is equal for equal identities, for cache keys and sealed values."""
        return json.dumps([self.issuer, self.subject])

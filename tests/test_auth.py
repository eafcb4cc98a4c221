"""Which provider judges a token, and what a provider that fails costs."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes import App, Identity, hookimpl
from mcp_kubernetes.auth import Authentication
from mcp_kubernetes.errors import ConfigError

if TYPE_CHECKING:
    from mcp_kubernetes.spi import AuthProvider


@dataclass
class Known:
    """A provider that knows some tokens, and remembers what it was asked."""

    name: str
    tokens: tuple[str, ...] = ()
    issuer: str = ""
    asked: list[str] = field(default_factory=list)

    async def verify(self, token: str) -> Identity | None:
        self.asked.append(token)
        return Identity(subject=token, issuer=self.name) if token in self.tokens else None


def jwt(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.sig"


OURS = jwt({"iss": "https://issuer.example.com"})


async def test_an_opaque_token_goes_to_the_first_that_knows_it() -> None:
    first, second = Known("first", ("a", "b")), Known("second", ("b", "c"))
    both = Authentication(providers=[first, second])
    found = {token: await both.verify(token) for token in "abcd"}
    assert {token: identity and identity.issuer for token, identity in found.items()} == {
        "a": "first",
        "b": "first",
        "c": "second",
        "d": None,
    }


async def test_a_jwt_goes_to_the_provider_of_its_issuer_and_to_no_other() -> None:
    opaque, owner = Known("opaque", (OURS,)), Known("owner", issuer="https://issuer.example.com")
    assert await Authentication(providers=[opaque, owner]).verify(OURS) is None
    assert (opaque.asked, owner.asked) == ([], [OURS])


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "..", jwt([]), jwt({"iss": 1}), jwt({"iss": "https://other"}), "e30.\xff.x", "a.W.b"]
)
async def test_what_is_no_issuer_s_is_opaque(token: str) -> None:
    opaque, owner = Known("opaque"), Known("owner", (token,), issuer="https://issuer.example.com")
    assert await Authentication(providers=[opaque, owner]).verify(token) is None
    assert (opaque.asked, owner.asked) == ([token], [])


class Plugin:
    """A plugin that offers two providers."""

    @hookimpl
    def register_auth_providers(self) -> list[AuthProvider]:
        return [Known("one"), Known("two")]


def test_the_setting_chooses_and_orders_what_plugins_offer() -> None:
    offered = App.of({}, plugins={"doors": Plugin()}).authentication
    chosen = App.of({"auth": {"providers": ["two"]}, "server": {"transport": "streamable-http"}}, {"doors": Plugin()})
    assert [provider.name for provider in offered.providers] == ["one", "two"]
    assert [provider.name for provider in chosen.authentication.providers] == ["two"]
    assert offered.required
    assert not App.of({}, plugins={}).authentication.required


def test_a_provider_that_nobody_offers_is_an_error() -> None:
    app = App.of({"auth": {"providers": ["oidc"]}, "server": {"transport": "streamable-http"}}, {"doors": Plugin()})
    with pytest.raises(ConfigError, match="names 'oidc', which no plugin offers; there are: one, two"):
        _ = app.authentication

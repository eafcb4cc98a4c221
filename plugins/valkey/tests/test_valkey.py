"""The store against a real server: Debian's redis-server, or valkey-server where that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from mcp_kubernetes import App
from mcp_kubernetes.spi import ConfigError
from mcp_kubernetes_valkey import Valkey
from mcp_kubernetes_valkey.settings import ValkeySettings
from mcp_kubernetes_valkey.store import ValkeyStore, _options
from pytest_mcp_kubernetes.contracts import StoreContract
from pytest_mcp_kubernetes.valkey import PASSWORD, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("valkey")) as found:
        yield found


def store_at(address: str, **more: Any) -> ValkeyStore:
    return ValkeyStore(ValkeySettings(url=address, **{"password": PASSWORD, **more}))


@pytest.fixture
async def store(address: str) -> AsyncIterator[ValkeyStore]:
    made = store_at(address)
    await (await made._connected()).flushall()
    yield made
    await made.aclose()


@pytest.fixture
async def other(address: str) -> AsyncIterator[ValkeyStore]:
    made = store_at(address)
    yield made
    await made.aclose()


class TestValkey(StoreContract):
    """It does what each store does."""


async def test_installations_of_one_server_do_not_meet(store: ValkeyStore, address: str) -> None:
    await store.put("f/a", b"one", ttl=60)
    for stranger in (store_at(address, key_prefix="theirs:"), store_at(address, db=3)):
        assert await stranger.get("f/a") is None
        await stranger.trim("f", 0)
        await stranger.aclose()
    assert await store.get("f/a") == b"one"


async def test_every_key_ends_by_itself_and_a_folder_has_one_place_in_a_cluster(store: ValkeyStore) -> None:
    await store.put("f/a", b"", ttl=60)
    await store.put("f/b", b"", ttl=30)
    client = await store._connected()
    keys = {key.decode(): await client.ttl(key) for key in await client.keys()}
    assert keys.keys() == {"mcp-kubernetes:{f}", "mcp-kubernetes:{f}/a", "mcp-kubernetes:{f}/b"}
    assert all(0 < seconds <= 60 for seconds in keys.values())
    assert keys["mcp-kubernetes:{f}"] >= keys["mcp-kubernetes:{f}/a"]


async def test_what_the_server_evicted_does_not_count(store: ValkeyStore) -> None:
    for key in ("f/1", "f/2", "f/3"):
        await store.put(key, b"", ttl=60)
    await (await store._connected()).delete("mcp-kubernetes:{f}/3")
    await store.trim("f", 2)
    assert [await store.get(key) for key in ("f/1", "f/2")] == [b"", b""]


async def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        store = store_at(address)
        await store.put("f/a", b"one", ttl=60)
    with pytest.raises(Exception, match="connect"):
        await store.get("f/a")
    with serving(tmp_path):
        await store.put("f/a", b"two", ttl=60)
        assert await store.get("f/a") == b"two"
        await store.aclose()


async def test_a_wrong_password_is_no_sentence_with_a_password(address: str) -> None:
    store = store_at(address, password="wrong-one")  # noqa: S106 - it is wrong
    with pytest.raises(Exception, match=r"^(?!.*wrong-one)"):
        await store.check()
    await store.aclose()


async def test_an_app_keeps_its_state_there(address: str, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("ab" * 32, encoding="utf-8")
    settings = {
        "state": {"store": "valkey", "key_file": tmp_path / "keys"},
        "valkey": {"url": address, "password": PASSWORD},
    }
    async with App.of(settings, plugins={"valkey": Valkey}) as app:
        assert await app.store.is_usable()
        await app.store.put("f/app", b"one", ttl=60)
    store = store_at(address)
    assert await store.get("f/app") == b"one"
    await store.aclose()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("valkey.example.com:6380", ("valkey.example.com", 6380)),
        ("valkey", ("valkey", 6379)),
        ("10.0.0.1:1", ("10.0.0.1", 1)),
        ("[2001:db8::1]", ("2001:db8::1", 6379)),
        ("[2001:db8::1]:6380", ("2001:db8::1", 6380)),
    ],
)
def test_an_address_is_a_host_with_or_without_a_port(url: str, place: tuple[str, int]) -> None:
    found = _options(ValkeySettings(url=url))
    assert (found["host"], found["port"]) == place


@pytest.mark.parametrize(
    "url", ["redis://host", "host:", ":6379", "user@host:1", "unix:relative", "host/0", "a b", "2001::1"]
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match=r"neither host:port nor unix:/path"):
        ValkeySettings(url=url)


def test_by_tls_the_server_has_to_be_who_it_says(tmp_path: Path) -> None:
    authorities = tmp_path / "ca.crt"
    authorities.touch()
    found = _options(ValkeySettings(url="valkey:6379", tls=True, ca_file=authorities))
    assert (found["ssl"], found["ssl_cert_reqs"], found["ssl_check_hostname"]) == (True, "required", True)
    assert found["ssl_ca_certs"] == str(authorities)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"db": 1}, "no --valkey-url is given"),
        ({"url": "unix:/run/valkey.sock", "tls": True}, "the server is asked at a socket on this machine"),
        ({"url": "valkey:6379", "ca_file": __file__}, "--valkey-tls is not set"),
        ({"url": "valkey:6379"}, "The store valkey is set up, but has no effect: --state-store is memory."),
    ],
)
def test_what_has_no_effect_is_an_error(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        App.of({"valkey": given}, plugins={"valkey": Valkey})
    assert sentence in str(caught.value)

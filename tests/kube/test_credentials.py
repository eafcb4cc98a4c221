from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes.errors import CredentialsError, UnknownCluster
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.in_cluster import InCluster
from tests.clock import Clock
from tests.kube.signing_in import ACCESS, CERTIFICATE, KEY, PLANTED, Setup

if TYPE_CHECKING:
    from pathlib import Path

OLD_STYLE_ENCRYPTED = (
    f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{PLANTED}\n-----END RSA PRIVATE KEY-----"
)
ENCRYPTED = f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{PLANTED}\n-----END ENCRYPTED PRIVATE KEY-----"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


# Tokens


async def test_a_token_of_the_kubeconfig_is_used(setup: Setup) -> None:
    setup.write({"token": PLANTED})
    assert await setup.credentials() == Credentials(token=PLANTED)


async def test_a_new_token_in_the_kubeconfig_is_used_at_once(setup: Setup) -> None:
    setup.write({"token": "first"})
    await setup.credentials()
    setup.write({"token": "second-one"})
    assert await setup.bearer() == "second-one"


async def test_a_refused_token_is_read_again_at_once(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first")
    setup.write({"tokenFile": "token"})
    refused = await setup.credentials()
    (tmp_path / "token").write_text("second")
    assert await setup.bearer(refused) == "second"
    (tmp_path / "token").write_text("third")
    assert await setup.bearer(refused) == "second", "somebody else has renewed it already"


async def test_a_call_that_ends_while_a_refused_token_is_read_again_takes_it_from_nobody(
    setup: Setup, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("first")
    setup.write({"tokenFile": "token"})
    reading = asyncio.create_task(setup.bearer(await setup.credentials()))
    await asyncio.sleep(0)
    assert reading.cancel()
    await asyncio.wait([reading])
    assert reading.cancelled()
    (tmp_path / "token").unlink()
    assert await setup.bearer() == "first"


async def test_with_nothing_newer_the_refused_credentials_come_back(setup: Setup) -> None:
    setup.write({"token": PLANTED})
    refused = await setup.credentials()
    assert await setup.credentials(refused) == refused


async def test_a_token_file_that_disappears_is_an_error_and_not_the_old_token(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(PLANTED)
    setup.write({"tokenFile": "token"})
    await setup.credentials()
    (tmp_path / "token").unlink()
    setup.clock.now += 61
    for _ in range(2):
        assert "cannot be read: No such file" in await setup.refusal()
    (tmp_path / "token").write_text("back")
    assert await setup.bearer() == "back"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        (f"{PLANTED}\n{PLANTED}", "no token"),
        (f"{PLANTED}\0", "no token"),
        (f"{PLANTED}ü", "no token"),
    ],
)
async def test_a_token_file_without_a_token_is_an_error(setup: Setup, tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "token").write_text(content)
    setup.write({"tokenFile": "token"})
    text = await setup.refusal()
    assert words in text
    assert str(tmp_path / "token") in text
    assert 'The user "me"' in text


# Client certificates


async def test_certificate_and_key_come_from_data_or_from_files(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(KEY)
    setup.write({"client-certificate-data": encoded(CERTIFICATE), "client-key": "key.pem"})
    assert await setup.credentials() == Credentials(certificate=CERTIFICATE.encode(), key=KEY.encode())


async def test_a_replaced_certificate_file_is_used_at_once(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "tls.crt").write_text(CERTIFICATE)
    (tmp_path / "tls.key").write_text(KEY)
    setup.write({"client-certificate": "tls.crt", "client-key": "tls.key"})
    first = await setup.credentials()
    assert await setup.credentials() == first
    (tmp_path / "tls.crt").write_text(CERTIFICATE * 2)
    assert (await setup.credentials()).certificate == (CERTIFICATE * 2).encode()


async def test_a_token_and_a_certificate_are_used_together(setup: Setup) -> None:
    setup.write({"token": PLANTED, "client-certificate-data": encoded(CERTIFICATE), "client-key-data": encoded(KEY)})
    expected = Credentials(token=PLANTED, certificate=CERTIFICATE.encode(), key=KEY.encode())
    assert await setup.credentials() == expected


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({"client-certificate-data": encoded(CERTIFICATE)}, "a client-certificate without a client-key"),
        ({"client-key-data": encoded(KEY)}, "a client-key without a client-certificate"),
        (
            {"client-certificate": "missing", "client-key-data": encoded(KEY)},
            "client-certificate that cannot be read",
        ),
        (
            {"client-certificate-data": encoded(CERTIFICATE), "client-key": "missing"},
            "client-key that cannot be read",
        ),
        ({"client-certificate-data": PLANTED, "client-key-data": encoded(KEY)}, "not base64"),
        ({"client-certificate-data": encoded(PLANTED), "client-key-data": encoded(KEY)}, "not PEM"),
        ({"client-certificate-data": encoded(CERTIFICATE), "client-key-data": encoded(PLANTED)}, "not PEM"),
        (
            {"client-certificate-data": encoded(CERTIFICATE), "client-key-data": encoded(ENCRYPTED)},
            "encrypted",
        ),
        (
            {
                "client-certificate-data": encoded(CERTIFICATE),
                "client-key-data": encoded(OLD_STYLE_ENCRYPTED),
            },
            "encrypted",
        ),
        # and users that bring nothing, or more than this version knows
        ({}, "holds no credentials"),
        ({"token": ""}, "holds no credentials"),
        ({"as": "other"}, "holds no credentials"),
        ({"token": [PLANTED]}, "not text"),
        ({"token": f"{PLANTED}\n"}, "characters that no token has"),
        ({"auth-provider": {"name": "oidc", "config": {"id-token": PLANTED}}}, "names no idp-issuer-url"),
        ({"username": PLANTED, "password": PLANTED}, "signs in with username"),
        ({"password": PLANTED, "token": PLANTED}, "signs in with password"),
        ({"token": PLANTED, "as-groups": ["ops"]}, "without naming a user"),
        ({"token": PLANTED, "as-uid": "1"}, "without naming a user"),
        ({"token": PLANTED, "as-user-extra": {"scope": ["x"]}}, "without naming a user"),
        ({"token": PLANTED, "as": "x\nImpersonate-Group: system:masters"}, "control characters"),
        ({"token": PLANTED, "as": "x", "as-groups": "ops"}, "no list of texts"),
        ({"token": PLANTED, "as": "x", "as-groups": [""]}, "empty value"),
        ({"token": PLANTED, "as": "x", "as-user-extra": ["y"]}, "no mapping"),
        ({"token": PLANTED, "as": "x", "as-user-extra": {"y": "z"}}, "no list of texts"),
    ],
)
async def test_a_user_that_cannot_sign_in_is_an_error_of_one_sentence(
    setup: Setup, user: dict[str, Any], words: str
) -> None:
    setup.write(user)
    text = await setup.refusal()
    assert words in text
    assert 'The user "me"' in text


# Anonymous, and where credentials may go


async def test_a_user_that_does_not_exist_is_an_error(setup: Setup) -> None:
    setup.write({"token": PLANTED}, context={"user": "gone"})
    assert 'names the user "gone"' in await setup.refusal()


async def test_a_context_that_is_gone_is_an_error(setup: Setup) -> None:
    setup.write({"token": PLANTED})
    entry = setup.entry()
    setup.path.write_text("{}")
    with pytest.raises(CredentialsError, match="There is no context"):
        await setup.provider.credentials(ACCESS, entry)


async def test_credentials_never_follow_a_context_to_the_server_it_had_before(setup: Setup) -> None:
    setup.write({"token": "for the old server".replace(" ", "-")})
    entry = setup.entry()
    setup.write({"token": PLANTED}, server="https://new:6443")
    with pytest.raises(CredentialsError, match="has changed meanwhile"):
        await setup.provider.credentials(ACCESS, entry)


async def test_no_credentials_go_over_plain_http_but_on_this_machine(setup: Setup) -> None:
    setup.write({"token": PLANTED}, server="http://a:8080")
    assert "plain http" in await setup.refusal()
    for server in ("http://localhost:8001", "http://127.0.0.1:8001", "http://[::1]:8001"):
        setup.write({"token": PLANTED}, server=server)
        assert await setup.bearer() == PLANTED


async def test_a_client_certificate_is_not_dropped_by_plain_http(setup: Setup) -> None:
    user = {"client-certificate-data": encoded(CERTIFICATE), "client-key-data": encoded(KEY)}
    setup.write(user, server="http://localhost:8001")
    assert "plain http" in await setup.refusal()


async def test_what_was_remembered_for_a_user_is_forgotten_when_the_user_changes(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("one")
    (tmp_path / "two").write_text("two")
    setup.write({"tokenFile": "one"})
    assert await setup.bearer() == "one"
    setup.write({"tokenFile": "two"})
    assert await setup.bearer() == "two"


# In a cluster


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {"token": f"{PLANTED}\n", "ca.crt": CERTIFICATE, "namespace": "tools\n"}.items():
        (tmp_path / name).write_text(content)
    return tmp_path


POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def pod(folder: Path, **environ: str) -> InCluster:
    return InCluster(folder, POD | environ)


def bearing(token: str) -> Credentials:
    return Credentials(token=token)


async def test_a_pod_knows_its_cluster_its_namespace_and_its_token(folder: Path) -> None:
    entry = pod(folder).entry()
    assert (entry.name, entry.source) == ("in-cluster", "in-cluster")
    assert (entry.server, entry.namespace, entry.ca) == (
        "https://10.96.0.1:443",
        "tools",
        CERTIFICATE.encode(),
    )
    assert await pod(folder).credentials(ACCESS, entry) == Credentials(token=PLANTED)


def test_an_address_of_the_sixth_version_is_put_into_brackets(folder: Path) -> None:
    assert pod(folder, KUBERNETES_SERVICE_HOST="fd00::1").entry().server == "https://[fd00::1]:443"


@pytest.mark.parametrize("missing", ["ca.crt", "namespace"])
def test_each_missing_file_of_the_service_account_is_named(folder: Path, missing: str) -> None:
    (folder / missing).write_text("")
    with pytest.raises(UnknownCluster, match=f"{missing} is empty"):
        pod(folder).entry()
    (folder / missing).unlink()
    with pytest.raises(UnknownCluster, match=f"{missing} cannot be read: No such file"):
        pod(folder).entry()


async def test_a_missing_token_of_the_service_account_is_named(folder: Path) -> None:
    here = pod(folder)
    (folder / "token").unlink()
    with pytest.raises(CredentialsError, match=r"ServiceAccount signs in with the token file .*/token, which cannot"):
        await here.credentials(ACCESS, here.entry())


@pytest.mark.parametrize("name", ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"])
async def test_a_missing_variable_of_the_pod_is_named(folder: Path, name: str) -> None:
    with pytest.raises(UnknownCluster, match=f"{name} not set"):
        pod(folder, **{name: ""}).entry()
    with pytest.raises(CredentialsError, match=f"{name} not set"):
        await pod(folder, **{name: ""}).credentials(ACCESS, pod(folder).entry())


async def test_a_rotated_token_and_authority_are_used(folder: Path) -> None:
    clock = Clock()
    here = InCluster(folder, POD, clock)
    first = await here.credentials(ACCESS, here.entry())
    (folder / "token").write_text("rotated")
    (folder / "ca.crt").write_text(CERTIFICATE * 2)
    assert here.entry().ca == (CERTIFICATE * 2).encode()
    assert await here.credentials(ACCESS, here.entry()) == first
    assert await here.credentials(ACCESS, here.entry(), first) == bearing("rotated")
    (folder / "token").write_text("once-more")
    clock.now += 60
    assert await here.credentials(ACCESS, here.entry()) == bearing("once-more")


async def test_the_service_account_signs_in_to_no_other_cluster(folder: Path) -> None:
    other = ClusterEntry(name="other", source="in-cluster", server="https://elsewhere:6443")
    with pytest.raises(CredentialsError, match="own cluster only"):
        await pod(folder).credentials(ACCESS, other)

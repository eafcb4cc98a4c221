from __future__ import annotations

import asyncio
import base64
import json
import logging
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes.errors import CredentialsError
from mcp_kubernetes.kube.cluster import Credentials
from mcp_kubernetes.kube.connection import Request
from tests.cluster import own
from tests.cluster.pki import Pki
from tests.kube.scripted import exchange
from tests.kube.signing_in import CERTIFICATE, KEY, PLANTED
from tests.oidc.issuer import BASIC, POST, PUBLIC, Issuer, running
from tests.oidc.person import Person, jwt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster import Cluster


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running() as found:
        yield found


class SignedIn(Person):
    """Somebody who signs in at the real issuer."""

    def __init__(self, folder: Path, issuer: Issuer) -> None:
        super().__init__(folder, issuer.url, issuer.ca.read_bytes())
        self.issuer = issuer

    def sign_in(self, client: str = PUBLIC) -> None:
        """The id-token of a new sign-in is as good as expired; whatever it is renewed for lasts an hour."""
        tokens = self.issuer.sign_in(client)
        self.write(tokens["id_token"], tokens["refresh_token"], client)

    @property
    def renewals(self) -> int:
        """How often the issuer was asked for tokens, by anybody and in vain too."""
        return self.issuer.requests("POST /token ")


@pytest.fixture
def person(tmp_path: Path, issuer: Issuer) -> SignedIn:
    return SignedIn(tmp_path, issuer)


# The token in the file


@pytest.mark.parametrize("name", ["alice", "Zoë ÿ~?>ÿ?ÿ", "李??>>"])
async def test_an_id_token_that_holds_signs_in_and_nobody_is_asked(person: SignedIn, name: str) -> None:
    token = jwt(60, name=name)
    person.write(token, PLANTED, url="https://127.0.0.1:1")
    assert await person.credentials() == Credentials(token=token)


def test_the_tokens_above_are_in_the_alphabet_that_urls_need() -> None:
    assert {"-", "_"} <= set(jwt(60, name="Zoë ÿ~?>ÿ?ÿ") + jwt(60, name="李??>>"))


async def test_an_id_token_that_ends_within_ten_seconds_is_renewed(person: SignedIn) -> None:
    person.sign_in()
    person.replace(person.stored["id-token"], soon := jwt(5))
    assert (await person.credentials()).token != soon


@pytest.mark.parametrize("nonsense", ["opaque", "a.b.c", "e30..x", f"e30.{'W' * 9_000}.x", "e30.eyJleHAiOiJzb29uIn0.x"])
async def test_an_id_token_that_cannot_be_read_is_renewed(person: SignedIn, nonsense: str) -> None:
    person.sign_in()
    person.replace(person.stored["id-token"], nonsense)
    assert (await person.credentials()).token != nonsense


async def test_an_expired_id_token_without_a_refresh_token_says_how_to_go_on(person: SignedIn) -> None:
    person.write(jwt(-60), "")
    assert "no valid id-token, and no refresh-token to get one with. Sign in again" in await person.refusal()


async def test_what_the_server_refuses_stays_where_nothing_can_renew_it(person: SignedIn) -> None:
    person.write(jwt(60), "")
    first = await person.credentials()
    assert await person.credentials(first) == first


# Renewing


@pytest.mark.parametrize("client", [PUBLIC, BASIC, POST])
async def test_expired_tokens_are_renewed_and_written_back_and_nothing_else_changes(
    person: SignedIn, client: str
) -> None:
    person.sign_in(client)
    person.path.chmod(0o640)
    old, before = person.stored, person.path.read_text("utf-8")
    token = (await person.credentials()).token
    new = person.stored
    assert new["id-token"] == token
    assert {old["id-token"], old["refresh-token"]}.isdisjoint(new.values())
    expected = before.replace(old["id-token"], json.dumps(token))
    assert person.path.read_text("utf-8") == expected.replace(
        f"'{old['refresh-token']}'", json.dumps(new["refresh-token"])
    )
    assert person.path.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in person.path.parent.iterdir()) == ["config", "pki"]


async def test_renewed_tokens_hold_and_serve_a_new_process_too(person: SignedIn) -> None:
    person.sign_in()
    token = (await person.credentials()).token
    renewals = person.renewals
    for provider in (person.provider, person.another_process()):
        assert (await person.credentials(provider=provider)).token == token
    assert person.renewals == renewals


async def test_a_rotated_refresh_token_is_good_for_a_new_process(person: SignedIn) -> None:
    """The issuer ends the sign-in when an old one comes again, so each of these must use the newest."""
    person.sign_in()
    for _ in range(3):
        assert (await person.credentials(provider=person.another_process())).token
        person.replace(person.stored["id-token"], jwt(-60))


async def test_all_who_wait_share_one_renewal(person: SignedIn) -> None:
    person.sign_in()
    renewals = person.renewals
    found = await asyncio.gather(*(person.credentials() for _ in range(50)))
    assert len({credentials.token for credentials in found}) == 1
    assert person.renewals == renewals + 1


async def test_several_processes_on_one_file_renew_once(person: SignedIn) -> None:
    person.sign_in()
    renewals = person.renewals
    processes = [person.another_process() for _ in range(5)]
    found = await asyncio.gather(*(person.credentials(provider=provider) for provider in processes * 10))
    assert len({credentials.token for credentials in found}) == 1
    assert person.renewals == renewals + 1


async def test_a_refused_token_is_renewed_once_for_all_who_were_refused(person: SignedIn) -> None:
    person.sign_in()
    first = await person.credentials()
    renewals = person.renewals
    second = await asyncio.gather(*(person.credentials(first) for _ in range(20)))
    assert len({credentials.token for credentials in second} - {first.token}) == 1
    assert await person.credentials(first) == second[0], "somebody else has renewed it already"
    assert person.renewals == renewals + 1


async def test_what_another_program_wrote_is_used_before_anything_is_renewed(person: SignedIn) -> None:
    person.sign_in()
    await person.credentials()
    person.sign_in()
    person.replace(person.stored["id-token"], foreign := jwt(60))
    renewals = person.renewals
    assert (await person.credentials()).token == foreign
    assert person.renewals == renewals


async def test_a_refresh_token_that_is_not_accepted_asks_to_sign_in_again(person: SignedIn) -> None:
    person.write(jwt(-60), PLANTED)
    text = await person.refusal()
    assert (
        f"OpenID Connect issuer {person.issuer.url}, which does not accept the refresh-token any more. Sign in again"
        in text
    )
    assert person.stored["refresh-token"] == PLANTED


async def test_a_client_that_the_issuer_does_not_know_is_named_as_the_problem(person: SignedIn) -> None:
    person.write(jwt(-60), PLANTED, client="unknown")
    assert "does not accept the client. Check client-id and client-secret." in await person.refusal()


# Which issuer


async def test_an_issuer_that_is_down_is_named(person: SignedIn) -> None:
    person.write(jwt(-60), PLANTED, url="https://127.0.0.1:1")
    assert "which cannot be asked: the server of the issuer cannot be reached: connection refused" in (
        await person.refusal()
    )


async def test_an_issuer_whose_certificate_is_of_another_authority_is_sent_nothing(
    person: SignedIn, tmp_path: Path
) -> None:
    person.sign_in()
    other = Pki.create(tmp_path / "other")
    (tmp_path / "pki" / "idp.crt").write_bytes(other.ca.read_bytes())
    asked = person.issuer.requests("")
    assert "which cannot be asked: the certificate of the issuer is not trusted" in await person.refusal()
    assert person.issuer.requests("") == asked


async def test_without_an_authority_of_its_own_an_issuer_is_checked_by_the_systems(person: SignedIn) -> None:
    person.sign_in()
    person.replace("idp-certificate-authority:", "unknown-key:")
    asked = person.issuer.requests("")
    assert "the certificate of the issuer is not trusted" in await person.refusal()
    assert person.issuer.requests("") == asked


async def test_an_authority_in_the_file_itself_wins_over_a_path(person: SignedIn) -> None:
    person.sign_in()
    data = base64.b64encode(person.issuer.ca.read_bytes()).decode()
    person.replace("pki/idp.crt ", f"missing.crt\n        idp-certificate-authority-data: {data} ")
    assert (await person.credentials()).token == person.stored["id-token"]


async def test_an_issuer_by_another_name_is_not_the_issuer(person: SignedIn) -> None:
    person.write(jwt(-60), PLANTED, url=person.url.replace("127.0.0.1", "localhost"))
    assert "says in its configuration that it is another issuer" in await person.refusal()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: oidc", "name: gcp", "Kubernetes clients removed the others (gcp, azure) in 1.26. Use a credential"),
        ("name: oidc", "name: azure", "is not oidc"),
        ("name: oidc", "x: y", "is not oidc"),
        ("client-id:", "x:", "names no client-id"),
        ("idp-issuer-url:", "x:", "names no idp-issuer-url"),
        ("https://127", f"http://{PLANTED}.127", "has an idp-issuer-url that is no https address"),
        ("https://127", f"https://me:{PLANTED}@127", "has an idp-issuer-url that is no https address"),
        ("pki/idp.crt", "pki/missing.crt", "a file for idp-certificate-authority that cannot be read: No such"),
        ("pki/idp.crt", "config", "a value for idp-certificate-authority that is not PEM"),
        ("pki/idp.crt", f"x\n        idp-certificate-authority-data: {PLANTED}", "data that is not base64"),
        ("client-id: kube", "client-id: [kube]", "a value for client-id that is not text"),
        ("    auth-provider:", "    exec: {command: x}\n    auth-provider:", "both an exec and an auth-provider"),
    ],
)
async def test_an_entry_that_cannot_be_honoured_is_an_error(person: SignedIn, old: str, new: str, words: str) -> None:
    person.write(jwt(-60), PLANTED)
    person.replace(old, new)
    with pytest.raises(CredentialsError) as caught:
        await person.credentials()
    assert words in str(caught.value)
    assert PLANTED not in str(caught.value)


async def test_a_token_wins_and_a_certificate_is_used_beside_it_as_in_client_go(person: SignedIn) -> None:
    person.write(token := jwt(60), PLANTED)
    pair = {name: base64.b64encode(pem.encode()).decode() for name, pem in (("certificate", CERTIFICATE), ("key", KEY))}
    data = "".join(f"    client-{name}-data: {encoded}\n" for name, encoded in pair.items())
    person.replace("    auth-provider:", f"{data}    auth-provider:")
    expected = Credentials(token=token, certificate=CERTIFICATE.encode(), key=KEY.encode())
    assert await person.credentials() == expected
    person.replace("    auth-provider:", "    token: standing\n    auth-provider:")
    assert (await person.credentials()).token == "standing"  # noqa: S105 - a planted one


# A file that cannot be written


def read_only(path: Path) -> None:
    path.chmod(0o400)


def locked(path: Path) -> None:
    (path.parent / "config.lock").touch()


def folded(path: Path) -> None:
    content = path.read_text("utf-8")
    path.write_text(content.replace("  # old", "").replace("id-token: ", "id-token: >-\n          "), "utf-8")


@pytest.mark.parametrize(
    ("hinder", "reason"),
    [(read_only, "it is read-only"), (locked, "it is locked"), (folded, "its text cannot be changed safely")],
)
async def test_tokens_that_cannot_be_written_stay_in_memory_with_one_warning(
    person: SignedIn, caplog: pytest.LogCaptureFixture, hinder: Any, reason: str
) -> None:
    caplog.set_level(logging.DEBUG)
    person.sign_in()
    hinder(person.path)
    before = person.path.read_bytes()
    first = await person.credentials()
    second = await person.credentials(first)
    assert await person.credentials() == second != first, "the rotated refresh token was at hand"
    assert person.path.read_bytes() == before
    (warning,) = [record for record in caplog.records if record.name.startswith("mcp_kubernetes")]
    assert warning.levelno == logging.WARNING
    assert warning.getMessage().startswith(f'The user "me" in {person.path} has new tokens, which stay in memory: ')
    assert reason in warning.getMessage()
    for secret in (first.token, second.token, person.stored.get("refresh-token", PLANTED)):
        assert str(secret) not in caplog.text


async def test_a_link_stays_a_link_and_the_file_behind_it_is_changed(person: SignedIn, tmp_path: Path) -> None:
    person.sign_in()
    (tmp_path / "home").mkdir()
    real = person.path.rename(tmp_path / "home" / "real")
    person.path.symlink_to(real)
    token = (await person.credentials()).token
    assert person.path.is_symlink()
    assert token
    assert token in real.read_text("utf-8")


async def test_another_programs_lock_is_waited_for(
    person: SignedIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.sign_in()
    locked(person.path)
    monkeypatch.setattr("time.sleep", lambda _: (tmp_path / "config.lock").unlink())
    token = (await person.credentials()).token
    assert person.stored["id-token"] == token
    assert not (tmp_path / "config.lock").exists()


# A real API server


AUTHENTICATION = """\
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer: {{url: "{url}", audiences: [kube], certificateAuthority: {ca}}}
  claimMappings:
    username: {{claim: email, prefix: "oidc:"}}
    groups: {{claim: groups, prefix: "oidc:"}}
"""
PODS = Request(method="GET", path="/api/v1/namespaces/default/pods")


@pytest.fixture
def trusting(cluster: Cluster, issuer: Issuer, tmp_path: Path) -> Iterator[Cluster]:
    """An API server that takes the issuer's tokens, and lets the group in them read pods."""
    config = tmp_path / "authentication.yaml"
    config.write_text(AUTHENTICATION.format(url=issuer.url, ca=json.dumps(issuer.ca.read_text("utf-8"))), "utf-8")
    with own(cluster, extra_args=[f"--authentication-config={config}"]) as mine:
        mine.kubectl("create", "clusterrole", "pods", "--verb=list", "--resource=pods")
        mine.kubectl("create", "clusterrolebinding", "team-a", "--clusterrole=pods", "--group=oidc:team-a")
        yield mine


async def test_the_api_server_takes_renewed_tokens_and_sees_nothing_of_a_refused_renewal(
    person: SignedIn, trusting: Cluster
) -> None:
    person.server = trusting.server
    person.sign_in()
    asking = exchange(replace(person.entry(), ca=trusting.ca.read_bytes()), provider=person.provider)
    async with aclosing(asking.pool):
        assert (await asking.send(PODS)).status == 200
        person.replace(person.stored["id-token"], jwt(60, iss=person.url))
        renewals = person.renewals
        assert (await asking.send(PODS)).status == 200, "a token that nobody signed was refused, and renewed"
        assert person.renewals == renewals + 1
        person.write(jwt(-60), PLANTED)
        with pytest.raises(CredentialsError, match="does not accept the refresh-token any more"):
            await asking.send(PODS)
    seen = [(request.user, request.code) for request in trusting.requests(user_agent="test/1")]
    assert seen == [("oidc:alice@example.com", 200), ("", 401), ("oidc:alice@example.com", 200)]

"""An issuer that answers as told: no real one gives nonsense, or waits for a test."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote_plus

import pytest

from mcp_kubernetes.kube.credentials import oidc_issuer
from tests.kube.scripted import Cut, Received, ScriptedServer, http
from tests.kube.signing_in import CERTIFICATE, PLANTED
from tests.oidc.issuer import BASIC, PUBLIC, SECRET
from tests.oidc.person import Person, jwt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

REFUSED = http(400, '{"error": "invalid_grant"}')
UNKNOWN_CLIENT = http(401, '{"error": "invalid_client"}')
HUGE = http(200, json.dumps({"x": "x" * (1 << 20)}))
DEEP = http(200, '{"x":' * 100_000)


@dataclass
class ScriptedIssuer(ScriptedServer):
    """Plain http on loopback. At the token endpoint it answers when it may, which is at once unless a test waits."""

    is_asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def metadata(self, **others: Any) -> bytes:
        """The answer with its configuration, in which `others` win."""
        noise = {"scopes_supported": 5, "x": [None, {"issuer": "y"}]}
        found = {"issuer": self.url, "token_endpoint": f"{self.url}/token", **noise, **others}
        return http(200, json.dumps(found))

    @property
    def forms(self) -> list[Received]:
        """The requests for tokens."""
        return [request for request in self.received if request.method == "POST"]

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        answer = await super()._answer(reader)
        if self.received[-1].method == "POST":
            self.is_asked.set()
            await self.may_answer.wait()
        return answer


@asynccontextmanager
async def issuing(
    folder: Path, *answers: bytes, waits: bool = False, client: str = PUBLIC, **metadata: Any
) -> AsyncIterator[tuple[ScriptedIssuer, Person]]:
    """The issuer with these answers to requests for tokens, and a person whose tokens have expired."""
    async with ScriptedIssuer([b""]) as issuer:
        issuer.script[:] = [issuer.metadata(**metadata), *answers]
        if not waits:
            issuer.may_answer.set()
        person = Person(folder, issuer.url, CERTIFICATE.encode())
        person.write(jwt(-60), "first-one", client)
        person.replace("idp-certificate-authority:", "none:")
        yield issuer, person


def tokens(**given: Any) -> bytes:
    return http(200, json.dumps({"token_type": "Bearer", "expires_in": "3600", "noise": [{"x": 1}], **given}))


def form(request: Received) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(request.body.decode(), strict_parsing=True).items()}


# What is asked


async def test_a_refresh_is_asked_for_as_rfc_6749_says_and_scopes_are_not_sent(tmp_path: Path) -> None:
    async with issuing(tmp_path, tokens(id_token=jwt(60), refresh_token="second")) as (issuer, person):  # noqa: S106
        await person.credentials()
    first, asked = issuer.received
    assert first.target == "/.well-known/openid-configuration"
    assert (asked.target, asked.headers["content-type"]) == ("/token", "application/x-www-form-urlencoded")
    assert form(asked) == {"grant_type": "refresh_token", "refresh_token": "first-one", "client_id": "kube"}
    assert "authorization" not in asked.headers


async def test_a_secret_goes_into_the_header_and_into_the_form_only_where_that_is_wanted(tmp_path: Path) -> None:
    pair = base64.b64encode(f"{BASIC}:{quote_plus(SECRET)}".encode()).decode()
    async with issuing(tmp_path, UNKNOWN_CLIENT, tokens(id_token=jwt(60)), client=BASIC) as (issuer, person):
        await person.credentials()
    first, second = issuer.forms
    assert first.headers["authorization"] == f"Basic {pair}"
    assert "client_secret" not in form(first)
    assert form(second)["client_secret"] == SECRET
    assert "authorization" not in second.headers


async def test_a_secret_goes_into_the_form_at_once_where_the_issuer_takes_it_only_there(tmp_path: Path) -> None:
    listed = ["private_key_jwt", "client_secret_post"]
    found = issuing(tmp_path, tokens(id_token=jwt(60)), client=BASIC, token_endpoint_auth_methods_supported=listed)
    async with found as (issuer, person):
        await person.credentials()
    (asked,) = issuer.forms
    assert form(asked)["client_secret"] == SECRET


async def test_the_token_endpoint_may_be_elsewhere_and_have_a_query(tmp_path: Path) -> None:
    async with ScriptedIssuer([tokens(id_token=jwt(60))]) as other:
        other.may_answer.set()
        endpoint = f"{other.url}/a%20b/to%20ken?p=x+y&q="
        async with issuing(tmp_path, b"", token_endpoint=endpoint) as (issuer, person):
            await person.credentials()
    assert not issuer.forms
    assert [asked.target for asked in other.forms] == ["/a%20b/to%20ken?p=x+y&q="]


# What is answered


@pytest.mark.parametrize("given", [{}, {"refresh_token": None}, {"refresh_token": ""}, {"refresh_token": 5}])
async def test_without_a_new_refresh_token_the_old_one_is_kept(tmp_path: Path, given: dict[str, Any]) -> None:
    new = jwt(60)
    async with issuing(tmp_path, tokens(id_token=new, **given)) as (_, person):
        assert (await person.credentials()).token == new
    assert (person.stored["id-token"], person.stored["refresh-token"]) == (new, "first-one")


async def test_a_new_refresh_token_is_kept_even_where_no_id_token_comes_with_it(tmp_path: Path) -> None:
    async with issuing(tmp_path, tokens(refresh_token="second")) as (_, person):  # noqa: S106 - a planted one
        assert "gave no id_token when the tokens were renewed. Sign in again with the scope" in await person.refusal()
    assert person.stored["refresh-token"] == "second"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (tokens(), "gave no id_token"),
        (tokens(id_token=[PLANTED]), "gave no id_token"),
        (tokens(id_token=PLANTED), "gave no id_token"),
        (tokens(id_token=f"e30.e30.{PLANTED}"), "gave no id_token"),
        (tokens(id_token=f"{jwt(60)}\nX-Other: y"), "gave no id_token"),
        (http(200, PLANTED), "something that is no token response"),
        (http(200, ""), "something that is no token response"),
        (http(200, f'["{PLANTED}"]'), "something that is no token response"),
        (http(200, '{"error": "invalid_grant"}'), "does not accept the refresh-token any more"),
        (http(400, '{"error": "invalid_scope"}'), "does not renew the tokens (invalid_scope). Sign in again"),
        (http(400, json.dumps({"error": PLANTED})), "does not renew the tokens (HTTP 400)"),
        (http(400, json.dumps({"error": [PLANTED]})), "does not renew the tokens (HTTP 400)"),
        (http(503, PLANTED), "does not renew the tokens (HTTP 503). Try again."),
        (http(302, "", location="/elsewhere"), "does not renew the tokens (HTTP 302)"),
        (UNKNOWN_CLIENT, "does not accept the client"),
        (HUGE, "cannot be asked: the server's answer is larger than 1 MiB"),
        (DEEP, "something that is no token response"),
        (Cut(), "cannot be asked: the server of its token endpoint closed the connection"),
    ],
)
async def test_an_answer_that_nobody_can_sign_in_with_is_an_error_of_one_sentence(
    tmp_path: Path, answer: bytes, words: str
) -> None:
    async with issuing(tmp_path, answer) as (issuer, person):
        before = person.path.read_bytes()
        assert words in await person.refusal()
        assert len(issuer.forms) == 1
    assert person.path.read_bytes() == before


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(404, PLANTED), "answers no OpenID Connect configuration (HTTP 404)"),
        (http(301, "", location="/elsewhere"), "answers no OpenID Connect configuration (HTTP 301)"),
        (http(200, f"<html>{PLANTED}"), "answers no OpenID Connect configuration (HTTP 200)"),
        (http(200, "[]"), "answers no OpenID Connect configuration (HTTP 200)"),
        (http(200, '{"issuer": 5}'), "answers no OpenID Connect configuration (HTTP 200)"),
        (http(200, "{}"), "says in its configuration that it is another issuer"),
        (http(200, f'{{"issuer": "https://{PLANTED}"}}'), "says in its configuration that it is another issuer"),
        (HUGE, "the server's answer is larger than 1 MiB"),
        (DEEP, "answers no OpenID Connect configuration"),
        (Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"), "cannot be asked: the server of the issuer "),
        (Cut(b"SSH-2.0-OpenSSH\r\n\r\n"), "cannot be asked: the server of the issuer "),
    ],
)
async def test_an_issuer_without_a_proper_configuration_gets_no_token(
    tmp_path: Path, answer: bytes, words: str
) -> None:
    async with issuing(tmp_path) as (issuer, person):
        issuer.script[:] = [answer]
        assert words in await person.refusal()
        assert not issuer.forms


@pytest.mark.parametrize(
    "endpoint",
    ["", "/token", "token", f"http://{PLANTED}.example/token", f"https://me:{PLANTED}@x/t", "https://x/\ny?"],
)
async def test_no_token_is_sent_where_others_can_read_it(tmp_path: Path, endpoint: str) -> None:
    async with issuing(tmp_path, token_endpoint=endpoint) as (issuer, person):
        assert "names a token endpoint that is no https address" in await person.refusal()
        assert not issuer.forms


@pytest.mark.timeout(20)  # far below a request's own limit
async def test_an_issuer_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc_issuer, "_TIMEOUT", 0.2)
    async with issuing(tmp_path, REFUSED, waits=True) as (_, person):
        assert "the server of its token endpoint did not answer in time" in await person.refusal()


# Meanwhile


async def test_a_caller_who_gives_up_does_not_lose_the_new_tokens(tmp_path: Path) -> None:
    new = jwt(60)
    async with issuing(tmp_path, tokens(id_token=new, refresh_token="second"), waits=True) as (issuer, person):  # noqa: S106
        impatient, patient = (asyncio.create_task(person.credentials()) for _ in range(2))
        await issuer.is_asked.wait()
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        issuer.may_answer.set()
        assert (await patient).token == new
        assert len(issuer.forms) == 1
    assert person.stored["refresh-token"] == "second"


async def test_tokens_of_a_program_that_was_faster_with_the_same_refresh_token_are_used(tmp_path: Path) -> None:
    async with issuing(tmp_path, REFUSED, waits=True) as (issuer, person):
        calling = asyncio.create_task(person.credentials())
        await issuer.is_asked.wait()
        person.write(foreign := jwt(60), "foreign")
        issuer.may_answer.set()
        assert (await calling).token == foreign


async def test_what_another_program_writes_meanwhile_stays_and_is_used_next(tmp_path: Path) -> None:
    new = jwt(60)
    async with issuing(tmp_path, tokens(id_token=new, refresh_token="second"), waits=True) as (issuer, person):  # noqa: S106
        calling = asyncio.create_task(person.credentials())
        await issuer.is_asked.wait()
        person.write(foreign := jwt(90), "foreign")
        before = person.path.read_bytes()
        issuer.may_answer.set()
        assert (await calling).token == new
        assert (await person.credentials()).token == foreign
    assert person.path.read_bytes() == before


async def test_other_changes_of_the_file_meanwhile_stay_too(tmp_path: Path) -> None:
    async with issuing(tmp_path, tokens(id_token=jwt(60), refresh_token="second"), waits=True) as (issuer, person):  # noqa: S106
        calling = asyncio.create_task(person.credentials())
        await issuer.is_asked.wait()
        person.replace("# mine, by hand", "# mine, and another's")
        issuer.may_answer.set()
        await calling
    assert person.path.read_text("utf-8").startswith("# mine, and another's\n")
    assert person.stored["refresh-token"] == "second"


async def test_a_file_that_is_gone_meanwhile_is_not_made_anew(tmp_path: Path) -> None:
    async with issuing(tmp_path, tokens(id_token=jwt(60), refresh_token="second"), waits=True) as (issuer, person):  # noqa: S106
        calling = asyncio.create_task(person.credentials())
        await issuer.is_asked.wait()
        person.path.unlink()
        issuer.may_answer.set()
        assert (await calling).token
    assert not person.path.exists()

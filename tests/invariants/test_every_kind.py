"""Invariant 4, and what nobody sees, over objects of every kind that the API server has.

Which kinds there are and where they hold text it tells itself. Each place that takes it holds characters that nobody
sees and a credential; where only a plain text will do, the credential.
"""

from __future__ import annotations

import logging
import secrets
import string
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

import mcp_kubernetes_resources
from mcp_kubernetes import App, Identity
from mcp_kubernetes.results import UNSEEN, has_unseen
from mcp_kubernetes_resources.addresses import OBJECTS
from pytest_mcp_kubernetes.static import Static
from tests.cluster import own
from tests.every_kind.making import NAMESPACE, Made, Maker, kinds
from tests.every_kind.questions import Question, addresses, questions, refused
from tests.invariants.planted import Planted

if TYPE_CHECKING:
    from tests.cluster import Cluster

HIDDEN = "a\u202eb\u200b\x1b[31mc\U000e0041\x00d"
ROOMY = {"output": {"max_bytes": 4_000_000}, "kubernetes": {"qps_limit": 0}}
SECRET = "".join(secrets.choice(string.ascii_uppercase) for _ in range(24))
CREDENTIAL = f"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.{SECRET}"
"""A JSON Web Token by its looks, short and plain enough for a label. In some tables the API server writes kinds small,
which leaves nothing of it."""

GUESSED, KEPT = SECRET[:12], SECRET[12:]
"""The half that questions look for, and that which they do not know."""

FEWEST_KINDS, FEWEST_PLACES = 50, 2_500


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[Cluster]:
    with own(cluster) as mine:
        mine.api.ensure("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        mine.api.ensure(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}})
        yield mine


@pytest.fixture(scope="module")
def everything(server: Cluster) -> list[Made]:
    """Objects of every kind, on a server of their own."""
    with server.api.trying() as send:
        maker = Maker(server, send, texts=(f"{HIDDEN} {CREDENTIAL}", CREDENTIAL), key=CREDENTIAL)
        return [maker.make(kind) for kind in list(kinds(send))]


@asynccontextmanager
async def running(server: Cluster) -> AsyncIterator[App]:
    async with App.of(
        ROOMY, plugins={"resources": mcp_kubernetes_resources, "static": Static(server.kubeconfig)}
    ) as app:
        yield app


async def ask(app: App, question: Question) -> tuple[bool, str]:
    outcome = await app.call(*question, identity=Identity.local(), session=None)
    return outcome.is_error, "\n".join(outcome.blocks)


def wrong(said: str, made: Made) -> list[str]:
    """What is in an answer about these objects and should not be; of Secrets nothing in base64 either."""
    found = UNSEEN.search(said) if has_unseen(said) else None
    unseen = [repr(said[max(0, found.start() - 60) : found.end()])] if found else []
    is_secret = made.kind.full_name == "secrets"
    left = Planted((SECRET,)).left_in(said) if is_secret else [half for half in (GUESSED, KEPT) if half in said]
    return [*unseen, *left[:1]]


def test_every_kind_is_there_and_holds_the_texts(everything: list[Made]) -> None:
    assert [made.kind.full_name for made in everything if not made.names] == []
    assert len(everything) > FEWEST_KINDS
    assert sum(len(leaves) for made in everything for leaves in made.planted) > FEWEST_PLACES


@pytest.mark.timeout(600)  # some 1,500 questions: 30 s where nothing else runs
async def test_no_answer_about_any_kind_shows_a_credential_or_holds_what_nobody_sees(
    server: Cluster, everything: list[Made], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    failures: list[tuple[object, str]] = []
    async with running(server) as app:
        for made in everything:
            seen = ""
            for question in questions(made, GUESSED):
                failed, said = await ask(app, question)
                found = ["where found it"] if "where" in question[1] and "0 of the " not in said else []
                failures += [(question, each) for each in (*wrong(said, made), *found, *[said] * failed)]
                seen += said
            if "a\\u202eb" not in seen or not ("<redacted>" in seen or "<masked: " in seen):
                failures.append((made.kind.full_name, "the texts are in no answer, so none could have shown them"))
    assert not failures
    assert KEPT not in caplog.text


async def test_no_refusal_about_any_kind_shows_one_either(server: Cluster, everything: list[Made]) -> None:
    async with running(server) as app:
        asked = [(made, question, *await ask(app, question)) for made in everything for question in refused(made)]
    assert [question for _, question, failed, _ in asked if not failed] == []
    assert [(question, wrong(said, made)) for made, question, _, said in asked if wrong(said, made)] == []


async def test_no_resource_and_no_completion_does(server: Cluster, everything: list[Made]) -> None:
    failures: list[tuple[object, str]] = []
    async with running(server) as app:
        for made in everything:
            for uri in addresses(made):
                outcome = await app.resources.read(uri, Identity.local(), None)
                said = "\n".join(outcome.blocks)
                failures += [(uri, each) for each in (*wrong(said, made), *[said] * outcome.is_error)]
            given = {"namespace": NAMESPACE if made.kind.namespaced else "-", "kind": made.kind.full_name}
            found = await app.resources.complete(OBJECTS.uri, "name", "", given, Identity.local(), None)
            failures += [(given, each) for each in wrong(" ".join(found.values), made)]
            assert {*made.names} <= {*found.values}
    assert not failures

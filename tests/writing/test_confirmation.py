"""A person approves of what destroys: asked by a real MCP client, in both eras of the protocol, before it is sent."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client
from mcp import types as mcp

import mcp_kubernetes_resources
from mcp_kubernetes.spi import Session, mcp_server
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.writing.kinds import KINDS, Fields
from tests.writing.watched import change_id, writes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mcp_kubernetes import App
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster
    from tests.invariants.probes import Witness

MODES = ("auto", "legacy")
_MAP = KINDS["ConfigMap"]
_YES = mcp.ElicitResult(action="accept", content={"approve": True})
_NO_YES = {
    "decline": (mcp.ElicitResult(action="decline"), "declined; nothing was changed"),
    "cancel": (mcp.ElicitResult(action="cancel"), "closed the question without an answer; nothing was changed"),
    "unticked": (mcp.ElicitResult(action="accept", content={"approve": False}), "declined; nothing was changed"),
    "empty": (mcp.ElicitResult(action="accept", content={}), "declined; nothing was changed"),
    "no form": (mcp.ElicitResult(action="accept"), "declined; nothing was changed"),
    "a text": (mcp.ElicitResult(action="accept", content={"approve": "true"}), "declined; nothing was changed"),
}


@dataclass
class Person:
    """Who sits at the client: what they were asked, and what they say."""

    says: mcp.ElicitResult | Exception
    asked: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    """Called with each question, before it is answered."""

    async def __call__(self, context: Any, params: mcp.ElicitRequestParams) -> mcp.ElicitResult:
        del context
        self.asked.append(params.message)
        self.before()
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@dataclass
class Bench:
    """A server that asks, in a namespace of its own."""

    app: App
    cluster: Cluster
    witness: Witness
    namespace: str

    @asynccontextmanager
    async def client(self, mode: str, person: Person | None) -> AsyncIterator[Client]:
        server = mcp_server(self.app, session=Session(key="test"))
        async with Client(server, mode=mode, elicitation_callback=person) as made:
            yield made

    def sent(self) -> list[tuple[str, str]]:
        return writes(self.witness.seen())

    def make(self, name: str, **metadata: Any) -> Fields:
        found: Fields = self.cluster.api.post(_MAP.path(self.namespace), _MAP.manifest(name, **metadata))
        return found

    def names(self) -> set[str]:
        items = self.cluster.api.get(_MAP.path(self.namespace))["items"]
        return {item["metadata"]["name"] for item in items} - {"kube-root-ca.crt"}

    def which(self, **more: Any) -> dict[str, Any]:
        return {"resourceType": "configmaps", "namespace": self.namespace, **more}


@pytest.fixture
async def bench(app: Apps, cluster: Cluster, witness: Witness, namespace: str) -> AsyncIterator[Bench]:
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(witness.kubeconfig)}
    safety = {"non_destructive": False, "confirm": "destructive"}
    async with app.make(plugins, {"safety": safety, "kubernetes": {"qps_limit": 0}}) as made:
        yield Bench(made, cluster, witness, namespace)


@pytest.mark.parametrize("mode", MODES)
async def test_nothing_is_sent_before_a_person_approved_and_then_it_is_carried_out(bench: Bench, mode: str) -> None:
    bench.make("o")
    person = Person(_YES, before=lambda: sent.append(bench.sent()))
    sent: list[Any] = []
    async with bench.client(mode, person) as client:
        result = await client.call_tool("k8s_delete_resource", bench.which(name="o"))
    assert sent == [[]]
    assert "configmap/o deleted" in text(result)
    [question] = person.asked
    assert question == f"Delete configmap/o in the namespace {bench.namespace} in the cluster test?"
    assert [verb for verb, _ in bench.sent()] == ["delete"]


@pytest.mark.parametrize("answer", _NO_YES)
@pytest.mark.parametrize("mode", MODES)
async def test_whatever_is_no_yes_sends_nothing(bench: Bench, mode: str, answer: str) -> None:
    bench.make("o")
    says, sentence = _NO_YES[answer]
    async with bench.client(mode, Person(says)) as client:
        result = await client.call_tool("k8s_delete_resource", bench.which(name="o"))
    assert result.is_error
    assert sentence in text(result)
    assert bench.sent() == []
    assert bench.names() == {"o"}


@pytest.mark.parametrize("mode", MODES)
async def test_a_client_that_cannot_ask_is_told_so(bench: Bench, mode: str) -> None:
    bench.make("o")
    async with bench.client(mode, None) as client:
        result = await client.call_tool("k8s_delete_resource", bench.which(name="o"))
    assert result.is_error
    assert "this client cannot ask one (it declares no elicitation of forms); nothing was changed" in text(result)
    assert bench.sent() == []


async def test_a_client_that_fails_to_ask_sends_nothing(bench: Bench) -> None:
    bench.make("o")
    async with bench.client("legacy", Person(RuntimeError("no window"))) as client:
        result = await client.call_tool("k8s_delete_resource", bench.which(name="o"))
    assert result.is_error
    assert "was to ask a person, and failed to; nothing was changed" in text(result)
    assert bench.sent() == []


@pytest.mark.parametrize("mode", MODES)
async def test_what_destroys_takes_over_or_takes_back_is_asked_about_and_nothing_else(bench: Bench, mode: str) -> None:
    bench.make("theirs")
    person = Person(_YES)
    place = {"namespace": bench.namespace}
    async with bench.client(mode, person) as client:

        async def asks(tool: str, **arguments: Any) -> tuple[int, str]:
            before = len(person.asked)
            result = await client.call_tool(tool, arguments)
            assert not result.is_error, text(result)
            return len(person.asked) - before, text(result)

        asked, created = await asks("k8s_create_resource", manifest=_MAP.manifest("o"), **place)
        assert asked == 0
        changed = {**_MAP.manifest("o"), "data": {"a": "2"}}
        assert (await asks("k8s_apply_resource", manifest=_MAP.manifest("new"), **place))[0] == 0
        assert (await asks("k8s_apply_resource", manifest=changed, force=True, **place))[0] == 1
        patch = {"patch": {"data": {"b": "2"}}, "patchType": "merge"}
        assert (await asks("k8s_patch_resource", **bench.which(name="o"), **patch))[0] == 0
        assert (await asks("k8s_delete_resource", **bench.which(name="theirs"), dryRun=True))[0] == 0
        assert (await asks("k8s_undo_change", changeId=change_id(created)))[0] == 1
    assert [question.split()[0] for question in person.asked] == ["Take", "Undo"]


@pytest.mark.parametrize(("late", "left"), [("a-late", {"a-late", "one", "two"}), ("z-late", {"z-late"})])
@pytest.mark.parametrize("mode", MODES)
async def test_one_question_covers_all_that_a_selector_matches_and_no_more(
    bench: Bench, mode: str, late: str, left: set[str]
) -> None:
    """What matches only since the question was not approved of: it stays, or all are asked about anew."""

    def add() -> None:
        if len(person.asked) == 1:
            bench.make(late, labels={"a": "b"})
        else:
            person.says = mcp.ElicitResult(action="decline")

    for name in ("one", "two"):
        bench.make(name, labels={"a": "b"})
    person = Person(_YES, before=add)
    async with bench.client(mode, person) as client:
        result = await client.call_tool("k8s_delete_resource", bench.which(labelSelector="a=b"))
    assert "Approve of all these 2 operations?" in person.asked[0]
    assert "configmap/one" in person.asked[0]
    assert "configmap/two" in person.asked[0]
    assert bench.names() == left
    if late == "z-late":
        assert "z-late was not deleted: It is not what the person was asked about" in text(result)


@pytest.mark.parametrize("mode", MODES)
async def test_an_object_that_took_the_place_of_the_approved_one_is_not_deleted(bench: Bench, mode: str) -> None:
    def replace() -> None:
        if len(person.asked) == 1:
            bench.cluster.api.delete(_MAP.path(bench.namespace, "o"))
            bench.make("o")
        else:
            person.says = mcp.ElicitResult(action="decline")

    bench.make("o")
    person = Person(_YES, before=replace)
    async with bench.client(mode, person) as client:
        result = await client.call_tool("k8s_delete_resource", bench.which(name="o"))
    assert result.is_error
    assert bench.names() == {"o"}
    assert bench.sent() == []


async def test_the_question_says_what_cannot_be_undone_and_protection_stays(bench: Bench) -> None:
    claim = KINDS["PersistentVolumeClaim"]
    bench.cluster.api.post(claim.path(bench.namespace), claim.manifest("o"))
    person = Person(_YES)
    async with bench.client("auto", person) as client:
        await client.call_tool("k8s_delete_resource", {**bench.which(name="o"), "resourceType": "pvc"})
        unconfirmed = await client.call_tool(
            "k8s_delete_resource", {"resourceType": "namespaces", "name": bench.namespace}
        )
    assert "It cannot be undone: the volume behind it may be erased." in person.asked[0]
    assert "pass the object's name as confirm" in text(unconfirmed)
    assert len(person.asked) == 1


async def test_the_audit_tells_that_it_was_asked_and_approved(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.make("o")
    async with bench.client("auto", Person(_YES)) as client:
        await client.call_tool("k8s_delete_resource", bench.which(name="o"))
    records = [json.loads(each.message) for each in caplog.records if each.name.endswith(".audit")]
    assert [(record["audit"], record["outcome"]) for record in records] == [
        ("call", "asked"),
        ("started", "started"),
        ("call", "ok"),
    ]
    assert records[2]["approved"] is True


@dataclass
class Slip:
    """A question of the newer era, with the call that it belongs to."""

    client: Client
    tool: str
    arguments: dict[str, Any]
    state: str

    async def redeem(self, **other: Any) -> str:
        """Make the call with a yes to the question, or another one with it. What came of it."""
        said = {"tool": self.tool, "arguments": self.arguments, "state": self.state, **other}
        result = await self.client.session.call_tool(
            said["tool"], said["arguments"], input_responses={"approve": _YES}, request_state=said["state"],
            allow_input_required=True,
        )  # fmt: skip
        return "asked again" if isinstance(result, mcp.InputRequiredResult) else text(result)


async def _slip(client: Client, tool: str, arguments: dict[str, Any]) -> Slip:
    result = await client.session.call_tool(tool, arguments, allow_input_required=True)
    assert isinstance(result, mcp.InputRequiredResult)
    assert result.request_state
    return Slip(client, tool, arguments, result.request_state)


async def test_an_approval_is_good_once(bench: Bench) -> None:
    bench.make("o")
    async with bench.client("auto", Person(_YES)) as client:
        slip = await _slip(client, "k8s_delete_resource", bench.which(name="o"))
        assert "deleted" in await slip.redeem()
        bench.make("o")
        assert "This approval was used already" in await slip.redeem()
    assert bench.names() == {"o"}


async def test_an_approval_is_good_for_its_own_call_alone(bench: Bench) -> None:
    for name in ("o", "other"):
        bench.make(name)
    async with bench.client("auto", Person(_YES)) as client:
        slip = await _slip(client, "k8s_delete_resource", bench.which(name="o"))
        other: dict[str, dict[str, Any]] = {
            "another object": {"arguments": bench.which(name="other")},
            "another option": {"arguments": bench.which(name="o", gracePeriodSeconds=0)},
            "another namespace": {"arguments": {**bench.which(name="o"), "namespace": "default"}},
            "another tool": {
                "tool": "k8s_apply_resource",
                "arguments": {"manifest": _MAP.manifest("o"), "namespace": bench.namespace, "force": True},
            },
            "a changed state": {"state": slip.state[:-4] + "AAAA"},
            "a made-up state": {"state": "approved"},
        }
        for what, changed in other.items():
            assert "This approval was given for another call" in await slip.redeem(**changed), what
        assert bench.sent() == []
        assert "deleted" in await slip.redeem()
    assert bench.names() == {"other"}


async def test_an_answer_to_nothing_that_was_asked_is_none(bench: Bench) -> None:
    """A client that says yes of itself is asked all the same."""
    bench.make("o")
    async with bench.client("auto", Person(_YES)) as client:
        result = await client.session.call_tool(
            "k8s_delete_resource", bench.which(name="o"), input_responses={"approve": _YES}, allow_input_required=True
        )
        assert isinstance(result, mcp.InputRequiredResult)
    assert bench.sent() == []


async def test_an_approval_of_another_server_is_none(bench: Bench, app: Apps) -> None:
    bench.make("o")
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(bench.witness.kubeconfig)}
    safety = {"non_destructive": False, "confirm": "destructive"}
    async with bench.client("auto", Person(_YES)) as client, app.make(plugins, {"safety": safety}) as second:
        slip = await _slip(client, "k8s_delete_resource", bench.which(name="o"))
        elsewhere = Bench(second, bench.cluster, bench.witness, bench.namespace)
        async with elsewhere.client("auto", Person(_YES)) as other:
            said = await Slip(other, slip.tool, slip.arguments, slip.state).redeem()
    assert "before the server was restarted; nothing was changed" in said
    assert bench.sent() == []

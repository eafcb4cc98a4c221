"""A person approves of what destroys: asked by a real MCP client, in both eras of the protocol, before it is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp import types as mcp

from pytest_mcp_kubernetes.apps import text
from tests.writing.asking import YES, Asking, Person
from tests.writing.kinds import KINDS
from tests.writing.watched import change_id

MODES = ("auto", "legacy")
_MAP = KINDS["ConfigMap"]
_NOYES = {
    "decline": (mcp.ElicitResult(action="decline"), "declined; nothing was changed"),
    "cancel": (mcp.ElicitResult(action="cancel"), "closed the question without an answer; nothing was changed"),
    "unticked": (mcp.ElicitResult(action="accept", content={"approve": False}), "declined; nothing was changed"),
    "empty": (mcp.ElicitResult(action="accept", content={}), "declined; nothing was changed"),
    "no form": (mcp.ElicitResult(action="accept"), "declined; nothing was changed"),
    "a text": (mcp.ElicitResult(action="accept", content={"approve": "true"}), "declined; nothing was changed"),
}


@pytest.mark.parametrize("mode", MODES)
async def test_nothing_is_sent_before_a_person_approved_and_then_it_is_carried_out(asking: Asking, mode: str) -> None:
    asking.make("o")
    person = Person(YES, before=lambda: sent.append(asking.sent()))
    sent: list[Any] = []
    async with asking.client(mode, person) as client:
        result = await client.call_tool("k8s_delete_resource", asking.which(name="o"))
    assert sent == [[]]
    assert "configmap/o deleted" in text(result)
    [question] = person.asked
    assert question == f"Delete configmap/o in the namespace {asking.namespace} in the cluster test?"
    assert [verb for verb, _ in asking.sent()] == ["delete"]


@pytest.mark.parametrize("answer", _NOYES)
@pytest.mark.parametrize("mode", MODES)
async def test_whatever_is_no_yes_sends_nothing(asking: Asking, mode: str, answer: str) -> None:
    asking.make("o")
    says, sentence = _NOYES[answer]
    async with asking.client(mode, Person(says)) as client:
        result = await client.call_tool("k8s_delete_resource", asking.which(name="o"))
    assert result.is_error
    assert sentence in text(result)
    assert asking.sent() == []
    assert asking.names() == {"o"}


@pytest.mark.parametrize("mode", MODES)
async def test_a_client_that_cannot_ask_is_told_so(asking: Asking, mode: str) -> None:
    asking.make("o")
    async with asking.client(mode, None) as client:
        result = await client.call_tool("k8s_delete_resource", asking.which(name="o"))
    assert result.is_error
    assert "this client cannot ask one (it declares no elicitation of forms, or" in text(result)
    assert asking.sent() == []


async def test_a_client_that_fails_to_ask_sends_nothing(asking: Asking) -> None:
    asking.make("o")
    async with asking.client("legacy", Person(RuntimeError("no window"))) as client:
        result = await client.call_tool("k8s_delete_resource", asking.which(name="o"))
    assert result.is_error
    assert "was to ask a person, and failed to; nothing was changed" in text(result)
    assert asking.sent() == []


@pytest.mark.parametrize("mode", MODES)
async def test_what_destroys_takes_over_or_takes_back_is_asked_about_and_nothing_else(
    asking: Asking, mode: str
) -> None:
    asking.make("theirs")
    person = Person(YES)
    place = {"namespace": asking.namespace}
    async with asking.client(mode, person) as client:

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
        assert (await asks("k8s_patch_resource", **asking.which(name="o"), **patch))[0] == 0
        assert (await asks("k8s_delete_resource", **asking.which(name="theirs"), dryRun=True))[0] == 0
        assert (await asks("k8s_undo_change", changeId=change_id(created)))[0] == 1
    assert [question.split()[0] for question in person.asked] == ["Take", "Undo"]


@pytest.mark.parametrize(("late", "left"), [("a-late", {"a-late", "one", "two"}), ("z-late", {"z-late"})])
@pytest.mark.parametrize("mode", MODES)
async def test_one_question_covers_all_that_a_selector_matches_and_no_more(
    asking: Asking, mode: str, late: str, left: set[str]
) -> None:
    """What matches only since the question was not approved of: it stays, or all are asked about anew."""

    def add() -> None:
        if len(person.asked) == 1:
            asking.make(late, labels={"a": "b"})
        else:
            person.says = mcp.ElicitResult(action="decline")

    for name in ("one", "two"):
        asking.make(name, labels={"a": "b"})
    person = Person(YES, before=add)
    async with asking.client(mode, person) as client:
        result = await client.call_tool("k8s_delete_resource", asking.which(labelSelector="a=b"))
    assert "Approve of all these 2 operations?" in person.asked[0]
    assert "configmap/one" in person.asked[0]
    assert "configmap/two" in person.asked[0]
    assert asking.names() == left
    if late == "z-late":
        assert "z-late was not deleted: It is not what the person was asked about" in text(result)


@pytest.mark.parametrize("mode", MODES)
async def test_an_object_that_took_the_place_of_the_approved_one_is_not_deleted(asking: Asking, mode: str) -> None:
    def replace() -> None:
        if len(person.asked) == 1:
            asking.cluster.api.delete(_MAP.path(asking.namespace, "o"))
            asking.make("o")
        else:
            person.says = mcp.ElicitResult(action="decline")

    asking.make("o")
    person = Person(YES, before=replace)
    async with asking.client(mode, person) as client:
        result = await client.call_tool("k8s_delete_resource", asking.which(name="o"))
    assert result.is_error
    assert asking.names() == {"o"}
    assert asking.sent() == []


async def test_the_question_says_what_cannot_be_undone_and_protection_stays(asking: Asking) -> None:
    claim = KINDS["PersistentVolumeClaim"]
    asking.cluster.api.post(claim.path(asking.namespace), claim.manifest("o"))
    person = Person(YES)
    async with asking.client("auto", person) as client:
        await client.call_tool("k8s_delete_resource", {**asking.which(name="o"), "resourceType": "pvc"})
        unconfirmed = await client.call_tool(
            "k8s_delete_resource", {"resourceType": "namespaces", "name": asking.namespace}
        )
    assert "It cannot be undone: the volume behind it may be erased." in person.asked[0]
    assert "pass the object's name as confirm" in text(unconfirmed)
    assert len(person.asked) == 1


async def test_the_audit_tells_that_it_was_asked_and_approved(asking: Asking, caplog: pytest.LogCaptureFixture) -> None:
    asking.make("o")
    async with asking.client("auto", Person(YES)) as client:
        await client.call_tool("k8s_delete_resource", asking.which(name="o"))
    records = [json.loads(each.message) for each in caplog.records if each.name.endswith(".audit")]
    assert [(record["audit"], record["outcome"]) for record in records] == [
        ("call", "asked"),
        ("started", "started"),
        ("call", "ok"),
    ]
    assert records[2]["approved"] is True

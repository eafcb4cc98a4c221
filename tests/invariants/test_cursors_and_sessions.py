"""Invariant 6: a cursor or a choice of one user serves no other user and no other question."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mcp_kubernetes import App, Identity
from mcp_kubernetes.spi import Session
from mcp_kubernetes_contexts import Contexts
from tests.invariants.two_users import User, called, listing, said

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_kubernetes.spi import Outcome
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster


async def _cursor(app: App, user: User, **more: Any) -> str:
    answer = said(await called(app, user, "k8s_list_resources", listing(user.namespace, limit=1, **more)))
    return answer.rpartition("continue=")[2].split()[0]


async def test_a_cursor_goes_on_for_the_one_who_got_it(shared: App, users: tuple[User, User]) -> None:
    alice = users[0]
    whole = said(await called(shared, alice, "k8s_list_resources", listing(alice.namespace)))
    cursor = await _cursor(shared, alice)
    asked = listing(alice.namespace, limit=1, **{"continue": cursor})
    second = said(await called(shared, alice, "k8s_list_resources", asked))
    assert second.splitlines()[1].split("\t")[0] == whole.splitlines()[2].split("\t")[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"user": 1},
        {"cluster": "two"},
        {"tool": "list_again"},
        {"resourceType": "cm"},
        {"output": "yaml"},
        {"labelSelector": "a=b"},
        {"allNamespaces": False},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_a_cursor_serves_no_other_user_cluster_tool_or_question(
    shared: App, users: tuple[User, User], cluster: Cluster, changed: dict[str, Any]
) -> None:
    alice = users[0]
    cursor = await _cursor(shared, alice)
    before = len(cluster.requests(user=alice.kubernetes_name))
    asked = listing(alice.namespace, limit=1, **{"continue": cursor}) | changed
    user = users[asked.pop("user", 0)]
    answer = await called(shared, user, asked.pop("tool", "k8s_list_resources"), asked)
    assert answer.is_error
    assert said(answer).startswith("This cursor does not belong to this question")
    lists = [request for request in cluster.requests(user=alice.kubernetes_name)[before:] if "?" in request.uri]
    assert lists == []


@pytest.mark.parametrize("at", [0, 5, 20, -2])
async def test_a_cursor_that_was_changed_is_refused(shared: App, users: tuple[User, User], at: int) -> None:
    cursor = await _cursor(shared, users[0])
    other = "A" if cursor[at] != "A" else "B"
    changed = cursor[:at] + other + cursor[at + 1 :] if at != -1 else cursor[:-1] + other
    asked = listing(users[0].namespace, limit=1, **{"continue": changed})
    assert (await called(shared, users[0], "k8s_list_resources", asked)).is_error


async def test_a_cursor_tells_its_bearer_nothing(shared: App, users: tuple[User, User]) -> None:
    cursor = await _cursor(shared, users[0])
    sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert not [word for word in (b"token", b"skip", b"version", users[0].namespace.encode()) if word in sealed]
    assert cursor != await _cursor(shared, users[0])


# Sessions


async def test_a_choice_of_one_session_is_not_seen_by_another(app: Apps, cluster: Cluster, tmp_path: Path) -> None:
    config = yaml.safe_load(cluster.kubeconfig.read_text("utf-8"))
    current = config["current-context"]
    config["contexts"] += [{**config["contexts"][0], "name": "second"}]
    (tmp_path / "config").write_text(json.dumps(config), "utf-8")
    first, second = Session(key="first"), Session(key="second")
    async with app.make({"contexts": Contexts()}, {"contexts": {"kubeconfig": [str(tmp_path / "config")]}}) as made:

        async def ask(name: str, session: Session | None, **arguments: str) -> Outcome:
            return await made.call(name, arguments, identity=Identity.local(), session=session)

        await ask("k8s_switch_context", first, contextName="second")
        chosen = [said(await ask("k8s_get_current_context", session)) for session in (first, second, None)]
        without = await ask("k8s_switch_context", None, contextName="second")
    assert [text.splitlines()[1].split("\t")[0] for text in chosen] == ["second", current, current]
    assert without.is_error
    assert "kubeContext" in said(without)

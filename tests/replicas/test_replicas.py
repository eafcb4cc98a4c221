"""Two server processes behind a balancer that takes turns: what one has begun, the other goes on with."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client, MCPError
from mcp import types as mcp

from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.valkey import PASSWORD, serving
from tests.http.server import HTTPServer, Session, started, starting
from tests.replicas.balancer import Balancer, balanced
from tests.stdio.kubeconfigs import contexts
from tests.stdio.wire import SECONDS
from tests.writing.asking import YES, Person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.cluster import Cluster
    from tests.cluster.node import Pods

CHANGING = ("--non-destructive=false", "--qps-limit", "0")
ASKING = ("--confirm", "destructive")
eras = pytest.mark.parametrize("era", ["auto", "legacy"])


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys"
    path.write_text("5e" * 32, encoding="utf-8")
    return path


@contextmanager
def replicas(
    cluster: Cluster, *flags: str, number: int = 2, kubeconfig: Path | None = None, **more: str
) -> Iterator[list[HTTPServer]]:
    """Servers with the same flags, started at the same time."""
    with ExitStack() as stack:
        wires = [
            stack.enter_context(
                starting(*CHANGING, *flags, kubeconfig=kubeconfig or cluster.kubeconfig, variables=more)
            )
            for _ in range(number)
        ]
        yield [started(wire) for wire in wires]


@pytest.fixture(scope="module")
def in_file(keys: Path) -> tuple[str, ...]:
    """Flags of servers that share a file."""
    file = keys.parent / "state.db"
    return ("--stateless", "--state-key-file", str(keys), "--state-store", "sqlite", "--state-file", str(file))


@pytest.fixture(scope="module")
def sharing(cluster: Cluster, in_file: tuple[str, ...]) -> Iterator[list[HTTPServer]]:
    """Two that share a file, and keep no sessions."""
    with replicas(cluster, *in_file) as made:
        yield made


@pytest.fixture(scope="module")
def asking(cluster: Cluster, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[HTTPServer]]:
    """Two that share a Valkey server, and have a person approve."""
    with serving(tmp_path_factory.mktemp("valkey")) as address:
        flags = ("--stateless", "--state-key-file", str(keys), "--state-store", "valkey", "--valkey-url", address)
        with replicas(cluster, *flags, *ASKING, VALKEY_PASSWORD=PASSWORD) as made:
            yield made


@pytest.fixture(scope="module")
def apart(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[HTTPServer]]:
    """Two that share nothing, and have a person approve."""
    folder = tmp_path_factory.mktemp("contexts")
    kubeconfig = contexts(folder, cluster.kubeconfig, {"here": "", "there": ""}, "here")
    with replicas(cluster, *ASKING, kubeconfig=kubeconfig) as made:
        yield made


class Through:
    """A client behind a balancer; who served it is told by the audit logs."""

    def __init__(self, balancer: Balancer, client: Client) -> None:
        self.client = client
        self._replicas = balancer.replicas
        self._before = [len(audit(replica)) for replica in self._replicas]

    async def __call__(self, tool: str, **arguments: Any) -> str:
        """Call a tool; all text of an answer that must be no error."""
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, text(result)
        return text(result)

    async def refused(self, tool: str, **arguments: Any) -> str:
        """The same for a call that must fail."""
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error, text(result)
        return text(result)

    def served(self) -> list[list[str]]:
        """The tools that each replica was called for, in order."""
        both = zip(self._replicas, self._before, strict=True)
        return [[line["tool"] for line in audit(replica)[before:]] for replica, before in both]


def audit(replica: HTTPServer) -> list[dict[str, Any]]:
    """The calls that the replica has ended."""
    while replica.wire._pump(0):
        pass
    return [line for line in replica.wire.audit() if line["audit"] == "call"]


@asynccontextmanager
async def through(
    *made: HTTPServer, era: Any = "auto", person: Person | None = None, **balancing: bool
) -> AsyncIterator[Through]:
    with balanced(*made, **balancing) as balancer:
        async with Client(balancer.url, mode=era, elicitation_callback=person) as client:
            await client.list_tools()  # the client would do it after its first call: then turns would not be taken
            yield Through(balancer, client)


def config_map(name: str, value: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": value}})


def change_id(answer: str) -> str:
    found = re.search(r"changeId ([a-z2-7]{13})", answer)
    assert found, answer
    return found[1]


async def everything(call: Through, namespace: str, pod: str, name: str) -> None:
    """Each tool once, on what the ones before it made."""
    inside = {"namespace": namespace}
    mine = {**inside, "resourceType": "configmaps", "name": name}
    assert "CURRENT" in await call("k8s_list_contexts")
    await call("k8s_get_current_context")
    assert "Pass kubeContext" in await call.refused("k8s_switch_context", contextName="test")
    assert "created" in await call("k8s_create_resource", manifest=config_map(name, "1"), **inside)
    patched = await call("k8s_patch_resource", patch={"data": {"a": "2"}}, patchType="merge", **mine)
    assert "restored" in await call("k8s_undo_change", changeId=change_id(patched))
    assert '"a":"1"' in await call("k8s_get_resource", **mine)
    assert "configured" in await call("k8s_apply_resource", manifest=config_map(name, "3"), force=True, **inside)
    assert name in await call("k8s_list_resources", resourceType="configmaps", **inside)
    assert name in await call("k8s_describe_resource", **mine)
    await call("k8s_list_events", **inside)
    await call("k8s_get_cluster_health")
    assert "configmaps" in await call("k8s_get_api_resources", search="configmaps")
    assert "system:masters" in await call("k8s_check_access")
    await call("k8s_get_pod_logs", podName=pod, **inside)
    assert "hello" in await call("k8s_exec_pod", podName=pod, command=["echo", "hello"], **inside)
    assert "scaled" in await call(
        "k8s_scale_resource", resourceType="replicasets", name="web", replicas=len(name), **inside
    )
    assert "deleted" in await call("k8s_delete_resource", **mine)


def replica_set() -> dict[str, Any]:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": spec}


@eras
async def test_every_tool_works_for_a_stateless_client_whichever_replica_it_meets(
    sharing: list[HTTPServer], cluster: Cluster, any_pods: Pods, namespace: str, era: str
) -> None:
    pod = any_pods.run(namespace, "main")
    cluster.api.post(f"/apis/apps/v1/namespaces/{namespace}/replicasets", replica_set())
    async with through(*sharing, era=era) as call:
        offered = {tool.name for tool in (await call.client.list_tools()).tools}
        await everything(call, namespace, pod, "a")
        await call("k8s_list_contexts")
        await everything(call, namespace, pod, "bb")
        assert [{*tools} for tools in call.served()] == [offered, offered]


def page(namespace: str, cursor: str = "") -> dict[str, Any]:
    """Two ConfigMaps, from where the cursor stands."""
    asked = {"resourceType": "configmaps", "namespace": namespace, "limit": 2, "columns": ".metadata.name"}
    return {**asked, "continue": cursor} if cursor else asked


def onward(answer: str) -> str:
    """The cursor that goes on from an answer, if there is more."""
    found = re.search(r"continue=(\S+)", answer)
    return found[1] if found else ""


@eras
async def test_a_cursor_of_one_replica_is_gone_on_with_at_the_other(
    sharing: list[HTTPServer], cluster: Cluster, namespace: str, era: str
) -> None:
    names = [f"m-{number}" for number in range(7)]
    for name in names:
        cluster.api.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": name}})
    async with through(*sharing, era=era) as call:
        answers = [await call("k8s_list_resources", **page(namespace))]
        while cursor := onward(answers[-1]):
            answers.append(await call("k8s_list_resources", **page(namespace, cursor)))
        assert re.findall(r"^m-\d$", "\n".join(answers), re.MULTILINE) == names
        assert min(map(len, call.served())) >= 2


async def test_a_value_that_nobody_changed_has_one_mask_at_all_replicas_with_keys_in_common(
    sharing: list[HTTPServer], apart: list[HTTPServer], cluster: Cluster, namespace: str
) -> None:
    secret = {"metadata": {"name": "db"}, "stringData": {"password": "planted-value-90d1"}}
    cluster.api.post(f"/api/v1/namespaces/{namespace}/secrets", secret)
    which = {"resourceType": "secrets", "namespace": namespace, "name": "db"}
    for servers, number in ((sharing, 1), (apart, 2)):
        async with through(*servers) as call:
            answers = [await call("k8s_get_resource", **which) for _ in servers]
        masks = {mask for answer in answers for mask in re.findall(r"<masked: [^>]+>", answer)}
        assert len(masks) == number


async def test_without_keys_in_common_a_cursor_and_an_undo_of_another_replica_are_refused_in_so_many_words(
    apart: list[HTTPServer], cluster: Cluster, namespace: str
) -> None:
    for number in range(3):
        cluster.api.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": f"m-{number}"}})
    async with through(*apart) as call:
        cursor = onward(await call("k8s_list_resources", **page(namespace)))
        said = await call.refused("k8s_list_resources", **page(namespace, cursor))
        assert "a key that this server does not have: that of another replica" in said
        made = await call("k8s_create_resource", manifest=config_map("mine", "1"), namespace=namespace)
        said = await call.refused("k8s_undo_change", changeId=change_id(made))
        assert "unless its operator has set up a store that replicas share" in said


async def test_an_approval_is_asked_for_by_one_replica_and_redeemed_once_at_another(
    asking: list[HTTPServer], cluster: Cluster, namespace: str
) -> None:
    cluster.api.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "mine"}})
    mine = {"resourceType": "configmaps", "namespace": namespace, "name": "mine"}
    person = Person(YES)
    async with through(*asking, person=person) as call:
        assert "deleted" in (deleted := await call("k8s_delete_resource", **mine))
        assert call.served() == [["k8s_delete_resource"]] * 2
        assert "created" in await call("k8s_undo_change", changeId=change_id(deleted))
        assert len(person.asked) == 2
        state = await asked(call, mine)
        assert "deleted" in await redeemed(call, mine, state)
        for _ in asking:
            assert "This approval was used already" in await redeemed(call, mine, state)


async def test_an_approval_that_a_replica_without_a_common_store_asked_for_is_refused_in_so_many_words(
    apart: list[HTTPServer], cluster: Cluster, namespace: str
) -> None:
    cluster.api.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "mine"}})
    mine = {"resourceType": "configmaps", "namespace": namespace, "name": "mine"}
    async with through(*apart, person=Person(YES)) as call:
        state = await asked(call, mine)
        with pytest.raises(MCPError, match="of another replica, or from before the server was restarted; nothing"):
            await redeemed(call, mine, state)
    assert cluster.api.answers(f"/api/v1/namespaces/{namespace}/configmaps/mine")


async def test_a_client_of_an_older_version_without_a_session_cannot_be_asked_and_is_told_so(
    asking: list[HTTPServer], cluster: Cluster, namespace: str
) -> None:
    cluster.api.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "mine"}})
    async with through(*asking, era="legacy", person=(person := Person(YES))) as call:
        said = await call.refused("k8s_delete_resource", resourceType="configmaps", namespace=namespace, name="mine")
    assert "or keeps no session in which to ask one); nothing was changed" in said
    assert not person.asked


async def asked(call: Through, arguments: dict[str, Any]) -> str:
    """The state with which a call is to be repeated."""
    result = await call.client.session.call_tool("k8s_delete_resource", arguments, allow_input_required=True)
    assert isinstance(result, mcp.InputRequiredResult)
    assert result.request_state
    return result.request_state


async def redeemed(call: Through, arguments: dict[str, Any], state: str) -> str:
    """What becomes of the call with a person's yes."""
    result = await call.client.session.call_tool(
        "k8s_delete_resource", arguments, input_responses={"approve": YES}, request_state=state
    )
    return text(result)


async def test_nobody_notices_that_a_replica_was_killed_and_its_changes_can_be_undone(
    sharing: list[HTTPServer], in_file: tuple[str, ...], cluster: Cluster, namespace: str
) -> None:
    which = {"resourceType": "configmaps", "namespace": namespace, "name": "mine"}
    cluster.api.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "mine"}, "data": {"a": "0"}})
    with replicas(cluster, *in_file, number=1) as (doomed,):
        both = doomed, sharing[0]
        async with through(*both) as modern, through(*both, era="legacy") as legacy:
            calls = (modern, legacy, modern, legacy)
            changes = [
                change_id(await call("k8s_patch_resource", patch={"data": {"a": value}}, patchType="merge", **which))
                for call, value in zip(calls, "1234", strict=True)
            ]
            assert all(call.served()[0] for call in (modern, legacy))
            doomed.wire.process.kill()
            doomed.wire.process.wait()
            for call, change in zip(calls, reversed(changes), strict=True):
                assert "restored" in await call("k8s_undo_change", changeId=change)
            assert '"a":"0"' in await modern("k8s_get_resource", **which)


async def test_a_session_is_where_it_was_opened_and_a_balancer_that_follows_it_keeps_its_choice(
    apart: list[HTTPServer],
) -> None:
    async with through(*apart, era="legacy", sticky=True) as call, through(*apart, era="legacy", sticky=True) as other:
        await call("k8s_switch_context", contextName="there")
        for _ in apart:
            assert re.search(r"^there\t", await call("k8s_get_current_context"), re.MULTILINE)
            assert re.search(r"^here\t", await other("k8s_get_current_context"), re.MULTILINE)
    session = apart[0].open()
    elsewhere = Session(apart[1], session.headers)
    assert [each.ask("tools/list").status for each in (session, elsewhere)] == [200, 404]
    assert session.call("k8s_switch_context", contextName="there").status == 200


async def test_a_store_that_is_lost_is_said_and_takes_the_replica_out_until_it_is_back(
    keys: Path, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    mine = {"resourceType": "configmaps", "namespace": namespace, "name": "mine"}
    flags = ("--state-key-file", str(keys), "--state-store", "valkey", "--valkey-url", f"unix:{tmp_path}/valkey.sock")
    with replicas(cluster, *flags, number=1, VALKEY_PASSWORD=PASSWORD) as (server,):
        with serving(tmp_path):
            async with through(server) as call:
                made = await call("k8s_create_resource", manifest=config_map("mine", "1"), namespace=namespace)
            assert ready(server) == 200
        async with through(server) as call:
            said = await call.refused("k8s_undo_change", changeId=change_id(made))
            assert "in a store that cannot be used now (valkey); nothing was changed" in said
            changed = await call("k8s_patch_resource", patch={"data": {"a": "2"}}, patchType="merge", **mine)
            assert "cannot be undone: the store for undo did not take it" in changed
            assert "configmaps" in await call("k8s_get_api_resources", search="configmaps")
        assert until_ready(server, 503)
        with serving(tmp_path):
            assert until_ready(server, 200)


def ready(server: HTTPServer) -> int:
    return server.ask(method="GET", path="/readyz").status


def until_ready(server: HTTPServer, status: int) -> bool:
    """What a probe found is told again for a moment."""
    limit = time.monotonic() + SECONDS
    while ready(server) != status and time.monotonic() < limit:
        pass
    return ready(server) == status

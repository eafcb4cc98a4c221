"""Manifests become objects: conflicts with owners, kinds defined on the way, a result for each document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from pytest_mcp_kubernetes.apps import text
from tests.writing.definitions import definition
from tests.writing.kinds import KINDS, Fields
from tests.writing.watched import change_id, writes

if TYPE_CHECKING:
    import pytest

    from tests.calling import Call
    from tests.cluster import Cluster
    from tests.invariants.probes import Witness
    from tests.writing.conftest import Ask

_MAP = KINDS["ConfigMap"]
_WEB = KINDS["Deployment"]
_CREATE, _APPLY = "k8s_create_resource", "k8s_apply_resource"


def _text(*documents: Fields) -> str:
    return "---\n".join(map(yaml.safe_dump, documents))


def _map(name: str, **data: str) -> Fields:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def test_who_owns_a_field_is_named_and_force_takes_it_over(
    cluster: Cluster, namespace: str, ask: Ask, refused: Ask
) -> None:
    theirs = json.dumps(_map("o", a="theirs", b="theirs"))
    cluster.kubectl("apply", "--server-side", "--field-manager=flux", "-n", namespace, "-f", "-", stdin=theirs)
    said = await refused(_APPLY, manifest=_map("o", a="ours"), namespace=namespace)
    assert "flux" in said
    assert ".data.a" in said
    assert ".data.b" not in said
    assert "force=true" in said
    answer = await ask(_APPLY, manifest=_map("o", a="ours"), namespace=namespace, force=True)
    assert ".data.a\ttheirs\tours" in answer
    owners = {each["manager"] for each in cluster.api.get(_MAP.path(namespace, "o"))["metadata"]["managedFields"]}
    assert owners == {"flux", "mcp-kubernetes"}


async def test_a_change_tells_generation_fields_and_id_in_few_lines(namespace: str, ask: Ask) -> None:
    made = _WEB.manifest("web")
    await ask(_CREATE, manifest=made, namespace=namespace)
    made["spec"]["template"]["spec"]["containers"][0]["image"] = "a:2"
    answer = await ask(_APPLY, manifest=made, namespace=namespace, force=True)
    line, header, row, *_ = answer.splitlines()
    assert line == f"deployment.apps/web configured in {namespace}, generation 1 → 2, changeId {change_id(answer)}"
    assert header == "FIELD\tBEFORE\tAFTER"
    assert row == ".spec.template.spec.containers[0].image\ta:1\ta:2"
    assert " unchanged in " in await ask(_APPLY, manifest=made, namespace=namespace, force=True)


async def test_a_kind_and_its_object_come_in_one_text_in_either_order(
    cluster: Cluster, namespace: str, ask: Ask
) -> None:
    for number, tool in enumerate((_CREATE, _APPLY)):
        group = f"order{number}.example.com"
        kind = definition("Thing", group=group)
        one = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "it"}, "spec": {"a": 1}}
        documents = [one, kind] if number else [kind, one]
        answer = await ask(tool, manifest=_text(*documents), namespace=namespace)
        lines = [line for line in answer.splitlines() if " created" in line]
        called = [f"thing.{group}/it", f"customresourcedefinition.apiextensions.k8s.io/things.{group}"]
        assert [line.split()[0] for line in lines] == (called if number else called[::-1])
        assert cluster.api.get(f"/apis/{group}/v1/namespaces/{namespace}/things/it")["spec"] == {"a": 1}
        cluster.kubectl("delete", "crd", f"things.{group}", "--wait=false")


async def test_a_namespace_and_what_is_in_it_come_in_one_text(cluster: Cluster, namespace: str, ask: Ask) -> None:
    inner = f"{namespace[:50]}-in"
    place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": inner}}
    one = {**_map("o", a="1"), "metadata": {"name": "o", "namespace": inner}}
    await ask(_APPLY, manifest=_text(one, place))
    assert cluster.api.get(_MAP.path(inner, "o"))["data"] == {"a": "1"}
    cluster.kubectl("delete", "namespace", inner, "--wait=false")


async def test_a_document_that_fails_hides_none_that_succeeds(
    cluster: Cluster, namespace: str, call: Call, witness: Witness
) -> None:
    bad = {**_map("bad"), "nothing": "such"}
    result = await call(_CREATE, manifest=_text(_map("one"), bad, _map("two")), namespace=namespace)
    said = text(result)
    assert not result.is_error
    first, second, third = [line for line in said.splitlines() if "configmap/" in line]
    assert first.startswith(f"configmap/one created in {namespace}")
    assert second.startswith("document 2, configmap/bad, failed: ")
    assert "nothing" in second
    assert third.startswith(f"configmap/two created in {namespace}")
    assert len(writes(witness.seen())) == 2
    assert [item["metadata"]["name"] for item in cluster.api.get(_MAP.path(namespace))["items"]] == [
        "kube-root-ca.crt",
        "one",
        "two",
    ]


async def test_a_call_of_which_nothing_succeeds_is_an_error_with_every_reason(namespace: str, refused: Ask) -> None:
    bad = [{**_map(name), "nothing": "such"} for name in ("one", "two")]
    said = await refused(_CREATE, manifest=bad, namespace=namespace)
    assert "item 1, configmap/one, failed" in said
    assert "item 2, configmap/two, failed" in said


async def test_the_api_server_makes_the_name_and_it_can_be_undone(cluster: Cluster, namespace: str, ask: Ask) -> None:
    manifest = {**_map("o"), "metadata": {"generateName": "made-"}}
    answers = [await ask(_CREATE, manifest=manifest, namespace=namespace) for _ in range(2)]
    names = [answer.split()[0].removeprefix("configmap/") for answer in answers]
    assert len(set(names)) == 2
    assert all(name.startswith("made-") and len(name) > len("made-") for name in names)
    await ask("k8s_undo_change", changeId=change_id(answers[0]))
    left = [item["metadata"]["name"] for item in cluster.api.get(_MAP.path(namespace))["items"]]
    assert names[0] not in left
    assert names[1] in left


async def test_apply_needs_a_name_that_is_told_beforehand(namespace: str, refused: Ask, witness: Witness) -> None:
    manifest = {**_map("o"), "metadata": {"generateName": "made-"}}
    assert "has no metadata.name" in await refused(_APPLY, manifest=manifest, namespace=namespace)
    assert writes(witness.seen()) == []


async def test_creating_what_is_there_is_refused(namespace: str, ask: Ask, refused: Ask) -> None:
    await ask(_CREATE, manifest=_map("o", a="1"), namespace=namespace)
    assert "already" in await refused(_CREATE, manifest=_map("o", a="2"), namespace=namespace)


async def test_warnings_of_the_api_server_are_passed_on(namespace: str, ask: Ask) -> None:
    pod: dict[str, Any] = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "o"},
        "spec": {"containers": [{"name": "a", "image": "a:1", "env": [{"name": "A"}, {"name": "A"}]}]},
    }  # fmt: skip
    answer = await ask(_CREATE, manifest=pod, namespace=namespace, dryRun=True)
    assert 'note: The API server warns: spec.containers[0].env[1]: hides previous definition of "A"' in answer


async def test_a_started_record_is_written_before_the_request_and_finished_with_the_same_id(
    namespace: str, ask: Ask, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "hunter2"}}
    await ask(_CREATE, manifest=[_map("one"), secret], namespace=namespace)
    await ask("k8s_delete_resource", resourceType="configmaps", name="one", namespace=namespace, dryRun=True)
    await ask("k8s_list_resources", resourceType="configmaps", namespace=namespace)
    records = [json.loads(each.message) for each in caplog.records if each.name.endswith(".audit")]
    assert [record["audit"] for record in records] == ["started", "started", "call", "started", "call", "call"]
    assert len({record["id"] for record in records[:3]}) == 1
    assert records[3]["id"] == records[4]["id"] != records[0]["id"]
    first, second, created, deleting, *_ = records
    assert (first["operation"], first["dry_run"], first["outcome"]) == ("create", False, "started")
    assert first["resource"] == _MAP.path(namespace)
    assert second["resource"] == KINDS["Secret"].path(namespace)
    assert (deleting["operation"], deleting["dry_run"]) == ("delete", True)
    assert created["outcome"] == "ok"
    assert "hunter2" not in caplog.text
    assert len(writes(witness.seen())) == 2


async def test_what_the_guard_refuses_has_no_started_record(
    namespace: str, serving: Any, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    """What is not sent is not told as started."""
    async with serving(restricted_namespaces=[namespace]) as call:
        result = await call(_CREATE, manifest=_map("o"), namespace=namespace)
    assert "--restricted-namespaces names it" in text(result)
    [record] = [json.loads(each.message) for each in caplog.records if each.name.endswith(".audit")]
    assert (record["audit"], record["decision"]) == ("call", "denied")
    assert writes(witness.seen()) == []

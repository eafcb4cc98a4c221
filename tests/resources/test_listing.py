"""What a list says beside its rows: how many matched, what was cut, and why nothing came."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

COUNT = 12
ASSUMED = "Context test was used."


@pytest.fixture
async def client(app: Apps, static: Static) -> AsyncIterator[Client]:
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as connected:
        yield connected


@pytest.fixture
def made(cluster: Cluster, namespace: str) -> str:
    """A namespace with a dozen config maps; the ones with even numbers have a size."""
    _create(cluster, namespace, *(_config_map(number) for number in range(COUNT)))
    return namespace


def _create(cluster: Cluster, namespace: str, *objects: dict[str, Any]) -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": objects}
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(items))


def _config_map(number: int) -> dict[str, Any]:
    data = {"third": str(number % 3)} | ({"size": f"{number * 512}Ki"} if number % 2 == 0 else {})
    metadata = {"name": f"cm-{number:02d}", "labels": {"made": "here"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def _list(client: Client, namespace: str, **arguments: Any) -> tuple[list[str], list[str]]:
    """The lines of a list of our config maps, and its notes."""
    asked = {"resourceType": "configmaps", "namespace": namespace, "labelSelector": "made=here", **arguments}
    return await _answer(client, **asked)


async def _answer(client: Client, **arguments: Any) -> tuple[list[str], list[str]]:
    result = await client.call_tool("k8s_list_resources", arguments)
    assert not result.is_error, text(result)
    lines = text(result).splitlines()
    notes = [line.removeprefix("note: ") for line in lines if line.startswith("note: ")]
    return [line for line in lines if not line.startswith("note: ")], [note for note in notes if note != ASSUMED]


async def _refusal(client: Client, **arguments: Any) -> str:
    result = await client.call_tool("k8s_list_resources", arguments)
    assert result.is_error
    return text(result)


async def test_where_says_how_many_matched_and_how_many_lack_the_field(client: Client, made: str) -> None:
    rows, notes = await _list(client, made, where='object.data.size == "1024Ki"', columns="N:.metadata.name")
    assert rows == ["N", "cm-02"]
    (note,) = notes
    assert note.startswith(f"1 of the {COUNT} objects that were looked at match where; the list was read to its end; ")
    assert f"; {COUNT // 2} lack a field that " in note


@pytest.mark.parametrize("output", ["table", "name", "yaml", "json"])
async def test_where_filters_whatever_is_shown(client: Client, made: str, output: str) -> None:
    rows, _ = await _list(client, made, where='object.data.third == "1" && has(object.data.size)', output=output)
    assert [number for number in range(COUNT) if f"cm-{number:02d}" in "\n".join(rows)] == [4, 10]


async def test_where_that_stops_at_its_limit_says_so_and_goes_on(client: Client, made: str) -> None:
    asked = {"where": 'object.data.third == "0"', "columns": "N:.metadata.name", "limit": 3}
    rows, notes = await _list(client, made, **asked)
    assert rows == ["N", "cm-00", "cm-03", "cm-06"]
    assert len(notes) == 2
    cursor = notes[0 if "continue=" in notes[0] else 1].rpartition("continue=")[2]
    assert "3 of the 7 objects that were looked at match where; the list was not read to its end." in notes
    rows, notes = await _list(client, made, **asked, **{"continue": cursor})
    assert rows == ["N", "cm-09"]
    assert notes == ["1 of the 5 objects that were looked at match where; the list was read to its end."]


async def test_where_that_matches_nothing_says_how_many_it_looked_at(client: Client, made: str) -> None:
    rows, notes = await _list(client, made, where="false")
    assert (rows, notes) == ([], ["0 of the 12 objects that were looked at match where; the list was read to its end."])


async def test_counts_are_over_the_whole_list(client: Client, made: str) -> None:
    rows, notes = await _list(client, made, countBy="THIRD:.data.third")
    assert rows == ["COUNT\tTHIRD", "4\t0", "4\t1", "4\t2"]
    assert notes == ["12 objects were counted, the whole list; they hold 3 different values."]


async def test_counts_that_limit_cuts_are_explained_in_one_sentence(client: Client, made: str) -> None:
    rows, notes = await _list(client, made, countBy="SIZE:.data.size", limit=1)
    assert rows == ["COUNT\tSIZE", "6\t<none>"]
    assert notes == [
        "12 objects were counted, the whole list; they hold 7 different values; limit keeps the 1 most frequent."
    ]


async def test_a_limit_that_cuts_no_count_is_not_mentioned(client: Client, made: str) -> None:
    rows, notes = await _list(client, made, countBy="SIZE:.data.size", limit=7)
    assert len(rows) == 8
    assert notes == ["12 objects were counted, the whole list; they hold 7 different values."]


async def test_counts_that_the_budget_cuts_say_how_many_are_shown(client: Client, made: str) -> None:
    columns = ",".join(f"L{number}:.metadata.uid" for number in range(5))
    rows, notes = await _list(client, made, countBy=columns, maxBytes=1_024)
    assert len(rows) < COUNT
    assert notes[0] == "12 objects were counted, the whole list; they hold 12 different values."
    assert notes[1].startswith(f"{len(rows) - 1} rows are shown, there are more: the answer's budget of 1024 bytes")
    assert "continue" not in notes[1]


async def test_rows_are_put_in_order_over_the_whole_list(client: Client, made: str) -> None:
    rows, notes = await _list(client, made, sortBy="-.data.size", columns="N:.metadata.name,S:.data.size", limit=3)
    assert rows == ["N\tS", "cm-10\t5120Ki", "cm-08\t4096Ki", "cm-06\t3072Ki"]
    assert notes == ["12 rows were put in order, the whole list; the first 3 of them were kept."]
    rows, notes = await _list(client, made, sortBy=".data.size", columns="N:.metadata.name")
    assert rows[1:8] == ["cm-00", "cm-02", "cm-04", "cm-06", "cm-08", "cm-10", "cm-01"]
    assert notes == ["12 rows were put in order, the whole list."]


async def test_the_server_s_own_columns_can_be_put_in_order_too(client: Client, made: str) -> None:
    plain, _ = await _list(client, made)
    rows, _ = await _list(client, made, sortBy="-.metadata.name")
    assert [row.split("\t")[:2] for row in rows] == [row.split("\t")[:2] for row in [plain[0], *plain[:0:-1]]]


async def test_the_server_s_count_of_what_follows_is_passed_on(client: Client, made: str) -> None:
    _, everything = await _answer(client, resourceType="configmaps", namespace=made, countBy=".kind")
    count = int(everything[0].split()[0])
    _, notes = await _answer(client, resourceType="configmaps", namespace=made, limit=5)
    assert f"About {count - 5} objects of the list were not looked at." in notes
    _, notes = await _list(client, made, limit=5)
    assert not any("About" in note for note in notes)  # with a selector the API server does not tell


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"countBy": "A:.a", "columns": "B:.b"}, "countBy has no use for columns"),
        ({"countBy": "A:.a", "sortBy": ".b"}, "countBy has no use for sortBy"),
        ({"columns": "A:.a", "output": "yaml"}, "output has no effect beside columns"),
        ({"sortBy": ".a", "continue": "x"}, "sortBy looks at the whole list"),
        ({"countBy": ".a", "continue": "x"}, "countBy looks at the whole list"),
        ({"columns": "A:.a["}, "a bracket or a quote is opened and not closed"),
        ({"columns": "A:.a[x]"}, "The path of A cannot be read: at character 4"),
        ({"sortBy": ".a["}, "cannot be read"),
        ({"sortBy": "-"}, "must not be empty"),
        ({"where": "object.a = 1"}, "where cannot be used: what stands at character 10"),
    ],
)
async def test_what_has_no_effect_or_cannot_be_read_is_refused(
    client: Client, arguments: dict[str, str], why: str
) -> None:
    assert why in await _refusal(client, resourceType="configmaps", **arguments)


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        ({}, {"where": "true"}),
        ({"where": "true"}, {"where": "object.kind != 'x'"}),
        ({"where": "true"}, {}),
        ({"columns": "N:.metadata.name"}, {"columns": "M:.metadata.name"}),
        ({"columns": "N:.metadata.name"}, {}),
        ({}, {"resourceType": "secrets"}),
        ({}, {"labelSelector": "made"}),
        ({}, {"output": "json"}),
    ],
)
async def test_a_cursor_is_refused_with_another_question(
    client: Client, made: str, asked: dict[str, str], other: dict[str, str]
) -> None:
    base = {"resourceType": "configmaps", "namespace": made}
    _, notes = await _answer(client, **base, **asked, limit=2)
    (cursor,) = [note.rpartition("continue=")[2] for note in notes if "continue=" in note]
    refusal = await _refusal(client, **base | other, **{"continue": cursor})
    assert refusal.startswith("This cursor does not belong to this question")
    again, _ = await _answer(client, **base, **asked, limit=2, **{"continue": cursor})
    assert again


# ------------------------------------------------------------------ empty, and other odd cases


def _definition(plural: str, group: str, kind: str, *, printed: bool) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version: dict[str, Any] = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    if printed:
        version["additionalPrinterColumns"] = [{"name": "Colour", "type": "string", "jsonPath": ".spec.colour"}]
    names = {"plural": plural, "singular": kind.lower(), "kind": kind}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


PRINTED = _definition("lamps", "printed.listing.example", "Lamp", printed=True)
PLAIN = _definition("lamps", "plain.listing.example", "Lamp", printed=False)


@pytest.fixture
def lamps(own_cluster: Cluster) -> Cluster:
    """A kind in two groups, with columns of its own in one; each has one object in the namespace default."""
    for definition in (PRINTED, PLAIN):
        own_cluster.kubectl("create", "-f", "-", stdin=json.dumps(definition))
        name, group = definition["metadata"]["name"], definition["spec"]["group"]
        own_cluster.kubectl("wait", "--for=condition=Established", f"crd/{name}", "--timeout=50s")
        lamp = {"apiVersion": f"{group}/v1", "kind": "Lamp", "metadata": {"name": "one"}, "spec": {"colour": "green"}}
        own_cluster.kubectl("create", "-n", "default", "-f", "-", stdin=json.dumps(lamp))
    return own_cluster


async def test_custom_kinds_with_and_without_columns_and_one_in_two_groups(app: Apps, lamps: Cluster) -> None:
    async with app({"resources": mcp_kubernetes_resources, "static": Static(lamps.kubeconfig)}) as client:
        printed, _ = await _answer(client, resourceType="lamps.printed.listing.example", namespace="default")
        plain, _ = await _answer(client, resourceType="lamps", apiGroup="plain.listing.example", namespace="default")
        ambiguous, notes = await _answer(client, resourceType="lamps", namespace="default")
        own, _ = await _answer(
            client,
            resourceType="lamps.plain.listing.example",
            namespace="default",
            columns="C:.spec.colour",
            where='object.spec.colour == "green"',
        )
    assert printed == ["NAME\tCOLOUR", "one\tgreen"]
    assert plain[0] == "NAME\tAGE"
    assert plain[1].startswith("one\t")
    assert ambiguous in (plain, printed)
    mine, other = ("plain", "printed") if ambiguous == plain else ("printed", "plain")
    told = f"This is lamps.{mine}.listing.example; the same kind is in {other}.listing.example too: pass apiGroup to "
    assert notes == [f"{told}mean that one."]
    assert own == ["C", "green"]


async def test_an_empty_list_tells_its_reasons_apart(client: Client, namespace: str, made: str) -> None:
    base = {"resourceType": "configmaps", "namespace": namespace}
    _, none = await _answer(client, resourceType="ingresses", namespace=namespace)
    _, missing = await _answer(client, resourceType="configmaps", namespace="no-such-namespace")
    _, unmatched = await _answer(client, **base, labelSelector="none=here")
    _, nowhere = await _answer(client, **base, where='object.metadata.name == "none"')
    _, everywhere = await _answer(client, resourceType="ingresses", allNamespaces=True, labelSelector="no=such")
    assert made == namespace
    assert none == ["There are none."]
    assert missing == ["There is no namespace no-such-namespace."]
    assert unmatched == everywhere == ["Nothing matches the selector there."]
    assert re.match("0 of the 1[23] objects that were looked at match where;", nowhere[0])


@pytest.mark.parametrize("more", [{}, {"columns": "N:.a"}, {"countBy": "N:.a"}, {"sortBy": ".a"}, {"output": "json"}])
async def test_an_empty_list_says_so_however_it_is_asked_for(
    client: Client, namespace: str, more: dict[str, str]
) -> None:
    lines, notes = await _answer(client, resourceType="ingresses", namespace=namespace, **more)
    assert (lines, notes) == ([], ["There are none."])


async def test_a_namespace_for_a_kind_without_one_is_passed_over_and_said(client: Client) -> None:
    rows, notes = await _answer(
        client, resourceType="namespaces", namespace="no-such", fieldSelector="metadata.name=default"
    )
    assert [row.split("\t")[0] for row in rows] == ["NAME", "default"]
    assert notes == ["Namespace has no namespaces; the namespace was not used."]
    _, none = await _answer(client, resourceType="namespaces", namespace="no-such", labelSelector="no=such")
    assert none == ["Namespace has no namespaces; the namespace was not used.", "Nothing matches the selector there."]


@pytest.mark.parametrize("verbs", ["get", "watch"])
async def test_who_may_get_but_not_list_is_told(app: Apps, cluster: Cluster, namespace: str, verbs: str) -> None:
    user = f"{verbs}-{namespace}"
    cluster.kubectl("create", "role", user, "-n", namespace, f"--verb={verbs}", "--resource=configmaps")
    cluster.kubectl("create", "rolebinding", user, "-n", namespace, f"--role={user}", f"--user={user}")
    async with app({"resources": mcp_kubernetes_resources, "static": Static(cluster.user(user))}) as client:
        refusal = await _refusal(client, resourceType="configmaps", namespace=namespace)
    assert "403" in refusal
    assert ("may read one by its name: use k8s_get_resource" in refusal) is (verbs == "get")

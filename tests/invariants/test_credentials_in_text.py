"""Invariant 4, second half: JWTs, bearer headers and private keys leave no path, wherever they stand."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import yaml

import mcp_kubernetes_resources
from mcp_kubernetes import (
    Answer,
    Effect,
    Foreign,
    Identity,
    InvalidArguments,
    Object,
    Rows,
    Text,
    ToolCall,
    ToolError,
    tool,
)
from mcp_kubernetes.dispatch import UnknownTool
from mcp_kubernetes.log import JSONFormatter, TextFormatter
from pytest_mcp_kubernetes.apps import text
from tests.invariants.planted import Planted, bearer, jwt, private_key, random_text
from tests.invariants.probes import Toolbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster

FORMS: dict[str, Callable[[str], str]] = {"jwt": jwt, "bearer": bearer, "private key": private_key}
WORDS: dict[str, str] = {}
"""What the tools below say; a test plants it."""


@pytest.fixture(params=FORMS)
def planted(request: pytest.FixtureRequest) -> Planted:
    """A random value, in one of the forms in WORDS."""
    secret = random_text()
    WORDS["said"] = FORMS[request.param](secret)
    lines = [secret[start : start + 16] for start in range(0, len(secret), 16)]
    return Planted((secret, *lines))


@tool(effect=Effect.READ, clustered=False)
async def foreign(_: ToolCall) -> Foreign:
    """Answer with a log."""
    return Foreign(f"before\n{WORDS['said']}\nafter")


@tool(effect=Effect.READ, clustered=False)
async def plain(_: ToolCall) -> str:
    """Answer with a plain text."""
    return WORDS["said"]


@tool(effect=Effect.READ, clustered=False)
async def in_zero_width(_: ToolCall) -> Foreign:
    """Answer with a text that hides its form."""
    return Foreign("\u200b".join(WORDS["said"]))


@tool(effect=Effect.READ, clustered=False)
async def sentence(call: ToolCall) -> Answer:
    """Answer with our own words about foreign ones."""
    call.notes.add("{said} was noted.", said=WORDS["said"])
    return Answer((Text("{said} was said.", said=WORDS["said"]),), (Text("{said}", said=WORDS["said"]),))


@tool(effect=Effect.READ, clustered=False)
async def table(_: ToolCall) -> Rows:
    """Answer with cells."""
    return Rows(("NAME", WORDS["said"]), [("a", WORDS["said"]), ("b", {"nested": [WORDS["said"]]})])


@tool(effect=Effect.READ, clustered=False)
async def yaml_object(_: ToolCall) -> Object:
    """Answer with an object."""
    return Object.of({"spec": {"env": [{"value": WORDS["said"]}], "text": f"a\n  b: {WORDS['said']}\n\tc"}})


@tool(effect=Effect.READ, clustered=False)
async def json_object(_: ToolCall) -> Object:
    """Answer with an object as JSON."""
    return Object.of({"spec": {"env": [{"value": WORDS["said"]}]}}, "json")


@tool(effect=Effect.READ, clustered=False)
async def rows_that_stop(_: ToolCall) -> Rows:
    """Answer with a row, then fail."""

    async def rows() -> AsyncIterator[tuple[str]]:
        yield ("first",)
        raise ToolError(f"stopped at {WORDS['said']}.")

    return Rows(("NAME",), rows())


@tool(effect=Effect.READ, clustered=False)
async def error(_: ToolCall) -> NoReturn:
    """Fail with a sentence."""
    raise ToolError(f"It said {WORDS['said']}.")


@tool(effect=Effect.READ, clustered=False)
async def hint(_: ToolCall) -> NoReturn:
    """Fail with a hint."""
    raise ToolError("It failed.", hint=f"Use {WORDS['said']}.")


@tool(effect=Effect.READ, clustered=False)
async def invalid(_: ToolCall) -> NoReturn:
    """Find the arguments invalid."""
    raise InvalidArguments(WORDS["said"])


@tool(effect=Effect.READ, clustered=False)
async def noted_error(call: ToolCall) -> NoReturn:
    """Note something, then fail."""
    call.notes.add("{said} was noted.", said=WORDS["said"])
    raise ToolError("It failed.")


@tool(effect=Effect.READ, clustered=False)
async def crash(_: ToolCall) -> NoReturn:
    """Break."""
    raise RuntimeError(WORDS["said"])


@tool(effect=Effect.READ, clustered=False)
async def crash_because(_: ToolCall) -> NoReturn:
    """Break for a reason."""
    raise RuntimeError("broken") from ValueError(WORDS["said"])


@tool(effect=Effect.READ, clustered=False)
async def quiet(_: ToolCall, namespace: str = "", words: str = "", items: list[str] | None = None) -> Text:
    """Say nothing of what it was told."""
    return Text("{n} things.", n=len(namespace) + len(words) + len(items or ()))


SPEAKERS = (
    *(foreign, plain, in_zero_width, sentence, table, yaml_object, json_object, rows_that_stop),
    *(error, hint, invalid, noted_error, crash, crash_because),
)


@pytest.mark.parametrize("speaker", [each.name for each in SPEAKERS])
async def test_what_a_plugin_says_is_redacted_in_the_answer_and_the_log(
    app: Apps, planted: Planted, caplog: pytest.LogCaptureFixture, speaker: str
) -> None:
    caplog.set_level(logging.DEBUG, logger="mcp_kubernetes")
    async with app({"speakers": Toolbox(*SPEAKERS)}) as client:
        answer = await client.call_tool(speaker, {})
    assert planted.left_in(text(answer)) == []
    assert planted.left_in(_written(caplog.records)) == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"words": "{}"},
        {"namespace": "{}"},
        {"items": ["{}"]},
        {"{}": "x"},
        {"unknown": {"nested": ["{}"]}},
        {"unknown": {"{}": 1}},
        {"unknown": [["{}"]]},
    ],
)
async def test_what_a_caller_says_is_redacted_in_the_answer_and_the_audit(
    app: Apps, planted: Planted, caplog: pytest.LogCaptureFixture, arguments: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG, logger="mcp_kubernetes")
    async with app({"speakers": Toolbox(quiet)}) as client:
        answer = await client.call_tool("quiet", _filled(arguments))
    assert planted.left_in(text(answer)) == []
    assert planted.left_in(_written(caplog.records)) == []


async def test_a_credential_in_the_place_of_a_tool_s_name_is_redacted(
    app: Apps, planted: Planted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="mcp_kubernetes")
    async with app.make({"speakers": Toolbox(quiet)}) as made:
        with pytest.raises(UnknownTool) as caught:
            await made.call(WORDS["said"], {}, identity=Identity.local(), session=None)
    assert planted.left_in(str(caught.value)) == []
    assert planted.left_in(_written(caplog.records)) == []


@pytest.mark.parametrize("inside", [10, *range(30, 44), 60])
@pytest.mark.parametrize("form", [Foreign, Text, Object.of], ids=["foreign", "text", "object"])
async def test_a_credential_that_the_end_of_the_budget_cuts_is_redacted(
    app: Apps, planted: Planted, form: Callable[[Any], Any], inside: int
) -> None:
    """768 bytes are left for the text; the cut falls `inside` bytes behind the credential's begin."""
    words = "." * (768 - inside) + " " + WORDS["said"].replace("\n", " ") + " " + "." * 2_000

    @tool(effect=Effect.READ, clustered=False)
    async def speak(_: ToolCall) -> Any:
        """Say more than the budget holds."""
        return form(words)

    async with app({"speakers": Toolbox(speak)}, {"output": {"max_bytes": 1_024}}) as client:
        answer = text(await client.call_tool("speak", {}))
    assert "was cut" in answer
    assert planted.left_in(answer) == []


PLACES = ("a config map", "an annotation", "an event", "a status condition")
LOOKS: dict[str, dict[str, Any]] = {
    "list as table": {"tool": "k8s_list_resources", "output": "wide"},
    "list as yaml": {"tool": "k8s_list_resources", "output": "yaml"},
    "list as json": {"tool": "k8s_list_resources", "output": "json"},
    "get": {"tool": "k8s_get_resource", "name": "planted"},
    "get as json in full": {"tool": "k8s_get_resource", "name": "planted", "output": "json", "full": True},
    "describe": {"tool": "k8s_describe_resource", "name": "planted"},
}


@pytest.mark.parametrize("kind", ["configmaps", "events", "pods"])
async def test_what_the_cluster_says_is_redacted(
    app: Apps, static: Static, cluster: Cluster, namespace: str, planted: Planted, kind: str
) -> None:
    _plant(cluster, namespace)
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as client:
        for look in LOOKS.values():
            arguments = {"resourceType": kind, "namespace": namespace, **look}
            answer = await client.call_tool(arguments.pop("tool"), arguments)
            assert not answer.is_error
            assert "planted" in text(answer)
            assert planted.left_in(text(answer)) == []


def _plant(cluster: Cluster, namespace: str) -> None:
    said = WORDS["said"]
    base = f"/api/v1/namespaces/{namespace}"
    named = {"name": "planted", "annotations": {"example.com/note": said}}
    cluster.api.post(f"{base}/configmaps", {"metadata": named, "data": {"config": f"x:\n  y: {said}\n"}})
    container = {"name": "c", "image": "i", "env": [{"name": "E", "value": said}]}
    pod = cluster.api.post(f"{base}/pods", {"metadata": named, "spec": {"containers": [container]}})
    condition = {"type": "Planted", "status": "False", "reason": "Said", "message": said}
    status = {"status": {"conditions": [condition]}}
    cluster.kubectl(*("patch", "pod", "planted", "-n", namespace, "--subresource=status", "-p", json.dumps(status)))
    involved = {"kind": "Pod", "namespace": namespace, "name": "planted", "uid": pod["metadata"]["uid"]}
    event = {"metadata": named, "involvedObject": involved, "reason": "Said", "message": said, "type": "Normal"}
    cluster.api.post(f"{base}/events", event)


def _written(records: list[logging.LogRecord]) -> str:
    """All lines, as the server writes them: in each form, with tracebacks."""
    forms = (TextFormatter(debug=True), TextFormatter(debug=False), JSONFormatter(debug=True))
    audit = [record for record in records if record.name == "mcp_kubernetes.audit"]
    lines = [form.format(record) for form in forms for record in records if record not in audit]
    return "\n".join([*lines, *(record.getMessage() for record in audit)])


def _filled(value: Any) -> Any:
    return yaml.safe_load(json.dumps(value).replace("{}", json.dumps(WORDS["said"])[1:-1]))

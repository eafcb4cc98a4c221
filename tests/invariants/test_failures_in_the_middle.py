"""Invariant 10: what fails or takes too long in the middle is said, below what was read so far."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import mcp_kubernetes_resources
from mcp_kubernetes import Effect, Foreign, Rows, Text, ToolCall, ToolError, hookimpl, tool
from mcp_kubernetes.errors import AnswerTooLarge, Disconnected, Forbidden
from mcp_kubernetes.kube.wire.network import Network
from mcp_kubernetes.spi import Access, ClusterEntry, ClusterSource, Connection, Credentials, Kubeconfig, Response
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.invariants.probes import Toolbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from mcp import Client

    from mcp_kubernetes.spi import CredentialProvider, Request
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

from tests.invariants.lists import BY_NAMESPACE, CURSOR, NAMESPACES, ROOMY


@tool(effect=Effect.READ, clustered=False)
async def fails(_: ToolCall, error: str) -> Rows:
    """Give three rows, then fail."""

    async def rows() -> AsyncIterator[tuple[str]]:
        for number in range(3):
            yield (f"row-{number}",)
        raise {
            "tool": ToolError("The road ends here."),
            "refused": Forbidden("The road ends here.", status=403),
            "gone": Disconnected("The road ends here."),
            "large": AnswerTooLarge("The road ends here."),
            "defect": ZeroDivisionError("a secret of the code"),
        }[error]

    return Rows(("NAME",), rows())


@tool(effect=Effect.READ, clustered=False, timeout=0.2)
async def hangs(_: ToolCall) -> Rows:
    """Give three rows, then no more."""

    async def rows() -> AsyncIterator[tuple[str]]:
        for number in range(3):
            yield (f"row-{number}",)
        await asyncio.Event().wait()

    return Rows(("NAME",), rows())


async def _no_row() -> tuple[str]:
    raise ToolError("The road ends here.")


@tool(effect=Effect.READ, clustered=False)
async def partly_fails(_: ToolCall) -> list[Any]:
    """Give two parts, then one that fails at its first row."""

    async def rows() -> AsyncIterator[tuple[str]]:
        yield await _no_row()

    return [Text("The first part."), Foreign("The second part."), Rows(("NAME",), rows())]


@pytest.mark.parametrize("error", ["tool", "refused", "gone", "large"])
async def test_an_error_after_the_first_rows_is_said_below_them(app: Apps, error: str) -> None:
    async with app({"toolbox": Toolbox(fails)}) as client:
        answer = await client.call_tool("fails", {"error": error})
    assert not answer.is_error
    assert text(answer).startswith("NAME\nrow-0\nrow-1\nrow-2\nnote: Stopped after 3 rows: The road ends here.")


async def test_a_defect_after_the_first_rows_costs_only_the_rest(app: Apps, caplog: pytest.LogCaptureFixture) -> None:
    async with app({"toolbox": Toolbox(fails)}) as client:
        answer = text(await client.call_tool("fails", {"error": "defect"}))
    assert answer.startswith("NAME\nrow-0\nrow-1\nrow-2\nnote: Stopped after 3 rows: The server failed at this call")
    assert "a secret of the code" not in answer
    assert "ZeroDivisionError" in caplog.text
    assert '"outcome": "partial"' in caplog.text


async def test_a_deadline_in_the_middle_of_rows_is_said_below_them(app: Apps) -> None:
    async with app({"toolbox": Toolbox(hangs)}) as client:
        answer = await client.call_tool("hangs", {})
    assert not answer.is_error
    assert text(answer).startswith(
        "NAME\nrow-0\nrow-1\nrow-2\nnote: Stopped after 3 rows: The call took longer than 0.2 s"
    )


async def test_a_part_that_fails_does_not_take_the_parts_before_it_along(app: Apps) -> None:
    async with app({"toolbox": Toolbox(partly_fails)}) as client:
        answer = text(await client.call_tool("partly_fails", {}))
    assert "The first part." in answer
    assert "The second part." in answer
    assert "The road ends here." in answer


@dataclass
class Breaking(Connection):
    """A real connection that is lost at the given list: no real server can be told to close just then."""

    inner: Connection
    at: int
    answer: Response | None = None
    lists: int = field(default=0, init=False)

    async def request(self, request: Request, max_bytes: int) -> Response:
        if request.path.endswith("/configmaps"):
            self.lists += 1
            if self.lists == self.at and self.answer:
                return self.answer
            if self.lists == self.at:
                raise AnswerTooLarge("The API server's answer broke off.")
        return await self.inner.request(request, max_bytes)

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass
class Broken:
    """A source of the cluster behind such a connection."""

    entry: ClusterEntry
    name: str = "static"
    parameter: str = "cluster"
    description: str = "Cluster."
    credentials: str = "kubeconfig"
    selectable: bool = False

    async def list(self, access: Access) -> Sequence[ClusterEntry]:  # noqa: ARG002
        return [self.entry]

    async def get(self, name: str | None, access: Access) -> ClusterEntry:  # noqa: ARG002
        return self.entry

    @hookimpl
    def register_cluster_sources(self) -> Sequence[ClusterSource]:
        return [self]

    @hookimpl
    def register_credential_providers(self) -> Sequence[CredentialProvider]:
        return []


@pytest.mark.parametrize("at", [2, 3, 6])
async def test_a_list_that_breaks_off_is_shown_so_far_and_can_be_gone_on_with(
    app: Apps, filled: Cluster, at: int
) -> None:
    asked: dict[str, Any] = {"resourceType": "configmaps", "allNamespaces": True, "maxBytes": ROOMY}
    async with _breaking(app, filled, at) as client:
        first = text(await client.call_tool("k8s_list_resources", asked))
        cursor = CURSOR.search(first)
        assert cursor is not None, first
        second = text(await client.call_tool("k8s_list_resources", {**asked, "continue": cursor[1]}))
    assert re.search(r"note: Stopped after \d+ rows: The API server's answer broke off\.", first)
    seen = re.findall(r"(?m)^(\S+\tcm-\S+)", f"{first}\n{second}")
    assert len(seen) == sum(NAMESPACES.values())
    assert len(set(seen)) == len(seen)


GONE = {
    "kind": "Status",
    "apiVersion": "v1",
    "code": 410,
    "reason": "Expired",
    "message": "The provided continue parameter is too old to display a consistent list result. You must start a new "
    "list without the continue parameter.",
}
"""What an API server says of a snapshot that etcd has compacted, where it offers no other to go on in."""


@pytest.mark.parametrize("more", [{}, {"columns": "N:.metadata.name"}, {"where": "true"}, {"output": "json"}])
async def test_a_cursor_whose_snapshot_is_gone_goes_on_by_name_or_says_to_start_the_list_again(
    app: Apps, filled: Cluster, more: dict[str, str]
) -> None:
    asked: dict[str, Any] = {"resourceType": "configmaps", "namespace": "b", "limit": 5, **more}
    async with _breaking(app, filled, 2, Response(status=410, headers={}, body=json.dumps(GONE).encode())) as client:
        cursor = CURSOR.search(text(await client.call_tool("k8s_list_resources", asked)))
        assert cursor is not None
        answer = await client.call_tool("k8s_list_resources", {**asked, "continue": cursor[1]})
    stands_in_a_first_page = bool(more)
    assert answer.is_error is not stands_in_a_first_page
    if stands_in_a_first_page:
        assert sorted(set(re.findall(r"cm-\d\d", text(answer)))) == [f"cm-0{number}" for number in range(5, 10)]
        assert "this goes on inconsistently" in text(answer)
        return
    assert "too old to display a consistent list" in text(answer)
    assert "Start the list again without `continue`." in text(answer)
    assert "continue=" not in text(answer)


async def test_a_list_whose_snapshot_goes_in_the_middle_offers_no_cursor(app: Apps, filled: Cluster) -> None:
    asked: dict[str, Any] = {"resourceType": "configmaps", "allNamespaces": True, "maxBytes": ROOMY}
    async with _breaking(app, filled, 3, Response(status=410, headers={}, body=json.dumps(GONE).encode())) as client:
        answer = text(await client.call_tool("k8s_list_resources", asked))
    assert re.search(r"note: Stopped after \d+ rows: .*Start the list again without `continue`\.", answer)
    assert "continue=" not in answer


@asynccontextmanager
async def _breaking(app: Apps, filled: Cluster, at: int, answer: Response | None = None) -> AsyncIterator[Client]:
    """A client of an app whose connection breaks off, or gives `answer`, at one list."""
    plain = Kubeconfig([filled.kubeconfig], required=True).load().entry(None, "static")
    connection = Breaking(await Network.open(plain, _certificate(filled.kubeconfig)), at, answer)
    providers = Static(filled.kubeconfig)

    class Source(Broken):
        @hookimpl
        def register_credential_providers(self) -> Sequence[CredentialProvider]:
            return providers.register_credential_providers()

    source = Source(replace(plain, connection=connection))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connection.aclose)
        plugins = {"resources": mcp_kubernetes_resources, "source": source}
        yield await stack.enter_async_context(app(plugins, BY_NAMESPACE))


def _certificate(kubeconfig: Path) -> Credentials:
    user = yaml.safe_load(kubeconfig.read_text("utf-8"))["users"][0]["user"]
    certificate, key = (base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key"))
    return Credentials(certificate=certificate, key=key)

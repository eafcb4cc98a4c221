"""Both event loops serve alike; the other tests here run on asyncio's own, as a plain install does."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.stdio.wire import Wire, serving, text

if TYPE_CHECKING:
    from tests.cluster import Cluster

CALLS = 50
UVLOOP = {"MCP_KUBERNETES_SERVER__EVENT_LOOP": "uvloop"}
WAYS: dict[str, Callable[[Wire], None]] = {
    "end-of-input": Wire.close,
    "SIGTERM": lambda server: server.process.send_signal(signal.SIGTERM),
}
WITHOUT_UVLOOP = (
    sys.executable,
    "-c",
    "import sys; sys.modules['uvloop'] = None; from mcp_kubernetes.cli import main; sys.exit(main())",
)


@pytest.mark.parametrize(("wanted", "used"), [("asyncio", False), ("uvloop", True), ("auto", True)])
def test_the_wanted_loop_is_the_one_that_runs(wanted: str, used: bool) -> None:
    with serving(variables={"MCP_KUBERNETES_SERVER__EVENT_LOOP": wanted}) as server:
        server.open()
        maps = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
    assert ("uvloop" in maps) is used


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_uvloop_answers_many_calls_and_ends_in_order(cluster: Cluster, way: Callable[[Wire], None]) -> None:
    with serving("--qps-limit", "0", kubeconfig=cluster.kubeconfig, variables=UVLOOP) as server:
        server.open()
        asked = {"name": "k8s_get_resource", "arguments": {"resourceType": "ns", "name": "default"}}
        server.send(*(server.request("tools/call", **asked) for _ in range(CALLS)))
        assert all('"name":"default"' in text(server.message()["result"]) for _ in range(CALLS))
        way(server)
        assert server.end() == 0


def test_a_credential_plugin_signs_in_under_uvloop(cluster: Cluster, tmp_path: Path) -> None:
    config = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    config["users"][0]["user"] = {"exec": _plugin(tmp_path, config["users"][0]["user"])}
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
    with serving(kubeconfig=kubeconfig, variables=UVLOOP) as server:
        server.open()
        assert "default" in text(server.call("k8s_list_resources", resourceType="namespaces"))


def _plugin(folder: Path, user: dict[str, str]) -> dict[str, object]:
    """A credential plugin that answers with the cluster's own client certificate."""
    program = folder / "plugin.py"
    program.write_text(f"import base64, json\nuser = {user!r}\n{_ANSWER}", encoding="utf-8")
    version = "client.authentication.k8s.io/v1"
    return {"apiVersion": version, "command": sys.executable, "args": [str(program)], "interactiveMode": "Never"}


_ANSWER = """
def pem(key):
    return base64.b64decode(user[key + "-data"]).decode() if key + "-data" in user else open(user[key]).read()

status = {"clientCertificateData": pem("client-certificate"), "clientKeyData": pem("client-key")}
print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}))
"""


def test_uvloop_that_is_wanted_and_not_installed_ends_the_start_with_how_to_get_it() -> None:
    with serving("serve", variables=UVLOOP, program=WITHOUT_UVLOOP) as server:
        assert server.end() == 3
    assert 'pip install "mcp-kubernetes[fast]"' in server.stderr.decode()
    assert "Traceback" not in server.stderr.decode()


def test_without_a_wish_asyncio_serves_where_uvloop_is_not_installed() -> None:
    with serving(variables={"MCP_KUBERNETES_SERVER__EVENT_LOOP": "auto"}, program=WITHOUT_UVLOOP) as server:
        server.open()
        server.close()
        assert server.end() == 0

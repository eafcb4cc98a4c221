"""Which servers are asked through the proxy of the environment: what the real kubectl does is right."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mcp_kubernetes.errors import UnknownCluster
from mcp_kubernetes.kube.credentials.in_cluster import InCluster
from mcp_kubernetes.kube.kubeconfig.loading import Kubeconfig
from mcp_kubernetes.kube.wire.proxy import environment_proxy
from tests.cluster.binaries import binary

PLANTED = "planted-password"
PROXY = "http://proxy.invalid"
"""There is no such host, and so kubectl says at once that it looked for it."""

SERVERS = ["https://api.example.invalid:6443", "https://0.0.0.0:9", "https://[::]:9", "http://plain.invalid"]
"""Unspecified addresses count as any other, and a request to them leaves no machine."""
NO_PROXY = [
    "",
    "*",
    "invalid",
    ".invalid",
    "*.invalid",
    "example.invalid",
    ".example.invalid",
    "api.example.invalid",
    ".api.example.invalid",
    "xample.invalid",
    "API.Example.INVALID",
    "api.example.invalid:6443",
    "api.example.invalid:443",
    "0.0.0.0",  # noqa: S104 - it is asked, and not listened on
    "0.0.0.0:9",
    "0.0.0.0:443",
    "0.0.0.0/8",
    "10.0.0.0/8, 0.0.0.0/24",
    "0.0.0.0/99",
    "::",
    "[::]",
    "[::]:443",
    "[::]:9",
    "::/16",
    " plain.invalid ,other",
    "plain.invalid:80",
    ",,:443,",
]
LOOPBACK = ["https://localhost:1", "https://127.0.0.1:1", "https://127.8.8.8:1", "https://[::1]:1"]


def variables(**more: str) -> dict[str, str]:
    """An environment in which nobody else's proxy is named."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")} | more


@pytest.mark.usefixtures("cluster")  # with which kubectl is built
@pytest.mark.parametrize("no_proxy", NO_PROXY)
def test_a_server_is_asked_through_the_proxy_where_kubectl_does(tmp_path: Path, no_proxy: str) -> None:
    environ = variables(HTTPS_PROXY=PROXY, http_proxy=PROXY, NO_PROXY=no_proxy)
    expected = {server: goes_through_a_proxy(server, tmp_path, environ) for server in SERVERS}
    assert {server: environment_proxy(server, environ) == PROXY for server in SERVERS} == expected


def goes_through_a_proxy(server: str, home: Path, environ: dict[str, str]) -> bool:
    command = [
        str(binary("kubectl")),
        "--token",
        "x",
        "--server",
        server,
        "get",
        "--raw",
        "/version",
        "--request-timeout",
        "1s",
    ]
    done = subprocess.run(
        command, env=environ | {"HOME": str(home), "KUBECONFIG": ""}, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode, done.stdout
    return "proxy.invalid" in done.stderr


@pytest.mark.parametrize("server", LOOPBACK)
def test_what_runs_on_this_machine_is_asked_directly(server: str) -> None:
    assert environment_proxy(server, {"HTTPS_PROXY": PROXY}) is None


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}, None),
        ({"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:1"}, "http://upper:1"),
        ({"https_proxy": "http://lower:1"}, "http://lower:1"),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "other", "no_proxy": "*"}, PROXY),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "*"}, None),
        ({"HTTPS_PROXY": "proxy:3128"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "me:secret@proxy:3128"}, "http://me:secret@proxy:3128"),
        ({"HTTPS_PROXY": "socks5://proxy"}, "socks5://proxy"),
        ({"HTTPS_PROXY": "https://proxy:3129/"}, "https://proxy:3129/"),
    ],
)
def test_the_variables_are_read_as_go_reads_them(environ: dict[str, str], proxy: str | None) -> None:
    assert environment_proxy("https://api.example.com:6443", environ) == proxy


@pytest.mark.parametrize("value", ["socks4://proxy", "ftp://proxy", "http://", "http://proxy:x", f"http://{PLANTED} x"])
def test_a_variable_that_holds_no_address_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(UnknownCluster, match="The environment variable HTTPS_PROXY holds no ") as caught:
        environment_proxy("https://api.example.com", {"HTTPS_PROXY": value})
    assert PLANTED not in str(caught.value)
    assert environment_proxy("https://localhost", {"HTTPS_PROXY": value}) is None


async def test_the_pod_s_own_cluster_has_the_proxy_of_the_pod_s_environment(tmp_path: Path) -> None:
    for name in ("ca.crt", "namespace", "token"):
        (tmp_path / name).write_text("x", "utf-8")
    environ = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443", "HTTPS_PROXY": PROXY}
    assert InCluster(tmp_path, environ).entry().proxy == PROXY
    assert InCluster(tmp_path, environ | {"NO_PROXY": "10.96.0.0/12"}).entry().proxy is None


async def test_a_context_has_the_proxy_of_the_environment_only_where_it_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", "")
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG, "utf-8")
    entries = {entry.name: entry.proxy for entry in Kubeconfig([path]).load().entries("kubeconfig")}
    assert entries == {"plain": PROXY, "own": "socks5://mine:1080"}


KUBECONFIG = """
contexts:
- {name: plain, context: {cluster: plain}}
- {name: own, context: {cluster: own}}
clusters:
- {name: plain, cluster: {server: "https://api.example.com"}}
- {name: own, cluster: {server: "https://api.example.com", proxy-url: "socks5://mine:1080"}}
"""

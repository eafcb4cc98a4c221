from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from mcp_kubernetes import Effect, Identity
from mcp_kubernetes.spi import Access, ConfigError, CredentialsError, UnknownCluster
from mcp_kubernetes_contexts import Contexts
from mcp_kubernetes_contexts.settings import ContextSettings

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mcp_kubernetes.apps import Apps

ACCESS = Access(identity=Identity.local())


def kubeconfig(path: Path, *names: str, current: str = "") -> Path:
    content: dict[str, Any] = {
        "current-context": current,
        "contexts": [{"name": n, "context": {"cluster": n, "user": n}} for n in names],
        "clusters": [{"name": n, "cluster": {"server": f"https://{n}:6443"}} for n in names],
        "users": [{"name": n, "user": {"token": f"token-of-{n}"}} for n in names],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def settings(*paths: Path) -> ContextSettings:
    return ContextSettings(kubeconfig=paths)


async def test_each_context_is_a_cluster_and_signs_in_as_its_own_user(tmp_path: Path) -> None:
    plugin, chosen = Contexts(), settings(kubeconfig(tmp_path / "config", "a", "b", current="b"))
    (source,) = plugin.register_cluster_sources(chosen)
    (provider,) = plugin.register_credential_providers(chosen)
    assert source.credentials == provider.name == "kubeconfig"
    assert [entry.name for entry in await source.list(ACCESS)] == ["a", "b"]
    assert (await source.get(None, ACCESS)).name == "b"
    credentials = await provider.credentials(ACCESS, await source.get("a", ACCESS))
    assert credentials.token == "token-of-a"  # noqa: S105 - a planted one


@pytest.mark.parametrize(("names", "selectable"), [((), False), (("a",), False), (("a", "b"), True)])
def test_there_is_a_parameter_only_where_there_was_a_choice_at_start(
    tmp_path: Path, names: tuple[str, ...], *, selectable: bool
) -> None:
    (source,) = Contexts().register_cluster_sources(settings(kubeconfig(tmp_path / "config", *names)))
    assert source.parameter == "kubeContext"
    assert source.selectable is selectable


async def test_the_choice_at_start_stays_when_the_file_changes(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config", "a")
    (source,) = Contexts().register_cluster_sources(settings(path))
    kubeconfig(path, "a", "b")
    assert (await source.get("b", ACCESS)).name == "b"
    assert not source.selectable


@pytest.mark.parametrize("content", [None, "", "{", "text", "contexts: 1"])
async def test_no_broken_file_keeps_the_server_from_starting(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    (source,) = Contexts().register_cluster_sources(settings(path))
    assert not source.selectable
    with pytest.raises(UnknownCluster, match=str(path)):
        await source.get(None, ACCESS)


async def test_without_a_setting_the_variable_says_which_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", "a", current="a")))
    (source,) = Contexts().register_cluster_sources(ContextSettings())
    assert (await source.get(None, ACCESS)).name == "a"


async def test_in_a_cluster_there_is_one_entry_and_nothing_to_choose() -> None:
    plugin, chosen = Contexts(), ContextSettings(in_cluster=True)
    (source,) = plugin.register_cluster_sources(chosen)
    (provider,) = plugin.register_credential_providers(chosen)
    assert source.name == source.credentials == provider.name == "in-cluster"
    assert not source.selectable
    assert plugin.register_tools(chosen) == []
    with pytest.raises(UnknownCluster, match="one cluster only"):
        await source.get("other", ACCESS)


async def test_outside_a_pod_in_cluster_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    plugin, chosen = Contexts(), ContextSettings(in_cluster=True)
    (source,) = plugin.register_cluster_sources(chosen)
    with pytest.raises(UnknownCluster, match="KUBERNETES_SERVICE_HOST"):
        await source.get(None, ACCESS)
    other = Contexts().register_cluster_sources(settings(kubeconfig(tmp_path / "config", "a", current="a")))[0]
    (provider,) = plugin.register_credential_providers(chosen)
    with pytest.raises(CredentialsError):
        await provider.credentials(ACCESS, await other.get(None, ACCESS))


@pytest.mark.parametrize(
    ("values", "idle"),
    [
        ({"in_cluster": True, "kubeconfig": ["config"]}, "kubeconfig"),
        ({"in_cluster": True, "exec_plugins": ["aws"]}, "exec_plugins"),
        ({"in_cluster": True, "exec_timeout": 5}, "exec_timeout"),
        ({"in_cluster": True, "deny_exec_plugins": True}, "deny_exec_plugins"),
        ({"deny_exec_plugins": True, "exec_plugins": ["aws"]}, "exec_plugins"),
        ({"deny_exec_plugins": True, "exec_timeout": 5}, "exec_timeout"),
    ],
)
def test_a_setting_without_effect_beside_the_others_is_refused(app: Apps, values: dict[str, Any], idle: str) -> None:
    with pytest.raises(ConfigError, match="has no effect, because --"):
        app.make({"contexts": Contexts()}, {"contexts": values})
    app.make({"contexts": Contexts()}, {"contexts": {key: value for key, value in values.items() if key != idle}})


@pytest.mark.parametrize("names", [[], [""], ["./login"], ["bin/login"], ["aws", "../login"]])
def test_a_list_of_plugins_that_could_be_misread_is_refused(names: list[str]) -> None:
    with pytest.raises(ValidationError, match=r"names no plugin|commands without a slash"):
        ContextSettings(exec_plugins=tuple(names))


@pytest.mark.parametrize("seconds", [0, -1, 601, float("nan")])
def test_a_time_for_plugins_has_bounds(seconds: float) -> None:
    with pytest.raises(ValidationError):
        ContextSettings(exec_timeout=seconds)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no executable file"),
        ({"exec_plugins": ("other",)}, "setting contexts.exec_plugins"),
        ({"deny_exec_plugins": True}, "setting contexts.deny_exec_plugins"),
    ],
)
async def test_the_settings_decide_which_plugins_may_run(tmp_path: Path, values: dict[str, Any], words: str) -> None:
    path = kubeconfig(tmp_path / "config", "a", current="a")
    content = json.loads(path.read_text("utf-8"))
    content["users"][0]["user"] = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "./login"}}
    path.write_text(json.dumps(content), "utf-8")
    plugin, chosen = Contexts(), ContextSettings(kubeconfig=(path,), **values)
    (source,) = plugin.register_cluster_sources(chosen)
    (provider,) = plugin.register_credential_providers(chosen)
    with pytest.raises(CredentialsError, match=words):
        await provider.credentials(ACCESS, await source.get(None, ACCESS))


def test_the_tools_read_and_need_no_cluster() -> None:
    tools = Contexts().register_tools(ContextSettings())
    assert [tool.name for tool in tools] == [
        "k8s_list_contexts",
        "k8s_get_current_context",
        "k8s_switch_context",
    ]
    assert all(tool.effect is Effect.READ and not tool.clustered for tool in tools)
    assert [list(tool.schema["properties"]) for tool in tools] == [[], [], ["contextName"]]
    assert sum(len(tool.description) for tool in tools) < 200

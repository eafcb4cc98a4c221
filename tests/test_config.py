"""Configuration from command line, variables and files, as the operator writes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError, field_validator

from mcp_kubernetes.arguments import UsageError
from mcp_kubernetes.config import Config, Draft
from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.settings import (
    HOST_SECTIONS,
    KubernetesSettings,
    PluginSettings,
    ServerSettings,
    Settings,
    json_schema,
    setting,
)


class AcmeSettings(Settings):
    version: str = setting("1", flag="--acme-version", env="ACME_VERSION", help="A text that looks like a number.")
    labels: dict[str, str] = setting({}, flag="--acme-label", help="Labels.")
    token: SecretStr | None = setting(None, flag="--acme-token", help="A secret.")
    limit: int | None = setting(None, help="No flag.")

    @field_validator("token")
    @classmethod
    def _long(cls, token: SecretStr | None) -> SecretStr | None:
        if token and len(token.get_secret_value()) < 8:
            raise ValueError(f"{token.get_secret_value()} is too short")
        return token


class NeedySettings(Settings):
    url: str = setting(flag="--needy-url", help="Must be given.")


PLUGINS: dict[str, type[Settings]] = {"acme": AcmeSettings}


def read(*arguments: str, **environ: str) -> Config:
    return Draft(arguments, environ).complete(PLUGINS, {"idle": "is disabled", "bare": "has no settings"})


def written(folder: Path, text: str, suffix: str = ".toml") -> str:
    path = folder / f"config{suffix}"
    path.write_text(text, encoding="utf-8")
    return str(path)


def value(config: Config, option: str) -> Any:
    section, key = option.split(".")
    return getattr(config.sections[section], key)


def test_defaults_hold_where_nobody_says_anything() -> None:
    config = read()
    assert config.section(KubernetesSettings).qps_limit == 20.0
    assert config.origin("kubernetes", "qps_limit") == "default"


@pytest.mark.parametrize("suffix", [".toml", ".yaml", ".yml"])
def test_flag_beats_variable_beats_file_beats_default(tmp_path: Path, suffix: str) -> None:
    text = (
        "kubernetes: {qps_limit: 1, burst_limit: 1}"
        if suffix != ".toml"
        else ("[kubernetes]\nqps_limit = 1\nburst_limit = 1")
    )
    file = written(tmp_path, text, suffix)
    variable = {"MCP_KUBERNETES_KUBERNETES__QPS_LIMIT": "2"}
    steps = [
        (read("--config", file), 1.0, f"file {file}"),
        (read("--config", file, **variable), 2.0, "variable MCP_KUBERNETES_KUBERNETES__QPS_LIMIT"),
        (read("--config", file, "--qps-limit=3", **variable), 3.0, "flag --qps-limit"),
    ]
    for config, limit, origin in steps:
        assert config.section(KubernetesSettings).qps_limit == limit
        assert config.origin("kubernetes", "qps_limit") == origin
        assert config.origin("kubernetes", "burst_limit") == f"file {file}"


def test_the_file_may_be_named_by_a_variable_and_the_flag_wins(tmp_path: Path) -> None:
    one = written(tmp_path, "[server]\nlog_format = 'text'")
    two = written(tmp_path, "server: {log_format: json}", ".yaml")
    assert value(read(MCP_KUBERNETES_CONFIG=one), "server.log_format") == "text"
    assert value(read("--config", two, MCP_KUBERNETES_CONFIG=one), "server.log_format") == "json"


@pytest.mark.parametrize(
    ("arguments", "option", "expected"),
    [
        (["--debug"], "server.debug", True),
        (["--debug=true"], "server.debug", True),
        (["--debug=false"], "server.debug", False),
        (["--no-debug"], "server.debug", False),
        (["--debug", "--no-debug"], "server.debug", False),
        (["--non-destructive=true"], "safety.non_destructive", True),
        (["--dry-run=false"], "safety.dry_run", False),
        (["--qps-limit", "0.5"], "kubernetes.qps_limit", 0.5),
        (["--disable-plugin", "a", "--disable-plugin=b"], "plugins.disable", ("a", "b")),
        (["--acme-label", "a=b", "--acme-label=c=d=e"], "acme.labels", {"a": "b", "c": "d=e"}),
        (["--acme-version", "1.30"], "acme.version", "1.30"),
        (["--acme-version=--x"], "acme.version", "--x"),
    ],
)
def test_flags_take_these_forms(arguments: list[str], option: str, expected: object) -> None:
    assert value(read(*arguments), option) == expected


@pytest.mark.parametrize(
    ("variable", "text", "option", "expected"),
    [
        ("MCP_KUBERNETES_SERVER__DEBUG", "yes", "server.debug", True),
        ("MCP_KUBERNETES_OUTPUT__MAX_BYTES", "2048", "output.max_bytes", 2048),
        ("MCP_KUBERNETES_PLUGINS__DISABLE", "a, b,", "plugins.disable", ("a", "b")),
        ("MCP_KUBERNETES_PLUGINS__DISABLE", "", "plugins.disable", ()),
        ("MCP_KUBERNETES_KUBERNETES__CREDENTIALS", "capi=sso,x=y", "kubernetes.credentials", {"capi": "sso", "x": "y"}),
        ("MCP_KUBERNETES_ACME__VERSION", "1.30", "acme.version", "1.30"),
        ("ACME_VERSION", "0123", "acme.version", "0123"),
        ("ACME_VERSION", "@read_file /etc/hostname", "acme.version", "@read_file /etc/hostname"),
    ],
)
def test_variables_take_these_forms(variable: str, text: str, option: str, expected: object) -> None:
    config = read(**{variable: text})
    assert value(config, option) == expected
    assert config.origin(*option.split(".")) == f"variable {variable}"


def test_the_conventional_variable_beats_the_alias() -> None:
    assert value(read(MCP_KUBERNETES_ACME__VERSION="a", ACME_VERSION="b"), "acme.version") == "a"


def test_variables_that_kubernetes_injects_for_a_service_are_ignored() -> None:
    read(
        MCP_KUBERNETES_PORT="tcp://10.0.0.1:8080",
        MCP_KUBERNETES_PORT_8080_TCP_ADDR="10.0.0.1",
        MCP_KUBERNETES_SERVICE_HOST="10.0.0.1",
        MCP_KUBERNETES_SERVICE_PORT_HTTP="8080",
    )


TOKENS = [
    "@read_file /etc/hostname",
    "@format {env[HOME]}",
    "@jinja {{ 1 }}",
    "@int abc",
    "@none",
    "@merge x",
    "1.30",
    "0123",
]


@pytest.mark.parametrize("text", TOKENS)
@pytest.mark.parametrize("suffix", [".toml", ".yaml"])
def test_texts_in_files_stay_texts_whatever_they_look_like(tmp_path: Path, text: str, suffix: str) -> None:
    body = f"[acme]\nversion = '{text}'" if suffix == ".toml" else f"acme:\n  version: '{text}'"
    file = written(tmp_path, body, suffix)
    assert value(read("--config", file), "acme.version") == text
    config = read("--config", file, MCP_KUBERNETES_ACME__LABELS=f"a={text}")
    assert value(config, "acme.labels") == {"a": text}


@pytest.mark.parametrize("suffix", [".toml", ".yaml"])
def test_lists_and_tables_replace_and_never_append(tmp_path: Path, suffix: str) -> None:
    body = (
        "[plugins]\ndisable = ['a', 'b']\n[acme.labels]\nx = '1'"
        if suffix == ".toml"
        else "plugins: {disable: [a, b]}\nacme: {labels: {x: '1'}}"
    )
    file = written(tmp_path, body, suffix)
    config = read("--config", file, MCP_KUBERNETES_PLUGINS__DISABLE="c", MCP_KUBERNETES_ACME__LABELS="y=2")
    assert value(config, "plugins.disable") == ("c",)
    assert value(config, "acme.labels") == {"y": "2"}
    assert value(read("--config", file, "--disable-plugin", "d"), "plugins.disable") == ("d",)


def test_dynaconf_listens_to_no_variable_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[server]\ndebug = true", encoding="utf-8")
    hostile = {
        "SETTINGS_FILES_FOR_DYNACONF": str(other),
        "INCLUDES_FOR_DYNACONF": str(other),
        "AUTO_CAST_FOR_DYNACONF": "true",
        "MERGE_ENABLED_FOR_DYNACONF": "true",
        "YAML_LOADER_FOR_DYNACONF": "unsafe_load",
        "ENVVAR_PREFIX_FOR_DYNACONF": "MCP_KUBERNETES_SERVER",
        "CORE_LOADERS_FOR_DYNACONF": '["PY"]',
    }
    for name, text in hostile.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("DYNACONF_SERVER__DEBUG", "true")
    file = written(tmp_path, "[acme]\nversion = '@format {env[HOME]}'\n[plugins]\ndisable = ['a']")
    config = read("--config", file, MCP_KUBERNETES_PLUGINS__DISABLE="b")
    assert value(config, "acme.version") == "@format {env[HOME]}"
    assert value(config, "plugins.disable") == ("b",)
    assert value(config, "server.debug") is False
    assert hostile.items() <= os.environ.items()


def test_only_the_named_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.local.toml").write_text("[server]\ndebug = true", encoding="utf-8")
    (tmp_path / ".secrets.toml").write_text("[server]\ndebug = true", encoding="utf-8")
    assert value(read("--config", written(tmp_path, "")), "server.debug") is False


FILES = {
    "unknown section": ("[srever]\nx = 1", "there is no section srever (did you mean server?)"),
    "unknown key": ("[server]\ntransprot = 'stdio'", "there is no setting server.transprot (did you mean transport?)"),
    "key that selects plugins": ("[plugins]\ndisabel = ['x']", "no setting plugins.disabel (did you mean disable?)"),
    "hyphen": ("[kubernetes]\nqps-limit = 1", "(did you mean qps_limit?)"),
    "key of a plugin": ("[acme]\nversoin = 'x'", "(did you mean version?)"),
    "disabled plugin": ("[idle]\nx = 1", "the plugin idle is disabled"),
    "plugin without settings": ("[bare]\nx = 1", "the plugin bare has no settings"),
    "plugin not installed": ("[oauth]\nx = 1", "the plugin oauth is not installed; mcp-kubernetes-oauth brings it"),
    "no section": ("debug = true", "debug stands outside of any section"),
    "include": ("dynaconf_include = ['x.toml']", "there is no section dynaconf_include"),
    "steering": ("[AUTO_CAST_FOR_DYNACONF]\nx = 1", "there is no section auto_cast_for_dynaconf"),
    "merge mark": ("[server]\ndynaconf_merge = true", "there is no setting server.dynaconf_merge"),
    "dotted": ("['server.debug']\nx = 1", "there is no section server.debug"),
    "number for text": ("[acme]\nversion = 1.30", "acme.version is not valid: should be a valid string"),
    "out of range": ("[kubernetes]\nqps_limit = -1", "qps_limit is not valid: should be greater than or equal to 0"),
    "text for list": ("[plugins]\ndisable = 'a'", "plugins.disable is not valid: should be a valid tuple"),
    "choice": ("[server]\nlog_format = 'xml'", "should be 'auto', 'text' or 'json'"),
    "syntax": ("[server]\ndebug = SECRET", "cannot be read (line 2, column 9)"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_cannot_be_honoured_is_refused_in_one_sentence(tmp_path: Path, kind: str) -> None:
    text, sentence = FILES[kind]
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read("--config", file)
    assert sentence in str(caught.value)
    assert file in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "body", "sentence"),
    [
        (".yaml", b"server: {debug: true\n token: SECRET", "(line 2, column 7)"),
        (".yaml", b"server: {1: 2}", "there is no setting server.1"),
        (".yaml", b"1: {}", "there is no section 1"),
        (".yaml", b"- a\n- b\n", "it is not a table of sections"),
        (".yaml", b"server: !!python/object/apply:os.system ['true']", "cannot be read"),
        (".yaml", b"server: {debug: true}\nserver: {debug: false}", "cannot be read"),
        (".toml", b"\xff\xfe", "it is not UTF-8"),
        (".ini", b"[server]", "is named neither .toml nor .yaml"),
    ],
)
def test_a_file_in_no_known_form_is_refused(tmp_path: Path, suffix: str, body: bytes, sentence: str) -> None:
    path = tmp_path / f"config{suffix}"
    path.write_bytes(body)
    with pytest.raises(ConfigError) as caught:
        read("--config", str(path))
    assert sentence in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_a_missing_file_is_refused_with_its_origin(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match=r"flag --config\) cannot be read: No such file"):
        read("--config", missing)
    with pytest.raises(ConfigError, match=r"variable MCP_KUBERNETES_CONFIG\) cannot be read"):
        read(MCP_KUBERNETES_CONFIG=missing)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("MCP_KUBERNETES_SERVER__DEBGU", "did you mean MCP_KUBERNETES_SERVER__DEBUG"),
        ("MCP_KUBERNETES_SREVER__DEBUG", "no section srever (did you mean server?)"),
        ("MCP_KUBERNETES_server__debug", "did you mean MCP_KUBERNETES_SERVER__DEBUG"),
        ("MCP_KUBERNETES_IDLE__X", "the plugin idle is disabled"),
        ("MCP_KUBERNETES_CAPI__X", "mcp-kubernetes-capi brings it"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**{name: "SECRET"})
    assert sentence in str(caught.value)
    assert name in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--debgu"], "There is no option --debgu (did you mean --debug"),
        (["--qps-limt=SECRET"], "There is no option --qps-limt (did you mean --qps-limit"),
        (["--acme-vers", "SECRET"], "There is no option --acme-vers (did you mean --acme-version"),
        (["--qps-limit"], "Argument --qps-limit: expected one argument"),
        (["SECRET"], "There is an argument that belongs to no option"),
    ],
)
def test_a_command_line_that_cannot_be_understood_is_a_usage_error(arguments: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(*arguments)
    assert sentence in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--qps-limit=SECRET"], "Flag --qps-limit: kubernetes.qps_limit is not valid: should be a valid number"),
        (["--debug=SECRET"], "Flag --debug: server.debug is not valid: should be a valid boolean"),
        (["--acme-token=SECRET"], "Flag --acme-token: acme.token is not valid (value_error)"),
        (["--acme-label=SECRET"], "Flag --acme-label: acme.labels: it takes name=value"),
    ],
)
def test_a_value_that_is_not_valid_is_refused_and_never_repeated(arguments: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(*arguments)
    assert not isinstance(caught.value, UsageError)
    assert sentence in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_every_wrong_value_gets_its_own_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        read("--qps-limit=x", MCP_KUBERNETES_OUTPUT__MAX_BYTES="1")
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "Flag --qps-limit",
        "Variable MCP_KUBERNETES_OUTPUT__MAX_BYTES",
    ]


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["--confirm=destructive"], "--confirm"),
        (["--allowed-cluster-kinds=clusterroles", "--allowed-namespaces=a"], "--allowed-cluster-kinds"),
        (["--allowed-operations=get,list,scale"], "--allowed-operations"),
        (["--non-destructive=false", "--allowed-cluster-kinds=clusterroles"], "--allowed-cluster-kinds"),
        (["--allowed-commands=ls"], "--allowed-commands"),
        (["--dry-run", "--allowed-commands=ls"], "--allowed-commands"),
    ],
)
def test_a_limit_on_changes_that_has_no_effect_is_refused(arguments: list[str], option: str) -> None:
    with pytest.raises(ConfigError, match=f"Flag {option}: it has no effect"):
        read(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--confirm=never"],
        ["--allowed-operations=get,list"],
        ["--dry-run", "--confirm=destructive"],
        ["--non-destructive=false", "--allowed-operations=get,scale", "--confirm=destructive"],
        ["--non-destructive=false", "--allowed-namespaces=a", "--allowed-cluster-kinds=ClusterRole"],
        ["--non-destructive=false", "--allowed-commands=ls,nginx -t"],
    ],
)
def test_a_limit_that_has_an_effect_is_taken(arguments: list[str]) -> None:
    read(*arguments)


@pytest.mark.parametrize(
    ("argument", "setting"),
    [
        ("--allowed-operations=destroy", "safety.allowed_operations"),
        ("--allowed-namespaces=A_b", "safety.allowed_namespaces"),
        ("--restricted-namespaces=kube-*", "safety.restricted_namespaces"),
        ("--denied-kinds=a/b", "safety.denied_kinds"),
        ("--confirm=always", "safety.confirm"),
    ],
)
def test_a_limit_that_would_mean_nothing_is_refused(argument: str, setting: str) -> None:
    with pytest.raises(ConfigError, match=setting):
        read(argument, "--non-destructive=false")


def test_a_list_takes_commas_on_the_command_line_as_in_a_variable() -> None:
    assert value(
        read("--restricted-namespaces=a,b", "--restricted-namespaces", "c"), "safety.restricted_namespaces"
    ) == (
        "a",
        "b",
        "c",
    )


def test_an_option_without_effect_is_refused_and_its_origin_named() -> None:
    with pytest.raises(ConfigError, match=r"Flag --burst-limit: it has no effect, because --qps-limit is 0"):
        read("--qps-limit=0", "--burst-limit=5")
    with pytest.raises(ConfigError, match=r"Variable MCP_KUBERNETES_KUBERNETES__BURST_LIMIT: it has no effect"):
        read("--qps-limit=0", MCP_KUBERNETES_KUBERNETES__BURST_LIMIT="5")
    assert value(read("--qps-limit=0"), "kubernetes.burst_limit") == 30


def test_a_draft_knows_which_plugins_to_load_although_their_options_are_unknown(tmp_path: Path) -> None:
    file = written(tmp_path, "[acme]\nversion = 'x'\n[plugins]\nrequire = ['acme']")
    draft = Draft(
        ["--acme-version", "2", "--plugin", "mine", "--config", file, "--debug"], {"MCP_KUBERNETES_ACME__LIMIT": "x"}
    )
    selection = draft.section(PluginSettings)
    assert (selection.modules, selection.require) == (("mine",), ("acme",))
    assert draft.section(ServerSettings).debug


def test_a_plugin_whose_required_setting_nobody_gives_is_unusable_and_the_rest_stands() -> None:
    config = Draft([], {}).complete({"needy": NeedySettings})
    assert "needy" not in config.sections
    assert config.unusable == {"needy": "Flag --needy-url or variable MCP_KUBERNETES_NEEDY__URL: needy.url is required"}


def test_values_are_frozen() -> None:
    with pytest.raises(ValidationError):
        read().section(ServerSettings).debug = True
    with pytest.raises(TypeError):
        read().sections["server"] = ServerSettings()  # type: ignore[index]


def test_a_program_may_give_values_by_section() -> None:
    config = Config.of({"server": {"debug": True}, "acme": {"limit": 3}}, PLUGINS)
    assert config.section(AcmeSettings).limit == 3
    assert config.section(ServerSettings).debug
    with pytest.raises(ConfigError, match=r"no setting server\.debgu"):
        Config.of({"server": {"debgu": True}})
    with pytest.raises(LookupError):
        Config.of({}).section(AcmeSettings)


def test_the_schema_has_every_section_and_refuses_others() -> None:
    schema = json_schema(HOST_SECTIONS | PLUGINS)
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {*HOST_SECTIONS, "acme"}
    reference = schema["properties"]["acme"]["$ref"].rpartition("/")[2]
    assert schema["$defs"][reference]["properties"]["version"]["flag"] == "--acme-version"


def test_dynaconf_is_imported_only_for_a_file(tmp_path: Path) -> None:
    program = (
        "import sys; from mcp_kubernetes.config import Draft;"
        "Draft(sys.argv[1:], {'MCP_KUBERNETES_SERVER__DEBUG': 'true'}).complete({});"
        "print('dynaconf' in sys.modules)"
    )

    def imported(*arguments: str) -> str:
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert imported("--qps-limit=1") == "False"
    assert imported("--config", written(tmp_path, "")) == "True"

"""Loading plugins, with real distributions in folders: nothing here stands in for importlib.metadata or pluggy."""

from __future__ import annotations

import sys
import textwrap
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import pytest

from mcp_kubernetes.config import Config
from mcp_kubernetes.errors import PluginError
from mcp_kubernetes.plugins import Plugins, PluginState
from mcp_kubernetes.settings import PluginSettings
from tests.sites import TOOL, Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcp_kubernetes.views import AppView


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.syspath_prepend(tmp_path)
    yield Site(tmp_path)
    for name in [name for name in sys.modules if name.startswith("throwaway_")]:
        del sys.modules[name]


def contribute(plugins: Plugins) -> dict[str, list[str]]:
    """The names of the tools by plugin, for plugins that have any."""
    sections = Config.of({}, plugins.settings_models()).sections
    contributions = plugins.contributions(sections)
    return {c.plugin: [tool.name for tool in c.tools] for c in contributions if c.tools}


def state(plugins: Plugins, name: str) -> PluginState:
    return next(state for state in plugins.states if state.name == name)


def test_an_installed_plugin_is_found_loaded_and_asked_for_its_tools(site: Site) -> None:
    site.install("acme", TOOL.format(name="acme_hello"))
    plugins = site.load()
    assert contribute(plugins)["acme"] == ["acme_hello"]
    assert state(plugins, "acme") == PluginState(
        name="acme", distribution="acme", version="1.2.3", status="active", hooks=("register_tools",)
    )


def test_a_disabled_plugin_is_not_imported(site: Site) -> None:
    module = site.install("acme", TOOL.format(name="acme_hello"))
    plugins = site.load(disable=["acme"])
    assert "acme" not in contribute(plugins)
    assert state(plugins, "acme").status == "disabled"
    assert module not in sys.modules


def test_a_module_named_by_configuration_is_a_plugin_under_its_own_name(site: Site) -> None:
    module = site.module(TOOL.format(name="acme_hello"))
    assert contribute(site.load(modules=[module]))[module] == ["acme_hello"]


def test_naming_the_module_of_an_installed_plugin_requires_it_and_does_not_load_it_twice(site: Site) -> None:
    module = site.install("acme", TOOL.format(name="acme_hello"))
    assert [s.name for s in site.load(modules=[module]).states if s.name in ("acme", module)] == ["acme"]
    broken = site.install("broken", "import nothing_of_this_name")
    with pytest.raises(PluginError, match="broken"):
        site.load(modules=[broken])


def test_a_class_is_instantiated_once_per_load(site: Site) -> None:
    code = """
        from mcp_kubernetes import hookimpl

        class Plugin:
            made = 0

            def __init__(self):
                Plugin.made += 1

            @hookimpl
            def register_tools(self):
                return []
    """
    module = site.install("acme", code, target=":Plugin")
    for times in (1, 2):
        contribute(site.load())
        assert sys.modules[module].Plugin.made == times


def test_given_objects_stand_instead_of_the_installed_plugins(site: Site) -> None:
    site.install("acme", TOOL.format(name="acme_hello"))
    given = import_module(site.module(TOOL.format(name="given_hello")))
    plugins = Plugins.load(PluginSettings(), {"given": given})
    assert [state.name for state in plugins.states] == ["http", "state", "transports", "given"]
    assert contribute(plugins) == {"given": ["given_hello"]}


def test_what_a_plugin_prints_while_it_loads_does_not_reach_stdout(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.install("acme", "print('loading')\n" + textwrap.dedent(TOOL.format(name="acme_hello")))
    site.load()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "loading" in captured.err


PRELUDE = "from mcp_kubernetes import Effect, Settings, ToolCall, hookimpl, setting, tool\n"

BROKEN = {
    "import error": ("import nothing_of_this_name", "importing it failed: ModuleNotFoundError: No module named"),
    "syntax error": ("def (", "importing it failed: SyntaxError"),
    "exit": ("raise SystemExit(1)", "importing it failed: SystemExit: 1"),
    "an error without words": (
        """
        class Wordless(Exception):
            def __str__(self): raise self

        raise Wordless
        """,
        "importing it failed: Wordless",
    ),
    "no hook": ("answer = 42", "it implements no hook"),
    "misspelt hook": (
        """
        @hookimpl
        def register_tool(): ...
        """,
        "there is no hook register_tool (did you mean register_tools",
    ),
    "wrong argument": (
        """
        @hookimpl
        def register_tools(setings): ...
        """,
        "registering its hooks failed: PluginValidationError",
    ),
    "async hook": (
        """
        @hookimpl
        async def register_tools(): ...
        """,
        "its hook register_tools is asynchronous",
    ),
    "generator for a lifespan": (
        """
        @hookimpl
        async def lifespan(): yield
        """,
        "its hook lifespan is asynchronous",
    ),
    "sync handler": (
        """
        @tool(effect=Effect.READ)
        def look(call: ToolCall) -> str:
            'Look.'
        """,
        "importing it failed: ToolDefinitionError",
    ),
    "settings that raise": (
        """
        @hookimpl
        def register_settings(): raise OSError("no disk")
        """,
        "its hook register_settings failed: OSError: no disk",
    ),
    "settings of another kind": (
        """
        @hookimpl
        def register_settings(): return dict
        """,
        "its hook register_settings returned no subclass of Settings",
    ),
    "the host's option": (
        """
        class Own(Settings):
            debug: bool = setting(default=False, flag="--debug", help="Log.")

        @hookimpl
        def register_settings(): return Own
        """,
        "it offers the option --debug as the host does",
    ),
    "tools that raise": (
        """
        @hookimpl
        def register_tools(): return 1 / 0
        """,
        "its hook register_tools failed: ZeroDivisionError: division by zero",
    ),
    "tools that raise late": (
        """
        @hookimpl
        def register_tools():
            yield from ()
            raise OSError
        """,
        "its hook register_tools failed: OSError",
    ),
    "no list": (
        """
        @hookimpl
        def register_tools(): return 5
        """,
        "its hook register_tools returned int where a list is due",
    ),
    "function for a tool": (
        """
        @hookimpl
        def register_tools(): return [print]
        """,
        "its hook register_tools returned builtin_function_or_method where Tool is due",
    ),
    "source without a name": (
        """
        @hookimpl
        def register_cluster_sources(): return [object()]
        """,
        "returned object without the text name; it is no cluster source",
    ),
    "sync provider": (
        """
        class Provider:
            name = "mine"
            def credentials(self, access, entry, refused=None): ...

        @hookimpl
        def register_credential_providers(): return [Provider()]
        """,
        "returned Provider without the async method credentials; it is no credential provider",
    ),
    "transport without a name": (
        """
        class Pigeon:
            async def serve(self, app): ...

        @hookimpl
        def register_transports(): return [Pigeon()]
        """,
        "returned Pigeon without the text name; it is no transport",
    ),
    "middleware without a stage": (
        """
        class Middle:
            stage = 1
            async def __call__(self, call, proceed): ...

        @hookimpl
        def register_middleware(): return [Middle()]
        """,
        "returned Middle without the Stage stage; it is no middleware",
    ),
    "a tool twice": (
        """
        @tool(effect=Effect.READ)
        async def look(call: ToolCall) -> str:
            'Look.'

        @hookimpl
        def register_tools(): return [look, look]
        """,
        "it offers the tool look twice",
    ),
    "a kind profile of another class": (
        """
        @hookimpl
        def register_kinds(): return [{"resource": "widgets"}]
        """,
        "its hook register_kinds returned dict where KindProfile is due",
    ),
    "a kind profile twice": (
        """
        from mcp_kubernetes import KindProfile

        @hookimpl
        def register_kinds(): return [KindProfile(group="acme.example", resource="widgets")] * 2
        """,
        "it offers the kind profile widgets.acme.example twice",
    ),
    "a finding rule twice": (
        """
        from mcp_kubernetes import FindingRule

        @hookimpl
        def register_findings():
            return [FindingRule(name="Sick", kind="v1/Pod", paths={}, judge=lambda row, seen: ())] * 2
        """,
        "it offers the finding rule Sick twice",
    ),
    "a finding rule whose path cannot be read": (
        """
        from mcp_kubernetes import FindingRule

        @hookimpl
        def register_findings():
            return [FindingRule(name="Sick", kind="v1/Pod", paths={"a": ".a["}, judge=lambda row, seen: ())]
        """,
        "its hook register_findings failed: PathError: ",
    ),
    "a kind profile whose path cannot be read": (
        """
        from mcp_kubernetes import KindProfile, Noise

        @hookimpl
        def register_kinds(): return [KindProfile(group="", resource="widgets", noise=[Noise(path=".a[0]")])]
        """,
        "its hook register_kinds failed: ValueError: The path '.a[0]' of a kind's noise has more than keys and [*]",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_that_is_merely_installed_is_set_aside_and_the_others_work(site: Site, kind: str) -> None:
    code, reason = BROKEN[kind]
    site.install("broken", PRELUDE + textwrap.dedent(code))
    site.install("sound", TOOL.format(name="sound_hello"))
    plugins = site.load()
    assert contribute(plugins)["sound"] == ["sound_hello"]
    assert state(plugins, "broken").status == "set aside"
    assert reason in state(plugins, "broken").reason


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("how", ["required", "strict", "by module"])
def test_a_broken_plugin_that_configuration_names_ends_the_start(site: Site, kind: str, how: str) -> None:
    code, reason = BROKEN[kind]
    module = site.install("broken", PRELUDE + textwrap.dedent(code))
    selection: dict[str, dict[str, Any]] = {
        "required": {"require": ["broken"]},
        "strict": {"strict": True},
        "by module": {"modules": [module]},
    }
    with pytest.raises(PluginError) as caught:
        contribute(site.load(**selection[how]))
    assert "The plugin 'broken' (distribution broken) cannot be used: " in str(caught.value)
    assert reason in str(caught.value)


def test_an_interrupt_while_a_plugin_loads_is_the_users(site: Site) -> None:
    site.install("acme", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        site.load()


@pytest.mark.parametrize(
    ("requires", "accepted"),
    [
        ("mcp-kubernetes>=0.1.0,<1", True),
        ("MCP_Kubernetes >= 0.1", True),
        ("mcp-kubernetes>=99", False),
        ("mcp-kubernetes<0.1", False),
        ("mcp-kubernetes>=99; extra == 'future'", True),
        ("mcp-kubernetes>=99; python_version < '3'", True),
        ("something-else>=99", True),
    ],
)
def test_a_plugin_works_with_the_host_versions_that_its_distribution_declares(
    site: Site, requires: str, accepted: bool
) -> None:
    site.install("acme", TOOL.format(name="acme_hello"), requires=requires)
    plugins = site.load()
    assert plugins.active("acme") is accepted
    assert accepted or "it needs mcp-kubernetes" in state(plugins, "acme").reason


@pytest.mark.parametrize(
    ("requires", "named"),
    [
        ("pytest", ""),
        ("nothing-of-this-name; python_version < '3'", ""),
        ("nothing-of-this-name; extra == 'more'", ""),
        ("nothing-of-this-name[more]>=2,<3", "pip install 'nothing-of-this-name<3,>=2'"),
        ("pytest>=9999", "pip install 'pytest>=9999'"),
        ("nothing-of-this-name @ https://user:pass@nowhere.example/x", "pip install 'nothing-of-this-name'"),
    ],
)
def test_what_is_not_installed_is_named_when_an_import_fails_and_never_an_address(
    site: Site, requires: str, named: str
) -> None:
    site.install("acme", "import nothing_of_this_name", requires=requires)
    reason = state(site.load(), "acme").reason
    assert reason.startswith("importing it failed: ModuleNotFoundError: No module named 'nothing_of_this_name'")
    assert ("pip install" in reason) is bool(named)
    assert reason.endswith(named)
    assert "nowhere" not in reason


def test_a_plugin_that_needs_what_is_not_installed_and_works_all_the_same_is_used(site: Site) -> None:
    site.install("acme", TOOL.format(name="acme_hello"), requires="nothing-of-this-name")
    assert site.load().active("acme")


def test_a_plugin_for_another_host_version_is_not_imported(site: Site) -> None:
    module = site.install("acme", TOOL.format(name="acme_hello"), requires="mcp-kubernetes>=99")
    site.load()
    assert module not in sys.modules


@pytest.mark.parametrize("name", ["Acme", "acme-tools", "a__b", "9lives", "_acme"])
def test_a_plugin_whose_name_cannot_be_a_section_is_set_aside(site: Site, name: str) -> None:
    site.install("acme", TOOL.format(name="acme_hello"), name=name)
    assert "its name is not made of" in state(site.load(), name).reason


def test_two_distributions_with_one_plugin_name_end_the_start_and_are_both_named(site: Site) -> None:
    site.install("acme-one", TOOL.format(name="one"), name="acme")
    site.install("acme-two", TOOL.format(name="two"), name="acme")
    with pytest.raises(
        PluginError, match="'acme' is offered by the distribution acme-one and the distribution acme-two"
    ):
        site.load()
    assert not site.load(disable=["acme"]).active("acme")


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("oauth", "mcp-kubernetes-oauth"),
        ("capi", "mcp-kubernetes-capi"),
        ("server", "the host's own"),
        ("plugins", "the host's own"),
        ("transports", "the host's own"),
    ],
)
def test_a_foreign_distribution_cannot_take_a_reserved_name(site: Site, name: str, owner: str) -> None:
    site.install("acme", TOOL.format(name="acme_hello"), name=name)
    with pytest.raises(PluginError, match=owner):
        site.load()


def test_a_first_party_plugin_is_asked_first_and_keeps_a_tool_that_another_offers_too(site: Site) -> None:
    site.install("aaa", TOOL.format(name="shared"))
    site.install("mcp-kubernetes-valkey", TOOL.format(name="shared"), name="valkey")
    plugins = site.load()
    assert contribute(plugins)["valkey"] == ["shared"]
    assert state(plugins, "aaa").reason == "it offers the tool shared as valkey does"


def test_among_third_parties_the_name_decides_who_keeps_a_tool(site: Site) -> None:
    site.install("zeta", TOOL.format(name="shared"))
    site.install("beta", TOOL.format(name="shared"))
    plugins = site.load()
    assert contribute(plugins)["beta"] == ["shared"]
    assert not plugins.active("zeta")


def test_a_plugin_that_is_set_aside_leaves_nothing_behind(site: Site) -> None:
    half = textwrap.dedent(TOOL.format(name="shared"))
    site.install("half", half + "\n@hookimpl\ndef register_middleware(): return [1]")
    site.install("whole", TOOL.format(name="shared"))
    assert contribute(site.load())["whole"] == ["shared"]


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        ({"require": ["oauth"]}, "'oauth' is required, but not installed; mcp-kubernetes-oauth brings it"),
        ({"require": ["acmee"]}, "'acmee' is required, but not installed \\(did you mean acme\\?\\)"),
        ({"disable": ["acmee"]}, "no plugin 'acmee' to disable \\(did you mean acme\\?\\)"),
        ({"disable": ["transports"]}, "the host's own and cannot be disabled"),
        ({"disable": ["acme"], "require": ["acme"]}, "both required and disabled"),
        ({"modules": ["nothing_of_this_name"]}, "No module named 'nothing_of_this_name'"),
    ],
)
def test_a_selection_that_cannot_be_honoured_ends_the_start(
    site: Site, selection: dict[str, list[str]], sentence: str
) -> None:
    acme = import_module(site.module(TOOL.format(name="acme_hello")))
    with pytest.raises(PluginError, match=sentence):
        Plugins.load(PluginSettings.model_validate(selection), {"acme": acme})


def test_a_first_party_plugin_may_be_disabled_where_it_is_not_installed(site: Site) -> None:
    site.load(disable=["testing"])


SETTINGS = """
    from mcp_kubernetes import Settings, hookimpl, setting

    class AcmeSettings(Settings):
        colour: str = setting("red", flag="--acme-colour", help="Colour.")

    seen = []

    @hookimpl
    def register_settings():
        return AcmeSettings

    @hookimpl
    def register_tools(settings):
        seen.append(settings)
        return []
"""


def test_a_plugin_gets_its_own_validated_section(site: Site) -> None:
    module = site.install("acme", SETTINGS)
    plugins = site.load()
    config = Config.of({"acme": {"colour": "blue"}}, plugins.settings_models())
    plugins.contributions(config.sections)
    assert [settings.colour for settings in sys.modules[module].seen] == ["blue"]


async def test_lifespans_come_by_name_and_one_that_is_none_costs_only_its_plugin(site: Site) -> None:
    sound = """
        from contextlib import asynccontextmanager
        from mcp_kubernetes import hookimpl

        events = []

        @hookimpl
        @asynccontextmanager
        async def lifespan(app):
            events.append("start")
            yield
            events.append("stop")
    """
    module = site.install("sound", sound)
    site.install("broken", "from mcp_kubernetes import hookimpl\n@hookimpl\ndef lifespan(): return 5")
    site.install("raising", "from mcp_kubernetes import hookimpl\n@hookimpl\ndef lifespan(): raise OSError('no')")
    plugins = site.load()
    found = dict(plugins.lifespans({}, cast("AppView", None)))
    assert isinstance(found["sound"], AbstractAsyncContextManager)
    async with found["sound"]:
        assert sys.modules[module].events == ["start"]
    assert sys.modules[module].events == ["start", "stop"]
    assert "no asynchronous context manager" in state(plugins, "broken").reason
    assert state(plugins, "raising").reason == "its hook lifespan failed: OSError: no"


def test_a_plugin_can_be_set_aside_later_unless_it_is_required(site: Site) -> None:
    site.install("acme", TOOL.format(name="acme_hello"))
    site.install("other", TOOL.format(name="other_hello"))
    plugins = site.load(require=["other"])
    plugins.set_aside("acme", "its lifespan failed: OSError")
    plugins.set_aside("acme", "again")
    assert state(plugins, "acme").reason == "its lifespan failed: OSError"
    with pytest.raises(PluginError, match="its lifespan failed"):
        plugins.set_aside("other", "its lifespan failed: OSError")


def test_setting_a_plugin_aside_is_a_warning_and_its_traceback_for_debugging(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.install("broken", "raise OSError('no disk')")
    with caplog.at_level("DEBUG", "mcp_kubernetes.plugins"):
        site.load()
    warning, detail = caplog.records
    assert warning.levelname == "WARNING"
    assert "no disk" in warning.getMessage()
    assert warning.exc_info is None
    assert detail.levelname == "DEBUG"
    assert detail.exc_info

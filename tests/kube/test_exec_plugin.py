from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from mcp_kubernetes.kube.cluster import Credentials
from mcp_kubernetes.kube.credentials import exec_plugin
from mcp_kubernetes.kube.credentials.child import Command, Finished, run
from mcp_kubernetes.kube.credentials.exec_entry import ExecEntry
from mcp_kubernetes.kube.credentials.provider import KubeconfigCredentials
from mcp_kubernetes.kube.kubeconfig.stanza import Stanza
from tests.kube.signing_in import CERTIFICATE, KEY, PLANTED, V1, V1BETA1, Setup, printing


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


# Answers


@pytest.mark.parametrize("version", [V1, V1BETA1])
async def test_the_token_of_the_answer_signs_in(setup: Setup, version: str) -> None:
    setup.plugin(printing({"token": PLANTED}, version), apiVersion=version)
    assert await setup.credentials() == Credentials(token=PLANTED)


async def test_impersonation_goes_with_a_plugin(setup: Setup) -> None:
    plugin = {"apiVersion": V1, "command": str(setup.program("p", printing({"token": PLANTED})))}
    setup.exec(plugin, **{"as": "jane"})
    assert await setup.credentials() == Credentials(token=PLANTED, impersonate=(("Impersonate-User", "jane"),))


# How long an answer holds


async def test_a_caller_who_gives_up_does_not_end_the_run_of_the_others(setup: Setup) -> None:
    os.mkfifo(setup.folder / "gate")
    setup.plugin(f"open({str(setup.folder / 'gate')!r}).read()\n" + printing({"token": PLANTED}))
    impatient, patient = (asyncio.create_task(setup.credentials()) for _ in range(2))
    gate = await asyncio.to_thread((setup.folder / "gate").open, "w")
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    gate.close()
    assert (await patient).token == PLANTED
    assert setup.runs == 1


async def test_who_has_waited_for_long_is_told_to_call_again_while_the_plugin_goes_on(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exec_plugin, "_PATIENCE", 0.5)
    os.mkfifo(setup.folder / "gate")
    setup.plugin(f"open({str(setup.folder / 'gate')!r}).read()\n" + printing({"token": PLANTED}))
    assert "goes on running. It may be waiting for a person to sign in: call again" in await setup.refusal()
    (await asyncio.to_thread((setup.folder / "gate").open, "w")).close()
    assert (await setup.credentials()).token == PLANTED
    assert setup.runs == 1


async def test_after_a_failure_the_plugin_is_run_again(setup: Setup) -> None:
    setup.plugin("sys.exit(1)")
    await setup.refusal()
    await setup.refusal()
    setup.program("plugin", printing({"token": PLANTED}))
    assert (await setup.credentials()).token == PLANTED
    assert setup.runs == 3


async def test_a_changed_entry_is_run_anew(setup: Setup) -> None:
    setup.plugin(printing({"token": "one"}))
    await setup.credentials()
    setup.plugin(printing({"token": "two"}), args=["other"])
    assert (await setup.credentials()).token == "two"  # noqa: S105 - a planted one


# What a plugin gets


async def test_a_plugin_gets_its_arguments_and_variables_besides_our_own(setup: Setup) -> None:
    found = await setup.noted(
        args=["eks", "get token"], env=[{"name": "PROFILE", "value": "dev"}, {"name": "HOME", "value": "/x"}]
    )
    assert found["args"] == ["eks", "get token"]
    assert (found["PROFILE"], found["HOME"], found["PATH"]) == ("dev", "/x", os.environ["PATH"])
    assert json.loads(found["KUBERNETES_EXEC_INFO"]) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }


async def test_a_command_without_a_slash_is_looked_for_on_our_path(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    setup.program("bin/my-login", printing({"token": PLANTED}))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    setup.exec({"apiVersion": V1, "command": "my-login"})
    assert (await setup.credentials()).token == PLANTED


async def test_the_current_folder_is_never_searched(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    setup.program("my-login", printing({"token": PLANTED}))
    monkeypatch.setenv("PATH", ".")
    monkeypatch.chdir(tmp_path)
    setup.exec({"apiVersion": V1, "command": "my-login"})
    assert "is not on the PATH of this server" in await setup.refusal()
    assert setup.runs == 0


# Which plugins may run


@pytest.fixture
def on_path(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin called my-login in a folder that is the server's PATH."""
    (setup.folder / "bin").mkdir()
    monkeypatch.setenv("PATH", str(setup.folder / "bin"))
    return setup.program("bin/my-login", printing({"token": PLANTED}))


def allowing(setup: Setup, *plugins: str) -> KubeconfigCredentials:
    return KubeconfigCredentials(setup.kubeconfig, exec_plugins=[name.format(setup.folder) for name in plugins])


@pytest.mark.usefixtures("on_path")
@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("my-login", "my-login"),
        ("my-login", "{}/bin/my-login"),
        ("{}/bin/my-login", "{}/bin/my-login"),
        ("{}/bin/my-login", "my-login"),
        ("./bin/my-login", "{}/bin/my-login"),
        ("./bin/my-login", "my-login"),
    ],
)
async def test_a_plugin_that_is_listed_runs_however_the_kubeconfig_names_it(
    setup: Setup, command: str, allowed: str
) -> None:
    setup.provider = allowing(setup, "other", allowed)
    setup.exec({"apiVersion": V1, "command": command.format(setup.folder)})
    assert await setup.bearer() == PLANTED


@pytest.mark.usefixtures("on_path")
@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("my-login", ["other"]),
        ("my-login", ["my-logi", "my-login-2", "MY-LOGIN", "login", "*", ""]),
        ("my-login", ["{}/my-login", "/usr/bin/my-login", "{}/bin", "{}/bin/"]),
        ("./my-login", ["my-login", "{}/bin/my-login"]),
        ("{}/my-login", ["my-login", "{}/bin/my-login"]),
        ("./alias", ["my-login", "{}/bin/my-login"]),
        ("./bin/my-login", ["./alias", "{}/alias"]),
        ("no-such-thing", ["my-login"]),
        ("./no-such-thing", ["my-login"]),
        ("my-login", []),
        ("no-such-thing", []),
    ],
)
async def test_a_plugin_that_is_not_listed_is_not_run_and_the_setting_is_named(
    setup: Setup, command: str, allowed: list[str]
) -> None:
    setup.program("my-login", printing({"token": PLANTED}))
    (setup.folder / "alias").symlink_to(setup.folder / "bin" / "my-login")
    setup.provider = allowing(setup, *allowed)
    setup.exec({"apiVersion": V1, "command": command.format(setup.folder), "installHint": "Install it."})
    text = await setup.refusal()
    assert f"setting contexts.{'exec_plugins' if allowed else 'deny_exec_plugins'})" in text
    assert "Use a context that signs in otherwise" in text
    assert "Install it." not in text
    assert setup.runs == 0


@pytest.mark.usefixtures("on_path")
async def test_the_path_that_a_kubeconfig_gives_its_plugin_decides_nothing(setup: Setup) -> None:
    (setup.folder / "evil").mkdir()
    setup.program("evil/my-login", printing({"token": "of-somebody-else"}))
    setup.provider = allowing(setup, "my-login")
    env = [{"name": "PATH", "value": str(setup.folder / "evil")}]
    setup.exec({"apiVersion": V1, "command": "my-login", "env": env})
    assert await setup.bearer() == PLANTED


async def test_where_no_plugin_may_run_other_ways_to_sign_in_still_work(setup: Setup) -> None:
    setup.provider = allowing(setup)
    setup.write({"token": PLANTED})
    assert await setup.bearer() == PLANTED


# Entries that cannot be honoured


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        ({}, "names no command"),
        (PLANTED, "no mapping"),
        ({"command": "x"}, "an apiVersion that is none of"),
        ({"command": "x", "apiVersion": "client.authentication.k8s.io/v1alpha1"}, "an apiVersion that is none of"),
        ({"command": "x", "apiVersion": V1, "args": PLANTED}, "args that is no list of texts"),
        ({"command": "x", "apiVersion": V1, "env": [PLANTED]}, "env that is no list of mappings"),
        ({"command": "x", "apiVersion": V1, "env": [{"value": PLANTED}]}, "without a proper name"),
        ({"command": "x", "apiVersion": V1, "env": [{"name": "a=b", "value": PLANTED}]}, "without a proper name"),
        ({"command": "x", "apiVersion": V1, "env": [{"name": "a", "value": True}]}, "value that is not text"),
        ({"command": "x", "apiVersion": V1, "provideClusterInfo": "no"}, "neither true nor false"),
        ({"command": "x", "apiVersion": V1, "interactiveMode": PLANTED}, "none of Never, IfAvailable, Always"),
        ({"command": "./config", "apiVersion": V1}, "is no executable file"),
        ({"command": "./missing", "apiVersion": V1}, "is no executable file"),
        ({"command": "no-such-thing", "apiVersion": V1}, "Install it where this server runs."),
        ({"command": "x\0", "apiVersion": V1}, "is not on the PATH"),
        ({"command": sys.executable, "apiVersion": V1, "args": [f"{PLANTED}\0"]}, "a NUL in its arguments"),
    ],
)
async def test_an_entry_that_cannot_be_honoured_is_an_error(setup: Setup, plugin: object, words: str) -> None:
    setup.exec(plugin)
    assert words in await setup.refusal()


# Plugins that fail


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit(1)", "ended with exit code 1 and said nothing"),
        ("sys.exit('log in first.')", "ended with exit code 1: log in first."),
        ("os.kill(os.getpid(), 9)", "ended with signal 9"),
        ("", "no ExecCredential"),
        (f"print({PLANTED!r})", "no ExecCredential"),
        ("sys.stdout.buffer.write(bytes([34, 255, 34]))", "no ExecCredential"),
        ("print('[' * 100_000)", "no ExecCredential"),
        ("print('{\"status\":' * 50_000)", "no ExecCredential"),
        ("print('null')", "no ExecCredential"),
        (printing({"token": PLANTED}, kind="Secret"), "no ExecCredential"),
        (printing({"token": [PLANTED]}), "no ExecCredential"),
        (printing({"token": PLANTED, "expirationTimestamp": PLANTED}), "no ExecCredential"),
        (printing({"token": PLANTED, "expirationTimestamp": "2030-01-01T00:00:00"}), "no ExecCredential"),
        (printing({"token": PLANTED}, V1BETA1), f"another apiVersion than the {V1} that"),
        (printing({"token": PLANTED}, PLANTED), f"another apiVersion than the {V1} that"),
        (printing(None), "neither a token nor a client certificate"),
        (printing({"token": ""}), "neither a token nor a client certificate"),
        (printing({"token": f"{PLANTED}\nX-Other: y"}), "characters that no token has"),
        (printing({"token": PLANTED, "clientCertificateData": CERTIFICATE}), "without its key"),
        (printing({"clientKeyData": KEY}), "without its key"),
        (printing({"clientCertificateData": CERTIFICATE, "clientKeyData": PLANTED}), "not PEM"),
        (printing({"clientCertificateData": PLANTED, "clientKeyData": KEY}), "not PEM"),
        (printing({"clientCertificateData": CERTIFICATE, "clientKeyData": f"{KEY} ENCRYPTED"}), "an encrypted"),
        (f"while True: print({PLANTED!r})", "printed far more than credentials are long"),
    ],
)
async def test_a_plugin_that_fails_is_an_error_of_one_sentence_and_never_anonymous(
    setup: Setup, body: str, words: str
) -> None:
    setup.plugin(body)
    text = await setup.refusal()
    assert 'signs in with the command "./plugin", which ' in text
    assert words in text


async def test_a_program_whose_interpreter_is_missing_cannot_be_started(setup: Setup) -> None:
    setup.plugin("")
    (setup.folder / "plugin").write_text("#!/no/such/interpreter\n")
    assert "cannot be started: No such file" in await setup.refusal()


async def test_a_run_that_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    program = f"import os, time; os.open({str(tmp_path / 'alive')!r}, os.O_WRONLY); time.sleep(600)"
    command = Command(program=sys.executable, arguments=("-c", program), environment={})
    running = asyncio.create_task(run(command, 60))
    file = await asyncio.to_thread((tmp_path / "alive").open, "rb")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.wait_for(asyncio.to_thread(file.read), 10) == b""
    file.close()


# What is shown of a plugin's complaints


@pytest.mark.parametrize(
    "said",
    [
        f"no such profile {PLANTED}",
        f"--client-secret={PLANTED}",
        f"token: {PLANTED}",
        f'{{"access_token" : "{PLANTED}", "x": 1}}',
        f"Authorization: Bearer {PLANTED}",
        f"api_key={PLANTED}",
        f"eyJhbGciOiJSUzI1.eyJzdWIiOiIxMjM0.{PLANTED}",
        f"opaque {PLANTED}{PLANTED}",
        f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\n",
    ],
)
async def test_nothing_that_tells_a_secret_is_shown_of_a_complaint(setup: Setup, said: str) -> None:
    hidden = [{"name": "X", "value": PLANTED}] if said.startswith("no such") else []
    setup.plugin(f"sys.stderr.write({said!r})\nsys.exit(3)", env=hidden)
    text = await setup.refusal()
    assert "exit code 3" in text
    assert "<redacted>" in text


async def test_of_a_long_complaint_the_end_is_shown_on_one_line(setup: Setup) -> None:
    setup.plugin("sys.stderr.write('noise\\n\\033[31m' * 90_000 + 'the reason\\n')\nsys.exit(1)")
    text = await setup.refusal()
    assert "the reason. Sign in with it" in text
    assert text.isprintable()
    assert len(text) < 700


def test_no_value_is_in_a_repr() -> None:
    fields = {
        "command": "x",
        "apiVersion": V1,
        "args": [PLANTED],
        "env": [{"name": "a", "value": PLANTED}],
    }
    entry = ExecEntry.of(Stanza(kind="user", name="me", file=Path("config"), fields=fields))
    command = Command(program="/x", arguments=(PLANTED,), environment={"a": PLANTED})
    finished = Finished(code=0, output=PLANTED.encode(), complaint=PLANTED.encode())
    assert PLANTED not in repr(entry) + repr(command) + repr(finished)

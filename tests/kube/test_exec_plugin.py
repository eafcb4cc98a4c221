from __future__ import annotations

import asyncio
import json
import os
import sys
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes.errors import CredentialsError
from mcp_kubernetes.identity import Identity
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.child import Command, Finished, run
from mcp_kubernetes.kube.credentials.exec_entry import ExecEntry
from mcp_kubernetes.kube.credentials.provider import KubeconfigCredentials
from mcp_kubernetes.kube.kubeconfig.loading import Kubeconfig
from mcp_kubernetes.kube.kubeconfig.stanza import Stanza

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCESS = Access(identity=Identity.local())
PLANTED = "planted-secret-7c2e91"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----\n"
V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"


def printing(status: Any, version: str = V1, kind: str = "ExecCredential") -> str:
    """The body of a plugin that answers with `status`, in which @RUN is the number of this run."""
    return f"print({json.dumps({'apiVersion': version, 'kind': kind, 'status': status})!r}.replace('@RUN', RUN))"


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


class Setup:
    """A kubeconfig whose contexts a and b share one user, who signs in with a Python program beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.extra: dict[str, Any] = {}
        self.kubeconfig = Kubeconfig([folder / "config"])
        self.provider = KubeconfigCredentials(self.kubeconfig)

    def plugin(self, body: str, **fields: Any) -> None:
        self.program("plugin", body)
        self.write({"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never", **fields})

    def program(self, name: str, body: str) -> Path:
        """A program that counts its runs before it does what `body` says."""
        runs = str(self.folder / "runs")
        counting = f"with open({runs!r}, 'a') as runs:\n  runs.write('.')\nRUN = str(os.path.getsize({runs!r}))"
        path = self.folder / name
        path.write_text(f"#!{sys.executable} -ES\nimport os, sys, time\n{counting}\n{dedent(body)}\n")
        path.chmod(0o755)
        return path

    def write(self, plugin: object, user: dict[str, Any] | None = None) -> None:
        cluster = {"server": "https://a:6443", **self.extra}
        content = {
            "contexts": [{"name": n, "context": {"cluster": n, "user": "me"}} for n in "ab"],
            "clusters": [
                {"name": "a", "cluster": cluster},
                {"name": "b", "cluster": {"server": "https://b:6443"}},
            ],
            "users": [{"name": "me", "user": {**(user or {}), "exec": plugin}}],
        }
        (self.folder / "config").write_text(json.dumps(content))

    @property
    def runs(self) -> int:
        counted = self.folder / "runs"
        return len(counted.read_text()) if counted.exists() else 0

    def entry(self, name: str = "a") -> ClusterEntry:
        return self.kubeconfig.load().entry(name, "kubeconfig")

    async def credentials(self, refused: Credentials | None = None, name: str = "a") -> Credentials:
        return await self.provider.credentials(ACCESS, self.entry(name), refused)

    async def refusal(self) -> str:
        with pytest.raises(CredentialsError) as caught:
            await self.credentials()
        text = str(caught.value)
        assert PLANTED not in text + repr(caught.value)
        assert text.startswith('The user "me" in ')
        return text


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


# Answers


@pytest.mark.parametrize("version", [V1, V1BETA1])
async def test_the_token_of_the_answer_signs_in(setup: Setup, version: str) -> None:
    setup.plugin(printing({"token": PLANTED}, version), apiVersion=version)
    assert await setup.credentials() == Credentials(token=PLANTED)


async def test_a_token_and_a_certificate_are_used_together(setup: Setup) -> None:
    setup.plugin(printing({"token": PLANTED, "clientCertificateData": CERTIFICATE, "clientKeyData": KEY}))
    expected = Credentials(token=PLANTED, certificate=CERTIFICATE.encode(), key=KEY.encode())
    assert await setup.credentials() == expected


async def test_impersonation_goes_with_a_plugin(setup: Setup) -> None:
    plugin = {"apiVersion": V1, "command": str(setup.program("p", printing({"token": PLANTED})))}
    setup.write(plugin, {"as": "jane"})
    assert await setup.credentials() == Credentials(token=PLANTED, impersonate=(("Impersonate-User", "jane"),))


async def test_credentials_that_stand_in_the_entry_win_and_no_plugin_runs(setup: Setup) -> None:
    plugin = {"apiVersion": V1, "command": str(setup.program("p", printing({"token": PLANTED})))}
    setup.write(plugin, {"token": "standing"})
    assert await setup.credentials() == Credentials(token="standing")  # noqa: S106 - a planted one
    assert setup.runs == 0


# How long an answer holds


@pytest.mark.parametrize(("seconds", "runs"), [(None, 1), (3_600, 1), (5, 3), (-60, 3)])
async def test_an_answer_is_kept_until_shortly_before_it_ends(setup: Setup, seconds: int | None, runs: int) -> None:
    expires = None if seconds is None else in_seconds(seconds)
    setup.plugin(printing({"token": PLANTED, "expirationTimestamp": expires}))
    for _ in range(3):
        assert (await setup.credentials()).token == PLANTED
    assert setup.runs == runs


async def test_a_refused_answer_is_got_anew_once_for_all_who_were_refused(setup: Setup) -> None:
    setup.plugin(printing({"token": "token-@RUN"}))
    first = await setup.credentials()
    assert first.token == "token-1"  # noqa: S105 - a planted one
    second = await asyncio.gather(*(setup.credentials(first) for _ in range(5)))
    assert {credentials.token for credentials in second} == {"token-2"}
    assert await setup.credentials(first) == second[0], "somebody else has renewed it already"
    assert setup.runs == 2


async def test_all_who_wait_share_one_run(setup: Setup) -> None:
    setup.plugin(printing({"token": PLANTED}))
    found = await asyncio.gather(*(setup.credentials(name=name) for name in "ab" * 10))
    assert {credentials.token for credentials in found} == {PLANTED}
    assert setup.runs == 1


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


@pytest.fixture
def client() -> Iterator[None]:
    """The standard input of this process, on which an MCP client has said something."""
    ours = os.dup(0)
    reading, writing = os.pipe()
    os.write(writing, b'{"jsonrpc": "2.0"}\n')
    os.close(writing)
    os.dup2(reading, 0)
    yield
    os.dup2(ours, 0)
    for descriptor in (ours, reading):
        os.close(descriptor)


@pytest.mark.usefixtures("client")
async def test_a_plugin_reads_nothing_of_what_the_mcp_client_says(setup: Setup) -> None:
    setup.plugin("sys.exit(f'read {len(sys.stdin.read())}')")
    assert "exit code 1: read 0." in await setup.refusal()
    assert os.read(0, 100) == b'{"jsonrpc": "2.0"}\n'


async def noted(setup: Setup, **fields: Any) -> dict[str, Any]:
    """What a plugin finds in its environment and arguments."""
    note = setup.folder / "note"
    setup.plugin(
        f"import json\njson.dump({{**os.environ, 'args': sys.argv[1:]}}, open({str(note)!r}, 'w'))\n"
        + printing({"token": PLANTED}),
        **fields,
    )
    await setup.credentials()
    found: dict[str, Any] = json.loads(note.read_text())
    return found


async def test_a_plugin_gets_its_arguments_and_variables_besides_our_own(setup: Setup) -> None:
    found = await noted(
        setup, args=["eks", "get token"], env=[{"name": "PROFILE", "value": "dev"}, {"name": "HOME", "value": "/x"}]
    )
    assert found["args"] == ["eks", "get token"]
    assert (found["PROFILE"], found["HOME"], found["PATH"]) == ("dev", "/x", os.environ["PATH"])
    assert json.loads(found["KUBERNETES_EXEC_INFO"]) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }


async def test_a_plugin_that_wants_to_know_the_cluster_is_told_and_runs_for_each(setup: Setup) -> None:
    setup.extra = {
        "certificate-authority-data": b64encode(CERTIFICATE.encode()).decode(),
        "tls-server-name": "kubernetes",
        "proxy-url": "http://proxy:3128",
        "disable-compression": True,
        "extensions": [
            {"name": "other", "extension": 1},
            {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "me"}},
        ],
    }
    found = await noted(setup, provideClusterInfo=True)
    assert json.loads(found["KUBERNETES_EXEC_INFO"])["spec"]["cluster"] == {
        "server": "https://a:6443",
        "tls-server-name": "kubernetes",
        "certificate-authority-data": b64encode(CERTIFICATE.encode()).decode(),
        "proxy-url": "http://proxy:3128",
        "disable-compression": True,
        "config": {"audience": "me"},
    }
    await setup.credentials(name="b")
    await setup.credentials(name="a")
    assert setup.runs == 2


async def test_a_command_without_a_slash_is_looked_for_on_our_path(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    setup.program("bin/my-login", printing({"token": PLANTED}))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    setup.write({"apiVersion": V1, "command": "my-login"})
    assert (await setup.credentials()).token == PLANTED


async def test_the_current_folder_is_never_searched(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    setup.program("my-login", printing({"token": PLANTED}))
    monkeypatch.setenv("PATH", ".")
    monkeypatch.chdir(tmp_path)
    setup.write({"apiVersion": V1, "command": "my-login"})
    assert "is not on the PATH of this server" in await setup.refusal()
    assert setup.runs == 0


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
        ({"command": "x", "apiVersion": V1, "interactiveMode": "Always"}, "must ask a person at a terminal"),
        ({"command": "x", "apiVersion": V1, "interactiveMode": PLANTED}, "none of Never, IfAvailable, Always"),
        ({"command": "./config", "apiVersion": V1}, "is no executable file"),
        ({"command": "./missing", "apiVersion": V1}, "is no executable file"),
        ({"command": "no-such-thing", "apiVersion": V1}, "Install it where this server runs."),
        ({"command": "x\0", "apiVersion": V1}, "is not on the PATH"),
        ({"command": sys.executable, "apiVersion": V1, "args": [f"{PLANTED}\0"]}, "a NUL in its arguments"),
    ],
)
async def test_an_entry_that_cannot_be_honoured_is_an_error(setup: Setup, plugin: object, words: str) -> None:
    setup.write(plugin)
    assert words in await setup.refusal()


async def test_a_missing_command_is_named_with_the_install_hint_on_one_line(setup: Setup) -> None:
    hint = "Install my-login:\n\n  get it at\u202e https://example.org\n" + "x" * 5_000
    setup.write({"command": "my-login", "apiVersion": V1, "installHint": hint})
    text = await setup.refusal()
    assert 'the command "my-login", which is not on the PATH of this server. Install my-login: get it at' in text
    assert text.isprintable()
    assert len(text) < 1_000


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


async def test_four_hundred_kilobytes_of_complaints_do_not_hold_up_an_answer(setup: Setup) -> None:
    setup.plugin("sys.stderr.write('x' * 400_000)\nsys.stderr.flush()\n" + printing({"token": PLANTED}))
    assert (await setup.credentials()).token == PLANTED


async def test_a_plugin_that_hangs_is_ended_with_all_that_it_started(setup: Setup, tmp_path: Path) -> None:
    setup.provider = KubeconfigCredentials(setup.kubeconfig, exec_timeout=0.5)
    os.mkfifo(tmp_path / "alive")
    setup.plugin(f"held = os.open({str(tmp_path / 'alive')!r}, os.O_WRONLY)\nos.fork()\ntime.sleep(600)")
    ended = asyncio.create_task(asyncio.to_thread((tmp_path / "alive").read_bytes))
    text = await setup.refusal()
    assert "gave no answer within 0.5 seconds. It may be waiting for a person" in text
    assert await asyncio.wait_for(ended, 10) == b"", "whoever could still write to it would keep it open"


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
    assert text.endswith("the reason.")
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

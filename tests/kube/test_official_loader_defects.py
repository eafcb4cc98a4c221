"""What the kubeconfig loader of the official package gets wrong, and ours must not: one section for each defect.

The reason why there is a loader of our own. Each heading says what the other one does. Three are shown where OpenID
Connect is tested:

12. it decodes the payload of a token in the wrong alphabet:
    `test_oidc.test_an_id_token_that_holds_signs_in_and_nobody_is_asked`
13. it asks an issuer without an authority of its own over TLS that it does not verify, cannot use such an authority,
    and needs a client-secret and a new refresh-token:
    `test_oidc.test_without_an_authority_of_its_own_an_issuer_is_checked_by_the_systems`,
    `test_oidc.test_an_authority_in_the_file_itself_wins_over_a_path`,
    `test_oidc_answers.test_a_refresh_is_asked_for_as_rfc_6749_says_and_scopes_are_not_sent`,
    `test_oidc_answers.test_without_a_new_refresh_token_the_old_one_is_kept`
14. it loses a refresh-token that the issuer has replaced:
    `test_oidc.test_a_rotated_refresh_token_is_good_for_a_new_process`

That it takes a SOCKS proxy for an HTTP proxy is shown in `test_proxies`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mcp_kubernetes.errors import CredentialsError
from mcp_kubernetes.kube.cluster import Credentials
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.credentials.provider import KubeconfigCredentials
from mcp_kubernetes.kube.kubeconfig.loading import Kubeconfig
from mcp_kubernetes.kube.wire.network import Network
from mcp_kubernetes.kube.wire.pool import Pool
from tests.kube.kubeconfigs import PEM, kubeconfig, write
from tests.kube.scripted import ScriptedServer, exchange, http
from tests.kube.signing_in import ACCESS, CERTIFICATE, KEY, PLANTED, V1, Setup, in_seconds, printing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.cluster import Cluster

GET = Request(method="GET", path="/api/v1/pods")


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool(qps=0, burst=1)
    yield made
    await made.aclose()


# 1: a plugin inherits standard input, and reads what the MCP client says there.


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
async def test_01_a_plugin_reads_nothing_of_what_the_mcp_client_says(setup: Setup) -> None:
    setup.plugin("sys.exit(f'read {len(sys.stdin.read())}')")
    assert "exit code 1: read 0." in await setup.refusal()
    assert os.read(0, 100) == b'{"jsonrpc": "2.0"}\n'


# 2: a plugin's failure is logged, and the request goes out as system:anonymous.


async def test_02_after_a_plugin_has_failed_nothing_is_sent(setup: Setup, pool: Pool) -> None:
    async with ScriptedServer([http(200)]) as server:
        setup.cluster = {"server": server.url}
        setup.plugin("sys.exit('log in first')")
        with pytest.raises(CredentialsError, match="log in first"):
            await exchange(setup.entry(), provider=setup.provider, pool=pool).send(GET)
        assert server.received == []
        setup.program("plugin", printing({"token": PLANTED}))
        await exchange(setup.entry(), provider=setup.provider, pool=pool).send(GET)
    assert [request.headers["authorization"] for request in server.received] == [f"Bearer {PLANTED}"]


# 3: nothing looks at an answer's end before a request, nor asks anew after a 401; certificates are never renewed.


@pytest.mark.parametrize(("seconds", "runs"), [(None, 1), (3_600, 1), (5, 3), (-60, 3)])
async def test_03_an_answer_is_kept_until_shortly_before_it_ends(setup: Setup, seconds: int | None, runs: int) -> None:
    expires = None if seconds is None else in_seconds(seconds)
    setup.plugin(printing({"token": PLANTED, "expirationTimestamp": expires}))
    for _ in range(3):
        assert await setup.bearer() == PLANTED
    assert setup.runs == runs


async def test_03_a_refused_answer_is_got_anew_once_for_all_who_were_refused(setup: Setup) -> None:
    setup.plugin(printing({"token": "token-@RUN"}))
    first = await setup.credentials()
    assert first.token == "token-1"  # noqa: S105 - a planted one
    second = await asyncio.gather(*(setup.credentials(first) for _ in range(5)))
    assert {credentials.token for credentials in second} == {"token-2"}
    assert await setup.credentials(first) == second[0], "somebody else has renewed it already"
    assert setup.runs == 2


async def test_03_a_renewed_certificate_is_shown_to_the_server_at_the_next_request(
    setup: Setup, pool: Pool, cluster: Cluster
) -> None:
    setup.cluster = {"server": cluster.server, "certificate-authority": str(cluster.ca)}
    pairs = [pem(cluster.user(f"renewed-{number}")) for number in (1, 2)]
    answers = [{"clientCertificateData": crt, "clientKeyData": key} for crt, key in pairs]
    (setup.folder / "answers").write_text(json.dumps(answers), encoding="utf-8")
    setup.plugin(
        "import json\n"
        f"status = json.load(open({str(setup.folder / 'answers')!r}))[int(RUN) - 1]\n"
        f"status['expirationTimestamp'] = {in_seconds(5)!r}\n"
        f"print(json.dumps({{'apiVersion': {V1!r}, 'kind': 'ExecCredential', 'status': status}}))"
    )
    asking = exchange(setup.entry(), provider=setup.provider, pool=pool)
    review = Request(
        method="POST",
        path="/apis/authentication.k8s.io/v1/selfsubjectreviews",
        headers=(("Content-Type", "application/json"),),
        body=b"{}",
    )
    seen = [json.loads((await asking.send(review)).body)["status"]["userInfo"]["username"] for _ in pairs]
    assert seen == ["renewed-1", "renewed-2"]


def pem(path: Path) -> list[str]:
    user = yaml.safe_load(path.read_text("utf-8"))["users"][0]["user"]
    return [base64.b64decode(user[f"client-{part}-data"]).decode() for part in ("certificate", "key")]


# 4: a plugin that complains at length is waited for without end, any other as long as it likes, and each caller
# starts it once more.


async def test_04_four_hundred_kilobytes_of_complaints_do_not_hold_up_an_answer(setup: Setup) -> None:
    setup.plugin("sys.stderr.write('x' * 400_000)\nsys.stderr.flush()\n" + printing({"token": PLANTED}))
    assert await setup.bearer() == PLANTED


async def test_04_a_plugin_that_hangs_is_ended_with_all_that_it_started(setup: Setup, tmp_path: Path) -> None:
    setup.provider = KubeconfigCredentials(setup.kubeconfig, exec_timeout=0.5)
    os.mkfifo(tmp_path / "alive")
    setup.plugin(f"held = os.open({str(tmp_path / 'alive')!r}, os.O_WRONLY)\nos.fork()\ntime.sleep(600)")
    ended = asyncio.create_task(asyncio.to_thread((tmp_path / "alive").read_bytes))
    text = await setup.refusal()
    assert "gave no answer within 0.5 seconds. It may be waiting for a person" in text
    assert await asyncio.wait_for(ended, 10) == b"", "whoever could still write to it would keep it open"


async def test_04_all_who_wait_share_one_run(setup: Setup) -> None:
    setup.plugin(printing({"token": PLANTED}))
    found = await asyncio.gather(*(setup.credentials(name=name) for name in "ab" * 10))
    assert {credentials.token for credentials in found} == {PLANTED}
    assert setup.runs == 1


# 5: a plugin wins over a token beside it; a relative command is looked for elsewhere; provideClusterInfo,
# interactiveMode and installHint are passed over; of a token and a certificate only the token is used.


async def test_05_credentials_that_stand_in_the_entry_win_and_no_plugin_runs(setup: Setup) -> None:
    plugin = {"apiVersion": V1, "command": str(setup.program("p", printing({"token": PLANTED})))}
    setup.exec(plugin, token="standing")  # noqa: S106 - a planted one
    assert await setup.credentials() == Credentials(token="standing")  # noqa: S106 - a planted one
    assert setup.runs == 0


async def test_05_a_relative_command_is_the_one_beside_the_kubeconfig(
    setup: Setup, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Setup(tmp_path_factory.mktemp("elsewhere"))
    elsewhere.program("plugin", printing({"token": "of-somebody-else"}))
    monkeypatch.chdir(elsewhere.folder)
    setup.plugin(printing({"token": PLANTED}))
    assert await setup.bearer() == PLANTED
    assert elsewhere.runs == 0


async def test_05_a_plugin_that_wants_to_know_the_cluster_is_told_and_runs_for_each(setup: Setup) -> None:
    setup.cluster = {
        "certificate-authority-data": base64.b64encode(CERTIFICATE.encode()).decode(),
        "tls-server-name": "kubernetes",
        "proxy-url": "http://proxy:3128",
        "disable-compression": True,
        "extensions": [
            {"name": "other", "extension": 1},
            {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "me"}},
        ],
    }
    found = await setup.noted(provideClusterInfo=True)
    assert json.loads(found["KUBERNETES_EXEC_INFO"])["spec"]["cluster"] == {
        "server": "https://a:6443",
        "tls-server-name": "kubernetes",
        "certificate-authority-data": base64.b64encode(CERTIFICATE.encode()).decode(),
        "proxy-url": "http://proxy:3128",
        "disable-compression": True,
        "config": {"audience": "me"},
    }
    await setup.credentials(name="b")
    await setup.credentials(name="a")
    assert setup.runs == 2


@pytest.mark.parametrize("mode", [None, "Never", "IfAvailable", "Always"])
async def test_05_a_plugin_is_told_that_nobody_is_there_and_is_not_run_where_it_needs_somebody(
    setup: Setup, mode: str | None
) -> None:
    if mode == "Always":
        setup.plugin(printing({"token": PLANTED}), interactiveMode=mode)
        assert "must ask a person at a terminal (interactiveMode: Always)" in await setup.refusal()
        assert setup.runs == 0
    else:
        found = await setup.noted(interactiveMode=mode)
        assert json.loads(found["KUBERNETES_EXEC_INFO"])["spec"] == {"interactive": False}


async def test_05_a_missing_command_is_named_with_the_install_hint_on_one_line(setup: Setup) -> None:
    hint = "Install my-login:\n\n  get it at\u202e https://example.org\n" + "x" * 5_000
    setup.exec({"command": "my-login", "apiVersion": V1, "installHint": hint})
    text = await setup.refusal()
    assert 'the command "my-login", which is not on the PATH of this server. Install my-login: get it at' in text
    assert text.isprintable()
    assert len(text) < 1_000


async def test_05_a_token_and_a_certificate_are_used_together(setup: Setup) -> None:
    setup.plugin(printing({"token": PLANTED, "clientCertificateData": CERTIFICATE, "clientKeyData": KEY}))
    expected = Credentials(token=PLANTED, certificate=CERTIFICATE.encode(), key=KEY.encode())
    assert await setup.credentials() == expected


# 6: of several files the last current-context wins.


def test_06_the_first_file_wins_for_each_name_and_for_the_current_context(tmp_path: Path) -> None:
    first = write(tmp_path / "1", kubeconfig("a", current="a", cluster={"server": "https://first"}))
    second = write(tmp_path / "2", kubeconfig("a", "b", current="b", cluster={"server": "https://second"}))
    merged = Kubeconfig([first, second]).load()
    assert merged.entry(None, "s").name == "a"
    assert merged.entry("a", "s").server == "https://first"
    assert merged.entry("b", "s").server == "https://second"


# 7: an empty file is a TypeError; without a current-context a named one is not found either.


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing\n", "---\n", "null", "{}", "contexts: null\n"])
def test_07_empty_and_missing_files_of_a_list_are_tolerated(tmp_path: Path, content: str) -> None:
    paths = [tmp_path / "missing", write(tmp_path / "1", content), write(tmp_path / "2", kubeconfig("a", current="a"))]
    assert Kubeconfig(paths).load().entry(None, "s").name == "a"


def test_07_a_context_that_is_named_needs_no_current_one(tmp_path: Path) -> None:
    content = kubeconfig("a", "b")
    del content["current-context"]
    assert Kubeconfig([write(tmp_path / "config", content)]).load().entry("b", "s").name == "b"


# 8: a context without a user is a TypeError over https.


@pytest.mark.parametrize("server", ["https://a:6443", "http://a:8080"])
async def test_08_a_context_that_names_no_user_is_anonymous_and_no_other_is(setup: Setup, server: str) -> None:
    setup.write({"token": PLANTED}, server=server, context={"user": ""})
    assert await setup.credentials() == Credentials()
    setup.write({"token": PLANTED}, context={"user": "gone"})
    assert 'names the user "gone"' in await setup.refusal()


# 9: a tokenFile keeps its line end, which no header may hold, is read once, and gives way to a token.


async def test_09_a_token_file_wins_over_a_token_and_is_stripped(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"  {PLANTED}\n")
    setup.write({"token": "other", "tokenFile": "token"})
    assert await setup.bearer() == PLANTED


async def test_09_a_token_file_is_read_again_each_minute_and_no_sooner(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first")
    setup.write({"tokenFile": "token"})
    await setup.credentials()
    (tmp_path / "token").write_text("second")
    setup.clock.now += 59
    assert await setup.bearer() == "first"
    setup.clock.now += 1
    assert await setup.bearer() == "second"


# 10: a user's paths are resolved against the file of the cluster.


async def test_10_each_path_is_relative_to_the_file_that_holds_the_entry(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    clusters = kubeconfig("a", cluster={"certificate-authority": "ca.pem"}) | {"users": []}
    user = {"tokenFile": "token", "client-certificate": "tls.crt", "client-key": str(ours / "tls.key")}
    paths = [write(theirs / "config", clusters), write(ours / "config", {"users": [{"name": "a", "user": user}]})]
    contents = {ours / "token": PLANTED, ours / "tls.crt": CERTIFICATE, ours / "tls.key": KEY, theirs / "ca.pem": PEM}
    decoys = dict.fromkeys((theirs / "token", theirs / "tls.crt"), "of the cluster's folder")
    for path, content in (contents | decoys).items():
        write(path, content)
    files = Kubeconfig(paths)
    entry = files.load().entry("a", "s")
    assert entry.ca == PEM.encode()
    assert await KubeconfigCredentials(files).credentials(ACCESS, entry) == Credentials(
        token=PLANTED, certificate=CERTIFICATE.encode(), key=KEY.encode()
    )


# 11: impersonation is passed over, so that the caller acts with rights of his own.


async def test_11_impersonation_becomes_the_headers_that_client_go_sends(setup: Setup) -> None:
    user = {
        "token": PLANTED,
        "as": "jane@example.org",
        "as-uid": "42",
        "as-groups": ["ops", "system:authenticated"],
        "as-user-extra": {"example.org/scope": ["read", "list"], "plain": ["x"]},
    }
    setup.write(user)
    assert (await setup.credentials()).impersonate == (
        ("Impersonate-User", "jane@example.org"),
        ("Impersonate-Uid", "42"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Group", "system:authenticated"),
        ("Impersonate-Extra-example.org%2Fscope", "read"),
        ("Impersonate-Extra-example.org%2Fscope", "list"),
        ("Impersonate-Extra-plain", "x"),
    )


# 15: KUBECONFIG is read when the module is imported.


def test_15_the_variable_is_read_when_somebody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(tmp_path / "1"), "", str(tmp_path / "2")]))
    assert Kubeconfig.from_environment().paths == (tmp_path / "1", tmp_path / "2")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "3"))
    assert Kubeconfig.from_environment().paths == (tmp_path / "3",)


# 16: keys lie in the shared folder for temporary files until the process ends.


async def test_16_a_key_is_on_disk_for_nobody_else_and_only_while_the_connection_is_made(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    modes: list[int] = []
    load = ssl.SSLContext.load_cert_chain

    def looked_at(context: ssl.SSLContext, certfile: Any, keyfile: Any = None, password: Any = None) -> None:
        """Where Python wants paths is the one moment at which there are any."""
        modes.extend(stat.S_IMODE(path.stat().st_mode) for path in (Path(keyfile).parent, Path(keyfile)))
        load(context, certfile, keyfile, password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", looked_at)
    crt, key = pem(cluster.kubeconfig)
    entry = Kubeconfig([cluster.kubeconfig]).load().entry(None, "test")
    umask = os.umask(0)
    network = await Network.open(entry, Credentials(certificate=crt.encode(), key=key.encode()))
    os.umask(umask)
    assert modes == [0o700, 0o600]
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - nothing to wait for
    assert (await network.request(GET, 1 << 20)).status == 200
    await network.aclose()


# 17: three hundred contexts take a fifth of a second.


def test_17_three_hundred_contexts_cost_a_small_part_of_what_the_safe_loader_takes(tmp_path: Path) -> None:
    certificate = base64.b64encode(PEM.encode() * 25).decode()
    content = kubeconfig(*(f"c{n}" for n in range(300)), cluster={"certificate-authority-data": certificate})
    text = yaml.safe_dump(content)
    path = write(tmp_path / "config", text)
    ours = min(_seconds(lambda: Kubeconfig([path]).load()) for _ in range(3))
    floor = _seconds(lambda: yaml.load(text, yaml.SafeLoader))
    assert ours < floor / 2


def _seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# Not numbered there: disable-compression is passed over.


@pytest.mark.parametrize(("disabled", "encoding"), [(False, "gzip"), (True, "identity")])
async def test_an_answer_is_packed_unless_the_kubeconfig_disables_it(
    setup: Setup, pool: Pool, *, disabled: bool, encoding: str
) -> None:
    async with ScriptedServer([http(200)]) as proxy:
        setup.cluster = {"proxy-url": proxy.url, "disable-compression": disabled}
        setup.write({}, server="http://api.invalid", context={"user": ""})
        await exchange(setup.entry(), provider=setup.provider, pool=pool).send(GET)
    assert [request.headers["accept-encoding"] for request in proxy.received] == [encoding]

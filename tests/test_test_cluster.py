"""The test bed itself: what every other test stands on."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster import (
    Cluster,
    ClusterUnavailable,
    ComponentFailed,
    Mode,
    binary,
    folders,
    mode,
    own,
    start,
)
from tests.cluster.api import Api, RequestFailed
from tests.cluster.run import CLUSTER, KUBECONFIG, shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

if os.environ.get(CLUSTER) == "none":
    pytest.skip(f"{CLUSTER}=none", allow_module_level=True)

CHECKOUT = Path(__file__).parents[1]
FORBIDDEN = 403
OWNER = """
import signal
from tests.cluster import start
cluster = start(controllers=False, kwok=False)
print(cluster.folder, flush=True)
signal.pause()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with start() as started:
        yield started


@pytest.fixture
def killed_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, list[str]]]:
    """The folder and the processes of a run whose owner got SIGKILL, where no other run cleans up."""
    with tempfile.TemporaryDirectory() as apart:
        monkeypatch.setattr(tempfile, "tempdir", apart)
        folder, members = _killed_run({**os.environ, "TMPDIR": apart})
        yield folder, members
        folders.remove_run_folder(folder)


def _killed_run(environment: dict[str, str]) -> tuple[Path, list[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        processes = [note.read_text("utf-8") for note in folder.glob("processes/*")]
        members = [who for note in processes for who in _group(int(note.split()[0]))]
        owner.kill()
    return folder, members


def test_a_started_cluster_answers_with_the_version_it_was_built_as(cluster: Cluster) -> None:
    built = subprocess.check_output([binary("kube-apiserver"), "--version"], encoding="utf-8")
    assert built.strip() == f"Kubernetes {cluster.version}"
    assert Api(cluster.kubeconfig).get("/version")["gitVersion"] == cluster.version


def test_the_clusters_kubectl_speaks_to_it_as_administrator(cluster: Cluster) -> None:
    assert "yes" in cluster.kubectl("auth", "can-i", "*", "*")


def test_two_runs_share_neither_port_nor_folder_nor_etcd(cluster: Cluster) -> None:
    with start(controllers=False, kwok=False) as other:
        assert other.server != cluster.server
        assert other.folder != cluster.folder
        assert other.etcd != cluster.etcd


def test_an_own_server_is_empty_and_takes_its_own_flags(cluster: Cluster) -> None:
    cluster.api.ensure("/api/v1/namespaces", {"metadata": {"name": "seen-here-only"}})
    with own(cluster, extra_args=["--anonymous-auth=false"]) as mine:
        assert mine.api.answers("/api/v1/namespaces/default")
        assert not mine.api.answers("/api/v1/namespaces/seen-here-only")
        assert "--anonymous-auth=false" in _command_lines(mine.folder)


def test_an_own_server_ends_alone_and_leaves_no_folder(cluster: Cluster) -> None:
    with own(cluster) as mine:
        api = mine.api
        assert api.answers("/readyz")
    assert not mine.folder.exists()
    assert not api.answers("/readyz")
    assert cluster.api.answers("/readyz")


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(cluster: Cluster) -> None:
    with pytest.raises(ComponentFailed, match="unknown flag: --no-such-flag"):
        own(cluster, extra_args=["--no-such-flag"])
    assert not list(cluster.folder.glob("own-*"))


def test_the_audit_log_shows_who_asked_what_reads_included(cluster: Cluster) -> None:
    alice = Api(cluster.user("alice", ["developers"]))
    with pytest.raises(RequestFailed):
        alice.get("/api/v1/namespaces/default/pods")
    (seen,) = cluster.requests(user="alice", user_agent="test-bed")
    assert (seen.verb, seen.uri, seen.code) == ("list", "/api/v1/namespaces/default/pods", FORBIDDEN)
    assert seen.groups == ("developers", "system:authenticated")


def test_a_user_is_the_same_each_time_and_others_cannot_read_its_key(cluster: Cluster) -> None:
    path = cluster.user("Bob", ["a"])
    assert cluster.user("Bob", ["a"]) == path != cluster.user("Bob", ["b"])
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR


def test_a_service_account_token_names_its_account(cluster: Cluster) -> None:
    token = cluster.service_account_token("default", "robot")
    who = cluster.kubectl("auth", "whoami", "-ojsonpath={.status.userInfo.username}", f"--token={token}")
    assert who == "admin"  # the certificate of the kubeconfig wins over a token beside it
    review = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": {"token": token}}
    status = cluster.api.post("/apis/authentication.k8s.io/v1/tokenreviews", review)["status"]
    assert status["user"]["username"] == "system:serviceaccount:default:robot"


def test_simulated_nodes_become_ready_and_their_pods_run(cluster: Cluster) -> None:
    names = cluster.pods(namespaces=2, per_namespace=5, nodes=2)
    assert cluster.pods(namespaces=2, per_namespace=5, nodes=2) == names
    phases = cluster.kubectl("get", "pods", "-n", names[1], "-ojsonpath={.items[*].status.phase}")
    assert phases.split() == ["Running"] * 5


def test_an_own_server_can_have_simulated_nodes_too(cluster: Cluster) -> None:
    with own(cluster, kwok=True) as mine:
        assert mine.nodes(2) == ("kwok-000", "kwok-001")
        assert mine.pods(namespaces=1, per_namespace=1, nodes=1) == ("load-000",)


def test_a_cluster_handed_to_another_process_is_usable_and_survives_its_stop(cluster: Cluster) -> None:
    handed = Cluster.from_json(cluster.to_json())
    handed.stop()
    assert handed == cluster
    assert "default" in handed.kubectl("get", "namespaces")


def test_an_existing_cluster_is_taken_as_named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KUBECONFIG, str(cluster.kubeconfig))
    assert mode() is Mode.EXISTING
    with shared() as named:
        assert named.server == cluster.server
        assert "default" in named.kubectl("get", "namespaces")
        with pytest.raises(ClusterUnavailable, match="Somebody else's"):
            named.requests()


def test_to_do_without_a_cluster_has_to_be_said_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLUSTER, "none")
    assert mode() is Mode.NONE
    monkeypatch.setenv(CLUSTER, "nnoe")
    with pytest.raises(ClusterUnavailable, match="nnoe"):
        mode()


def test_a_named_folder_of_programs_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = binary("kubectl")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    (tmp_path / "etcd").touch()
    assert binary("etcd") == tmp_path / "etcd"
    assert binary("kubectl") == cached


def test_the_components_die_with_an_owner_that_is_killed(killed_run: tuple[Path, list[str]]) -> None:
    _, members = killed_run
    assert len(members) > 2
    assert _eventually(lambda: not any(map(folders.is_running, members)))


def test_a_component_dies_with_its_leash(cluster: Cluster) -> None:
    with own(cluster) as mine:
        (note,) = mine.folder.glob("processes/*")
        members = _group(int(note.name))
        os.kill(int(note.name), signal.SIGKILL)
        assert len(members) == 2
        assert _eventually(lambda: not any(map(folders.is_running, members)))


def test_what_a_killed_run_left_is_removed_by_the_next(killed_run: tuple[Path, list[str]]) -> None:
    folder, _ = killed_run
    memory = (folder / "etcd").resolve()
    assert folder.exists()
    assert memory.exists()
    folders.remove_leftovers()
    assert not folder.exists()
    assert not memory.exists()


def test_the_folder_of_a_living_run_is_nobodys_leftover(cluster: Cluster) -> None:
    folders.remove_leftovers()
    assert cluster.api.answers("/readyz")
    assert cluster.kubeconfig.exists()


def test_up_twice_is_one_cluster_and_down_ends_it(tmp_path: Path) -> None:
    here = _environment_with_a_cache_in(tmp_path)
    try:
        first = _by_hand("up", here)
        assert first.stdout == _by_hand("up", here).stdout
        assert Api(Path(first.stdout.strip())).answers("/readyz")
        assert first.stdout.strip() in _by_hand("status", here).stdout
    finally:
        _by_hand("down", here)
    assert not Path(first.stdout.strip()).exists()
    assert _by_hand("status", here).returncode == 1


def _environment_with_a_cache_in(folder: Path) -> dict[str, str]:
    """A cache of its own, so that a developer's own cluster stays; the programs are those already built."""
    (folder / "mcp-kubernetes").mkdir()
    (folder / "mcp-kubernetes" / "bin").symlink_to(folders.cache_folder("bin"))
    return {**os.environ, "XDG_CACHE_HOME": str(folder)}


def _by_hand(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.cluster", command],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def _command_lines(folder: Path) -> str:
    pids = [note.name for note in folder.glob("processes/*")]
    return " ".join(Path(f"/proc/{pid}/cmdline").read_text("utf-8").replace("\0", " ") for pid in pids)


def _group(leader: int) -> list[str]:
    """The identities of the processes in a group."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [folders.identity(pid) for pid in pids if _group_of(pid) == leader]


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _eventually(done: Callable[[], bool], seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while not done() and time.monotonic() < limit:
        time.sleep(0.02)
    return done()

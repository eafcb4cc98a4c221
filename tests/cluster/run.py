"""How a test run comes to its cluster: which one it is to be, started or named, shared or one's own."""

from __future__ import annotations

import base64
import enum
import os
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.cluster.api import Api
from tests.cluster.binaries import binary
from tests.cluster.cluster import Cluster
from tests.cluster.folders import hold_lifeline, new_run_folder, remove_leftovers, remove_run_folder
from tests.cluster.pki import Pki
from tests.cluster.plane import Plane
from tests.cluster.versions import ClusterUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

KUBECONFIG = "MCP_KUBERNETES_TEST_KUBECONFIG"
CLUSTER = "MCP_KUBERNETES_TEST_CLUSTER"
_KUBERNETES_ITSELF = "/registry"  # the prefix that Kubernetes uses when nobody says another


class Mode(enum.Enum):
    """Where the shared cluster comes from."""

    NONE = "none"
    """The developer said that the run is to do without: tests skip, with this as the reason."""
    EXISTING = "existing"
    """The developer named the kubeconfig of a cluster."""
    STARTED = "started"
    """We start one."""


def mode() -> Mode:
    """What the environment says; raises ClusterUnavailable when it says something unknown."""
    said = os.environ.get(CLUSTER, "")
    if said not in ("", "none"):
        raise ClusterUnavailable(f"{CLUSTER} is {said!r}; it may be 'none' (test without a cluster) or unset.")
    if said:
        return Mode.NONE
    return Mode.EXISTING if os.environ.get(KUBECONFIG) else Mode.STARTED


def shared() -> Cluster:
    """The cluster that all tests of a run share, by mode(); ClusterUnavailable when there can be none."""
    match mode():
        case Mode.NONE:
            raise ClusterUnavailable(f"{CLUSTER}=none: this run is to do without a cluster.")
        case Mode.EXISTING:
            return existing(Path(os.environ[KUBECONFIG]))
        case Mode.STARTED:
            return start()


def start(*, extra_args: Sequence[str] = (), controllers: bool = True, kwok: bool = True) -> Cluster:
    """A whole control plane in a folder of its own; it ends with stop() or with this process."""
    remove_leftovers()
    folder = new_run_folder()
    plane = Plane(folder=folder, pki=Pki.create(folder / "pki"))
    return _assembled(plane, "", _KUBERNETES_ITSELF, extra_args, controllers=controllers, kwok=kwok)


def own(beside: Cluster, *, extra_args: Sequence[str] = (), controllers: bool = False, kwok: bool = False) -> Cluster:
    """An API server of the caller's own, empty and free to break: the same etcd under another prefix.

    Without `controllers` nothing makes service accounts, finalizes namespaces or collects garbage;
    `kwok` brings them along.
    Beside somebody else's cluster, which lends no etcd, a whole one is started.
    """
    if not beside.etcd:
        return start(extra_args=extra_args, controllers=controllers, kwok=kwok)
    folder = Path(tempfile.mkdtemp(prefix="own-", dir=beside.folder))
    plane = Plane(folder=folder, pki=beside.pki)
    return _assembled(plane, beside.etcd, f"/{folder.name}", extra_args, controllers=controllers, kwok=kwok)


def existing(kubeconfig: Path) -> Cluster:
    """Somebody else's cluster: its current context, with the credentials copied into a folder of ours."""
    config = _flattened(kubeconfig)
    remove_leftovers()
    folder = new_run_folder()
    admin, ca = folder / "admin.kubeconfig", folder / "ca.crt"
    admin.touch(mode=0o600)
    admin.write_text(config, "utf-8")
    cluster = yaml.safe_load(config)["clusters"][0]["cluster"]
    ca.write_bytes(base64.b64decode(cluster.get("certificate-authority-data", "")))
    with ExitStack() as ends:
        ends.callback(remove_run_folder, folder)
        ends.callback(os.close, hold_lifeline(folder))
        return Cluster(
            server=cluster["server"],
            version=_version(admin),
            kubeconfig=admin,
            ca=ca,
            folder=folder,
            audit_log=None,
            etcd="",
            ends=ends.pop_all(),
        )


def _assembled(
    plane: Plane, etcd: str, prefix: str, extra_args: Sequence[str], *, controllers: bool, kwok: bool
) -> Cluster:
    with ExitStack() as on_failure:
        ends = on_failure.enter_context(plane.ends)
        ends.callback(remove_run_folder, plane.folder)
        ends.callback(os.close, hold_lifeline(plane.folder))
        etcd = etcd or plane.start_etcd()
        server = plane.start_api_server(etcd, prefix, extra_args)
        if controllers or kwok:  # it is the controllers who take the taint off a node that became ready
            plane.start_controllers(server)
        if kwok:
            plane.start_kwok(server)
        cluster = Cluster(
            server=server,
            version=_version(plane.admin),
            kubeconfig=plane.admin,
            ca=plane.pki.ca,
            folder=plane.folder,
            audit_log=plane.audit_log,
            etcd=etcd,
            ends=ends,
        )
        on_failure.pop_all()
    return cluster


def _version(kubeconfig: Path) -> str:
    try:
        return str(Api(kubeconfig).get("/version")["gitVersion"])
    except OSError as error:
        raise ClusterUnavailable(f"The API server of {kubeconfig} does not answer: {error}.") from error


def _flattened(kubeconfig: Path) -> str:
    command = ["config", "view", "--minify", "--flatten", "--raw", f"--kubeconfig={kubeconfig}"]
    answer = subprocess.run(
        [binary("kubectl"), *command], capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    if answer.returncode:
        raise ClusterUnavailable(f"{KUBECONFIG} names {kubeconfig}: {answer.stderr.strip()}.")
    return answer.stdout

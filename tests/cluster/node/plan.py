"""What a node's programs are told: every path of theirs in the run's folder, every name and address the run's own."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.cluster.binaries import binary
from tests.cluster.node.images import PAUSE

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUBNETS = ipaddress.ip_network("10.64.0.0/10")
_PREFIX = 24
_ROUTES = Path("/proc/net/route")

# Paths outside of the run's folder that containerd, the kubelet and the network plugins keep their own things in.
_EMPTY = ("/run", "/var/log", "/var/lib")
# What the kubelet and the network plugin `ptp` set for the whole machine unless it is so already.
_SETTLED = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
    "net/ipv4/ip_forward": "1",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One node: where it lives, and what distinguishes it from the nodes of other runs."""

    name: str
    folder: Path
    """For what it keeps."""
    data: Path
    """For the containers' files."""
    logs: Path
    kubeconfig: Path
    ca: Path
    certificate: Path
    key: Path
    port: int
    network_plugins: Path
    log_max_size: str
    """Bytes, as a Kubernetes quantity, after which the kubelet begins a container's log anew."""

    @property
    def cgroup(self) -> str:
        return cgroup(self.folder.parent)

    @property
    def archive(self) -> Path:
        return self.folder / "images.tar"

    def write(self) -> Path:
        """Write all files; returns the one for the first process."""
        network = self.folder / "cni" / "10-node.conflist"
        network.parent.mkdir()
        network.write_text(json.dumps(self._network()), "utf-8")
        (self.folder / "containerd.toml").write_text(self._containerd(), "utf-8")
        (self.folder / "kubelet.yaml").write_text(yaml.safe_dump(self._kubelet()), "utf-8")
        path = self.folder / "plan.json"
        path.write_text(json.dumps(self._processes(), default=str), "utf-8")
        return path

    def _processes(self) -> dict[str, Any]:
        kubelet = [
            binary("kubelet"),
            f"--config={self.folder}/kubelet.yaml",
            f"--kubeconfig={self.kubeconfig}",
            f"--hostname-override={self.name}",
            f"--root-dir={self.folder}/kubelet",
        ]
        socket = self._socket
        return {
            "folder": self.folder,
            "logs": self.logs,
            "socket": socket,
            "empty": self._empty(),
            "settled": {str(path): v for n, v in _SETTLED.items() if (path := Path("/proc/sys", n)).exists()},
            "containerd": ["containerd", "--config", self.folder / "containerd.toml"],
            "import": ["ctr", "--address", socket, "--namespace", "k8s.io", "images", "import", self.archive],
            "kubelet": kubelet,
        }

    def _empty(self) -> list[str]:
        """All of them, except those in which the node's own parts lie."""
        needed = (self.folder, self.data, self.network_plugins, binary("kubelet"))
        return [folder for folder in _EMPTY if not any(path.is_relative_to(folder) for path in needed)]

    def _containerd(self) -> str:
        # oom scores cannot be lowered without CAP_SYS_RESOURCE, which root has not everywhere.
        return f"""\
version = 2
root = "{self.data}"
state = "{self.folder}/containerd"
[grpc]
address = "{self._socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{self.network_plugins}"
conf_dir = "{self.folder}/cni"
"""

    def _network(self) -> dict[str, Any]:
        """Each pod on a cable of its own to this machine: no bridge to leave behind, no packet filter to clean up."""
        subnet = free_subnet(self.cgroup)
        ipam = {
            "type": "host-local",
            "dataDir": f"{self.folder}/addresses",
            "ranges": [[{"subnet": str(subnet)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        }
        return {"cniVersion": "0.4.0", "name": self.cgroup, "plugins": [{"type": "ptp", "ipMasq": False, "ipam": ipam}]}

    def _kubelet(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": "127.0.0.1",
            "port": self.port,
            "healthzPort": 0,
            "authentication": {
                "anonymous": {"enabled": False},
                "x509": {"clientCAFile": str(self.ca)},
                "webhook": {"enabled": True},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(self.certificate),
            "tlsPrivateKeyFile": str(self.key),
            "containerRuntimeEndpoint": f"unix://{self._socket}",
            "podLogsDir": f"{self.folder}/pods",
            "containerLogMaxSize": self.log_max_size,
            "containerLogMonitorInterval": "3s",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.cgroup}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "makeIPTablesUtilChains": False,
            "resolvConf": "",
            # A full disk of the machine is not the tests' subject, and images that are thrown away cannot be pulled.
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "0%", "imagefs.available": "0%"},
            "imageGCHighThresholdPercent": 100,
            # Pods of other tests, which expect nobody to run them, are not to be run here.
            "registerWithTaints": [{"key": TAINT, "value": "yes", "effect": "NoSchedule"}],
        }

    @property
    def _socket(self) -> Path:
        return self.folder / "containerd.sock"


TAINT = "mcp-kubernetes.test/real-node"


def cgroup(run: Path) -> str:
    """The name of the cgroup of the run's node."""
    return run.name


def free_subnet(seed: str) -> ipaddress.IPv4Network:
    """A subnet to which this machine has no route. Runs at the same time have different seeds."""
    taken = list(_routes())
    first = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4])
    count = 1 << (_PREFIX - _SUBNETS.prefixlen)
    for step in range(count):
        offset = (first + step) % count << (_SUBNETS.max_prefixlen - _PREFIX)
        subnet = ipaddress.IPv4Network((int(_SUBNETS.network_address) + offset, _PREFIX))
        if not any(subnet.overlaps(route) for route in taken):
            return subnet
    raise LookupError(f"This machine has routes to all of {_SUBNETS}.")


def _routes() -> Iterator[ipaddress.IPv4Network]:
    """All but the default route."""
    for line in _ROUTES.read_text("ascii").splitlines()[1:]:
        fields = line.split()
        target, mask = (int.from_bytes(bytes.fromhex(fields[number]), "little") for number in (1, 7))
        if mask:
            yield ipaddress.IPv4Network((target, mask.bit_count()))

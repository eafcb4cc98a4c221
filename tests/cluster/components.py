"""The command line of each component, as a function of what differs between two runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.binaries import binary

Command = list[str | Path]

_SERVICE_ADDRESSES = "10.96.0.0/16"
_POD_ADDRESSES = "10.244.0.0/16"
# The default of 20 requests a second makes 5,000 pods in four minutes.
_FAST_CLIENT = ("--kube-api-qps=500", "--kube-api-burst=1000")


@dataclass(frozen=True, kw_only=True)
class ApiServer:
    """What distinguishes one API server from another."""

    port: int
    etcd: str
    etcd_prefix: str
    pki: Path
    audit_policy: Path
    audit_log: Path
    extra_args: tuple[str, ...] = ()


def etcd(data: Path, url: str) -> Command:
    """etcd with one member; it never speaks to a peer, so the peer port is any."""
    return [
        binary("etcd"),
        f"--data-dir={data}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(server: ApiServer) -> Command:
    """kube-apiserver on loopback; `extra_args` come last and so win."""
    pki = server.pki
    return [
        binary("kube-apiserver"),
        f"--etcd-servers={server.etcd}",
        f"--etcd-prefix={server.etcd_prefix}",
        f"--secure-port={server.port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={pki}/kube-apiserver.crt",
        f"--tls-private-key-file={pki}/kube-apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-account-signing-key-file={pki}/sa.key",
        f"--kubelet-client-certificate={pki}/kubelet-client.crt",
        f"--kubelet-client-key={pki}/kubelet-client.key",
        "--kubelet-preferred-address-types=Hostname",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={_SERVICE_ADDRESSES}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--audit-policy-file={server.audit_policy}",
        f"--audit-log-path={server.audit_log}",
        "--audit-log-maxsize=10000",  # MB; the default of 100 would rotate a test's requests away
        *server.extra_args,
    ]


def controller_manager(kubeconfig: Path, pki: Path) -> Command:
    """All controllers, without a port of their own."""
    return [
        binary("kube-controller-manager"),
        f"--kubeconfig={kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={pki}/sa.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        "--allocate-node-cidrs=true",
        f"--cluster-cidr={_POD_ADDRESSES}",
        *_FAST_CLIENT,
    ]


def scheduler(kubeconfig: Path) -> Command:
    """The default scheduler, without a port of its own."""
    return [
        binary("kube-scheduler"),
        f"--kubeconfig={kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        *_FAST_CLIENT,
    ]


def kwok(kubeconfig: Path) -> Command:
    """kwok plays the kubelet for the nodes with its annotation, and leaves others to real kubelets."""
    return [
        binary("kwok"),
        f"--kubeconfig={kubeconfig}",
        f"--config={binary('kwok-stages.yaml')}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
    ]

"""The section `http` of the configuration: where the server listens, whom it lets in, and what a client may cost."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, field_validator

from mcp_kubernetes.settings import Settings, setting
from mcp_kubernetes.transports.http.tokens import read

NAME = "streamable-http"
"""What `--transport` calls it."""


def _network(text: str) -> str:
    ip_network(text)
    return text


_ADDRESS = r"^(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]*):[0-9]{1,5}$"
_HOST = Annotated[str, Field(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+)(:[0-9]{1,5})?$")]
_NETWORK = Annotated[str, AfterValidator(_network)]
_ORIGIN = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*://[^\s/]+$")]


class HTTPSettings(Settings):
    """How the server is reached over HTTP."""

    only_over: ClassVar[str] = NAME

    addr: str = setting(
        ":8080",
        flag="--http-addr",
        pattern=_ADDRESS,
        help="Where to listen; without a host, on loopback unless clients sign in or --allow-unauthenticated is set.",
    )
    endpoint: str = setting("/mcp", flag="--http-endpoint", pattern=r"^/[\w./-]*$", help="Path of the MCP endpoint.")
    token_file: Path | None = setting(
        None,
        flag="--token-file",
        help='Let clients sign in by tokens: a file of lines like sha256-of-the-token,user,"group,group".',
    )
    allow_unauthenticated: bool = setting(
        default=False,
        flag="--allow-unauthenticated",
        help="Serve everybody who can reach the address, although nobody has to sign in.",
    )
    allowed_hosts: tuple[_HOST, ...] = setting(
        (),
        flag="--allowed-hosts",
        help="Host names, or name:port, by which clients may call the server, beside its address and localhost.",
    )
    allowed_origins: tuple[_ORIGIN, ...] = setting(
        (),
        flag="--allowed-origins",
        help="Origins of web pages that may call it, such as https://app.example.com. On loopback: those of localhost.",
    )
    metrics_addr: str = setting(
        "",
        flag="--metrics-addr",
        pattern=f"^$|{_ADDRESS}",
        help="Where operators are served: /healthz, and /readyz?verbose with details. Empty: nowhere.",
    )
    tls_cert_file: Path | None = setting(
        None, flag="--tls-cert-file", help="Serve HTTPS with this certificate and its chain, in PEM; renewed with it."
    )
    tls_key_file: Path | None = setting(None, flag="--tls-key-file", help="The key of --tls-cert-file, in PEM.")
    trusted_proxies: tuple[_NETWORK, ...] = setting(
        (),
        flag="--trusted-proxies",
        help="Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    disable_streaming: bool = setting(
        default=False, flag="--disable-streaming", help="Answer with JSON alone, never with a stream of events."
    )
    stateless: bool = setting(
        default=False,
        flag="--stateless",
        help="Keep no sessions for clients of older protocol versions, so that any replica can answer them.",
    )
    max_body: int = setting(4_194_304, flag="--max-body", ge=1_024, help="Most bytes of one request's body.")
    max_header: int = setting(32_768, ge=1_024, help="Most bytes of one request's headers.")
    max_sessions: int = setting(
        1_000, flag="--max-sessions", ge=1, help="Most sessions of older protocol versions that are open at once."
    )
    session_idle: float = setting(
        1_800.0,
        flag="--session-idle-timeout",
        gt=0,
        help="Seconds without a request after which such a session ends.",
    )
    connection_idle: int = setting(75, ge=1, help="Seconds without a request after which a connection is closed.")
    read_timeout: float = setting(
        10.0, gt=0, help="Seconds that a client may take to send a request: its headers, and again its body."
    )
    grace: float = setting(
        25.0, flag="--grace-period", ge=0, help="Seconds that running calls have to finish when the server is to end."
    )

    @field_validator("token_file")
    @classmethod
    def _usable(cls, path: Path | None) -> Path | None:
        if path is not None:
            read(path)
        return path

    @field_validator("endpoint")
    @classmethod
    def _free(cls, path: str) -> str:
        if path in ("/healthz", "/readyz"):
            raise ValueError("that path is for probes")
        return path

    def idle(self) -> dict[str, str]:
        """Without sessions there is nothing to say about them, and a certificate and its key go together."""
        about_sessions = ("max_sessions", "session_idle") if self.stateless else ()
        halves = {"tls_cert_file": "--tls-key-file is not set"} if not self.tls_key_file else {}
        halves |= {"tls_key_file": "--tls-cert-file is not set"} if not self.tls_cert_file else {}
        return dict.fromkeys(about_sessions, "--stateless keeps no sessions") | halves

"""Which Valkey server, and how it is signed in to. Flags and variables have the names that operators know."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import SecretStr, field_validator

from mcp_kubernetes import Settings, setting

SOCKET = "unix:"
"""Before the path of a server's socket on this machine."""

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?")


class ValkeySettings(Settings):
    """The section `valkey`."""

    url: str = setting(
        "",
        flag="--valkey-url",
        env="VALKEY_URL",
        help="Server of --state-store valkey: host:port, or unix:/path of its socket. Valkey, or Redis since 6.2.",
    )
    username: str = setting("", flag="--valkey-username", help="User to sign in as, where it is not the default one.")
    password: SecretStr | None = setting(None, env="VALKEY_PASSWORD", help="Password to sign in with.")
    tls: bool = setting(default=False, flag="--valkey-tls", env="VALKEY_TLS_ENABLED", help="Connect by TLS.")
    ca_file: Path | None = setting(
        None,
        flag="--valkey-ca-file",
        help="Authorities that may vouch for the server, in PEM, instead of the system's.",
    )
    db: int = setting(0, flag="--valkey-db", env="VALKEY_DB", ge=0, help="Number of the database.")
    key_prefix: str = setting(
        "mcp-kubernetes:",
        flag="--valkey-key-prefix",
        env="VALKEY_KEY_PREFIX",
        pattern=r"^[^{}]*$",
        help="Before each key, for servers of several installations.",
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if url and not _ADDRESS.fullmatch(url) and not url.startswith(f"{SOCKET}/"):
            raise ValueError("it is neither host:port nor unix:/path")
        return url

    @field_validator("ca_file")
    @classmethod
    def _exists(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("there is no such file")
        return path

    def idle(self) -> dict[str, str]:
        """Without a server there is nobody to sign in to, and a socket needs no TLS."""
        if not self.url:
            others = ("username", "password", "tls", "ca_file", "db", "key_prefix")
            return dict.fromkeys(others, "no --valkey-url is given")
        if self.url.startswith(SOCKET):
            return dict.fromkeys(("tls", "ca_file"), "the server is asked at a socket on this machine")
        return {} if self.tls else {"ca_file": "--valkey-tls is not set"}

"""Somebody who signed in at an issuer once, and whose kubeconfig holds the tokens."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mcp_kubernetes.errors import CredentialsError
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.provider import KubeconfigCredentials
from mcp_kubernetes.kube.kubeconfig.loading import Kubeconfig
from tests.kube.signing_in import ACCESS, PLANTED
from tests.oidc.issuer import PUBLIC, SECRET

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
# mine, by hand
apiVersion: v1
kind: Config
current-context: a
contexts:
- {{name: a, context: {{cluster: a, user: me}}}}   # the only one
clusters:
- {{name: a, cluster: {{server: "{server}"}}}}
users:
- name: other
  user: {{token: 'of another'}}
- name: me
  user:
    auth-provider:
      name: oidc
      config:
        idp-issuer-url: {url}
        idp-certificate-authority: pki/idp.crt  # beside this file
        client-id: {client}
        client-secret: {secret}
        # renewed by programs
        id-token: {id_token}  # old
        refresh-token: '{refresh_token}'
        extra-scopes: groups,profile
"""


def jwt(seconds: float, **claims: Any) -> str:
    """A token that ends in so many seconds, which nobody signed."""
    payload = json.dumps({"exp": time.time() + seconds, **claims}, ensure_ascii=False).encode()
    return f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.{PLANTED}"


class Person:
    """The user `me` of a kubeconfig in `folder`, whose issuer is at `url`."""

    def __init__(self, folder: Path, url: str, ca: bytes) -> None:
        self.path = folder / "config"
        self.url = url
        self.server = "https://a:6443"
        (folder / "pki").mkdir()
        (folder / "pki" / "idp.crt").write_bytes(ca)
        self.provider = self.another_process()

    def another_process(self) -> KubeconfigCredentials:
        """What another server on this machine would have: nothing but the file."""
        return KubeconfigCredentials(Kubeconfig([self.path]))

    def write(self, id_token: str, refresh_token: str, client: str = PUBLIC, url: str = "") -> None:
        secret = json.dumps("" if client == PUBLIC else SECRET)
        address = {"url": url or self.url, "server": self.server}
        tokens = {"id_token": id_token, "refresh_token": refresh_token}
        self.path.write_text(CONFIG.format(**address, **tokens, client=client, secret=secret), "utf-8")

    def replace(self, old: str, new: str) -> None:
        content = self.path.read_text("utf-8")
        assert content.count(old) == 1
        self.path.write_text(content.replace(old, new), "utf-8")

    @property
    def stored(self) -> dict[str, str]:
        """The `config` in the file."""
        users = yaml.safe_load(self.path.read_text("utf-8"))["users"]
        config: dict[str, str] = users[1]["user"]["auth-provider"]["config"]
        return config

    def entry(self) -> ClusterEntry:
        return Kubeconfig([self.path]).load().entry("a", "kubeconfig")

    async def credentials(
        self, refused: Credentials | None = None, provider: KubeconfigCredentials | None = None
    ) -> Credentials:
        return await (provider or self.provider).credentials(ACCESS, self.entry(), refused)

    async def refusal(self, refused: Credentials | None = None) -> str:
        """Why nobody can sign in; it shows no token and speaks of no API server."""
        tokens = [value for key, value in self.stored.items() if value and key.endswith(("token", "secret"))]
        with pytest.raises(CredentialsError) as caught:
            await self.credentials(refused)
        text = str(caught.value)
        assert text.startswith(f'The user "me" in {self.path} ')
        assert "API server" not in text
        assert not [secret for secret in (PLANTED, *tokens) if secret in text + repr(caught.value)]
        return text

"""A certified OpenID Connect provider as a process of its own, and signing in to it as a browser would."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import ssl
import subprocess
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.cluster.folders import new_run_folder, remove_leftovers, remove_run_folder
from tests.cluster.pki import Pki
from tests.cluster.processes import launch
from tests.npm import Node, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
WITHOUT = "MCP_KUBERNETES_TEST_WITHOUT"
CALLBACK = "https://client.example/callback"

PUBLIC, BASIC, POST = "kube", "kube-basic", "kube-post"
"""Clients without a secret, with one in a header, with one in the form; the provider takes it nowhere else."""

SECRET = "s e/c+r%et:of-tests"  # noqa: S105 - a planted one, full of what must be escaped
_METHODS = {PUBLIC: "none", BASIC: "client_secret_basic", POST: "client_secret_post"}


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """One running provider."""

    url: str
    ca: Path
    log: Path

    def requests(self, line: str) -> int:
        """How many requests it has answered whose line in its log begins so, as in "POST /token 200"."""
        return sum(each.startswith(line) for each in self.log.read_text("utf-8").splitlines())

    def sign_in(self, client: str = PUBLIC, user: str = "alice") -> dict[str, Any]:
        """What the token endpoint answers after a sign-in with authorization code and PKCE, over the login form."""
        browser = self._browser()
        verifier = secrets.token_urlsafe(32)
        found = parse_qs(urlsplit(self._callback(browser, client, user, verifier)).query)
        form = {
            "grant_type": "authorization_code",
            "code": found["code"][0],
            "redirect_uri": CALLBACK,
            "code_verifier": verifier,
            "client_id": client,
        }
        return self._answer(browser, client, form)

    def _callback(self, browser: urllib.request.OpenerDirector, client: str, user: str, verifier: str) -> str:
        """Where the browser is sent with the code, after the pages for name and consent."""
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        question = {
            "client_id": client,
            "response_type": "code",
            "scope": "openid offline_access",
            "prompt": "consent",  # without it there is no refresh token
            "redirect_uri": CALLBACK,
            "code_challenge": digest,
            "code_challenge_method": "S256",
        }
        page = browser.open(f"{self.url}/auth?{urlencode(question)}").url
        while not page.startswith(CALLBACK):
            page = browser.open(page, urlencode({"login": user}).encode()).url
        return str(page)

    def _answer(self, browser: urllib.request.OpenerDirector, client: str, form: dict[str, str]) -> dict[str, Any]:
        headers = {}
        if client == BASIC:
            pair = urlencode({client: SECRET}).replace("=", ":", 1)
            headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        if client == POST:
            form["client_secret"] = SECRET
        request = urllib.request.Request(f"{self.url}/token", urlencode(form).encode(), headers)  # noqa: S310 - https
        answer: dict[str, Any] = json.load(browser.open(request))
        return answer

    def _browser(self) -> urllib.request.OpenerDirector:
        trusting = ssl.create_default_context(cafile=str(self.ca))
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=trusting),
            urllib.request.HTTPCookieProcessor(CookieJar()),
            _StopAtCallback(),
        )


class _StopAtCallback(urllib.request.HTTPRedirectHandler):
    """There is nothing at the callback's address but the code in it."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if not newurl.startswith(CALLBACK):
            return super().redirect_request(req, fp, code, msg, headers, newurl)
        fp.url = newurl
        return None

    def http_error_303(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return self.http_error_302(req, fp, code, msg, headers) or fp


@contextmanager
def running() -> Iterator[Issuer]:
    """Start the provider, with certificates of its own; it ends with the block, or with this process."""
    node = _node()
    remove_leftovers()
    folder = new_run_folder()
    try:
        pki = Pki.create(folder / "pki")
        process = launch(folder, "oidc-provider", [node.node, HERE / "provider.mjs", _settings(folder, pki)])
        try:
            process.wait_until(lambda: bool(_address(process.log)), "listening")
            yield Issuer(url=_address(process.log), ca=pki.ca, log=process.log)
        finally:
            process.stop()
    finally:
        remove_run_folder(folder)


def _node() -> Node:
    if "oidc" in os.environ.get(WITHOUT, "").split(","):
        pytest.skip(f"{WITHOUT} says that the OpenID Connect provider is meant to be left out")
    try:
        return installed(HERE)
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        pytest.fail(f"The OpenID Connect provider cannot be had ({error}); to test without it, set {WITHOUT}=oidc.")


def _settings(folder: Path, pki: Pki) -> Path:
    cert, key = pki.issue("oidc", server=True)
    (folder / "oidc.crt").write_bytes(cert)
    (folder / "oidc.key").write_bytes(key)
    clients = [
        {
            "client_id": client,
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": method,
            **({} if method == "none" else {"client_secret": SECRET}),
        }
        for client, method in _METHODS.items()
    ]
    path = folder / "oidc.json"
    path.write_text(
        json.dumps({"cert": str(folder / "oidc.crt"), "key": str(folder / "oidc.key"), "clients": clients}), "utf-8"
    )
    return path


def _address(log: Path) -> str:
    found = re.search(r"^https://\S+$", log.read_text("utf-8"), re.MULTILINE)
    return found[0] if found else ""

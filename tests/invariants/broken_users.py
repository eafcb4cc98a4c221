"""Users of kubeconfigs who cannot sign in, one for each kind of credentials and each way in which it fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PLANTED = "planted-secret-4d8a17"
NOWHERE = "http://127.0.0.1:1"
"""Nothing listens there."""


@dataclass(frozen=True, kw_only=True)
class BrokenUser:
    """A user's entry, the words that say what is wrong with it, and what else is needed to go wrong like this.

    `files` lie beside the kubeconfig, as does a sound pair of tls.crt and tls.key, and another.key of somebody else.
    """

    user: Mapping[str, Any]
    says: str
    files: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the files; a program may be run, and a name that ends with a slash is a folder."""
        for name, content in self.files.items():
            if name.endswith("/"):
                (folder / name).mkdir()
            else:
                (folder / name).write_text(content, encoding="utf-8")
                (folder / name).chmod(0o700)


def plugin(script: str, says: str, settings: Mapping[str, Any] | None = None, **fields: Any) -> BrokenUser:
    """A user whose credential plugin is a shell script."""
    return BrokenUser(
        user=by_exec(**fields), says=says, files={"plugin": f"#!/bin/sh\n{script}\n"}, settings=settings or {}
    )


def by_exec(**fields: Any) -> dict[str, Any]:
    """The entry of a user who signs in with the program beside the kubeconfig."""
    known = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin", "args": [PLANTED]}
    return {"exec": known | fields}


def saying(status: str) -> str:
    """The script of a plugin that answers with this status, in JSON."""
    head = '"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"'
    return f"printf %s '{{{head}, \"status\": {status}}}'"


def _by_files(certificate: str | None, key: str | None, says: str, **files: str) -> BrokenUser:
    named = {"client-certificate": certificate, "client-key": key}
    user = {name: path for name, path in named.items() if path}
    return BrokenUser(user=user, says=says, files={f"{name}.key": content for name, content in files.items()})


def _by_token_file(says: str, **files: str) -> BrokenUser:
    return BrokenUser(user={"tokenFile": "token", "token": PLANTED}, says=says, files=files)


def _by_oidc(says: str, **config: str) -> BrokenUser:
    known = {"idp-issuer-url": NOWHERE, "client-id": "me", "client-secret": PLANTED, "id-token": f"x.{PLANTED}.x"}
    return BrokenUser(user={"auth-provider": {"name": "oidc", "config": known | config}}, says=says)


_PEM = "-----BEGIN {0}PRIVATE KEY-----\n{1}" + PLANTED + "\n-----END {0}PRIVATE KEY-----\n"
_MINE = saying(f'{{"token": "{PLANTED}"}}')

BROKEN_USERS = {
    "a plugin that fails": plugin(f"echo no account {PLANTED} >&2; exit 1", "no account <redacted>"),
    "a plugin that is killed": plugin("kill -9 $$", "ended with signal 9"),
    "a plugin that hangs": plugin("sleep 600", "gave no answer within 0.5 seconds", {"exec_timeout": 0.5}),
    "a plugin that says nothing": plugin("", "is no ExecCredential"),
    "a plugin that answers nonsense": plugin(f"echo {PLANTED}", "is no ExecCredential"),
    "a plugin that has no credentials": plugin(saying("{}"), "neither a token nor a client certificate"),
    "a plugin that gives no token": plugin(saying(f'{{"token": "{PLANTED} x"}}'), "characters that no token has"),
    "a plugin that gives half a pair": plugin(saying(f'{{"clientKeyData": "{PLANTED}"}}'), "without its key"),
    "a plugin that does not exist": BrokenUser(user=by_exec(command="./missing"), says="is no executable file"),
    "a plugin that is not installed": BrokenUser(user=by_exec(command="no-such-login"), says="is not on the PATH"),
    "a plugin that is not listed": plugin(_MINE, "contexts.exec_plugins", {"exec_plugins": ["other-login"]}),
    "a plugin where none may run": plugin(_MINE, "contexts.deny_exec_plugins", {"deny_exec_plugins": True}),
    "a plugin that needs a terminal": plugin(_MINE, "at a terminal", interactiveMode="Always"),
    "a plugin of an old version": plugin(_MINE, "apiVersion", apiVersion="client.authentication.k8s.io/v1alpha1"),
    "a token file that is missing": _by_token_file("cannot be read: No such file"),
    "a token file that is empty": _by_token_file("is empty", token=" \n"),  # noqa: S106 - none at all
    "a token file that is a folder": _by_token_file("not a regular file", **{"token/": ""}),
    "a token file that holds junk": _by_token_file("no token", token=f"{PLANTED} {PLANTED}"),
    "a token that is none": BrokenUser(user={"token": f"{PLANTED}\n"}, says="characters that no token has"),
    "a certificate without a key": _by_files("tls.crt", None, "without a client-key"),
    "a key without a certificate": _by_files(None, "tls.key", "without a client-certificate"),
    "a key that is missing": _by_files("tls.crt", "missing.key", "client-key that cannot be read"),
    "a certificate that is missing": _by_files("missing.crt", "tls.key", "client-certificate that cannot be read"),
    "a key that is encrypted": _by_files("tls.crt", "own.key", "encrypted", own=_PEM.format("ENCRYPTED ", "")),
    "a key that is encrypted in the old way": _by_files(
        "tls.crt", "own.key", "encrypted", own=_PEM.format("EC ", "Proc-Type: 4,ENCRYPTED\n\n")
    ),
    "a key that is damaged": _by_files("tls.crt", "own.key", "cannot be used", own=_PEM.format("", "")),
    "a key of somebody else": _by_files("tls.crt", "another.key", "cannot be used"),
    "a user that is in no file": BrokenUser(user={"token": PLANTED}, says='the user "gone"', context={"user": "gone"}),
    "a user without credentials": BrokenUser(user={}, says="holds no credentials"),
    "a user with a password": BrokenUser(user={"username": "me", "password": PLANTED}, says="with username"),
    "an auth-provider of an unknown name": BrokenUser(
        user={"auth-provider": {"name": "gcp", "config": {"access-token": PLANTED}}}, says="auth-provider"
    ),
    "an issuer that cannot be reached": _by_oidc("cannot be asked", **{"refresh-token": PLANTED}),
    "an id-token that has ended": _by_oidc("no refresh-token"),
    "groups without a user to act as": BrokenUser(
        user={"token": PLANTED, "as-groups": ["system:masters"]}, says="without naming a user"
    ),
    "somebody to act as without credentials": BrokenUser(user={"as": "admin"}, says="holds no credentials"),
}
"""By what is wrong with them."""

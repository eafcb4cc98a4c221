"""Signing in with a credential plugin: a program that a kubeconfig names and that prints credentials.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins

A plugin is slow and may ask its person something in a browser. So it runs once for all who wait, a caller who
gives up does not end it, and its answer is kept until it ends or is refused.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.credentials.child import LARGEST_OUTPUT, Finished, run
from mcp_kubernetes.kube.credentials.exec_credential import Answer, Unusable, answer, question
from mcp_kubernetes.kube.credentials.exec_entry import ExecEntry
from mcp_kubernetes.kube.credentials.exec_policy import ExecPolicy
from mcp_kubernetes.kube.credentials.single_flight import SingleFlight

_PATIENCE = 20.0
"""Seconds that one call waits: less than calls usually may take, so that it can still say what it waits for."""


class ExecPlugin:
    """A way to sign in: what the plugin answers. A plugin that wants to know the cluster is run for each."""

    def __init__(self, entry: ExecEntry, policy: ExecPolicy) -> None:
        self._entry = entry
        self._policy = policy
        self._answers: dict[str, Answer] = {}
        self._runs = SingleFlight[Answer]()

    async def sign(self, credentials: Credentials, entry: ClusterEntry, refused: Credentials | None, /) -> Credentials:
        """Add token and certificate of the answer. Raises CredentialsError, whatever the plugin does."""
        asked = question(self._entry.version, entry if self._entry.tells_cluster else None)
        known = self._answers.get(asked)
        if known is None or not known.is_current or known.is_in(refused):
            known = await self._renewed(asked)
        return replace(credentials, token=known.token, certificate=known.certificate, key=known.key)

    async def _renewed(self, asked: str) -> Answer:
        """The answer of a run that is shared. Who gives up waiting does not end it: a person may be signing in."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._runs.join(asked, lambda: self._run(asked))
        except TimeoutError:
            raise self._entry.refuse(
                f"has not answered for {_PATIENCE:g} seconds and goes on running",
                "It may be waiting for a person to sign in: call again in a while.",
            ) from None

    async def _run(self, asked: str) -> Answer:
        self._answers.pop(asked, None)
        found = self._answers[asked] = self._checked(await self._finished(asked))
        return found

    async def _finished(self, asked: str) -> Finished:
        command = await asyncio.to_thread(self._entry.to_run, asked, self._policy)
        try:
            return await run(command, self._policy.timeout)
        except TimeoutError:
            raise self._entry.refuse(
                f"gave no answer within {self._policy.timeout:g} seconds",
                "It may be waiting for a person: sign in with it in a terminal, then call again.",
            ) from None
        except OSError as error:
            raise self._entry.refuse(f"cannot be started: {error.strerror}") from None
        except ValueError:
            raise self._entry.refuse("cannot be started: a NUL in its arguments or variables") from None

    def _checked(self, finished: Finished) -> Answer:
        if len(finished.output) > LARGEST_OUTPUT:
            raise self._entry.refuse("printed far more than credentials are long")
        if finished.code != 0:
            raise self._entry.refuse(self._failure(finished), "Sign in with it in a terminal, then call again.")
        try:
            return answer(self._entry.version, finished.output)
        except Unusable as error:
            raise self._entry.refuse(str(error)) from None

    def _failure(self, finished: Finished) -> str:
        end = f"exit code {finished.code}" if finished.code > 0 else f"signal {-finished.code}"
        said = self._entry.complaint(finished.complaint).rstrip(".")
        return f"ended with {end}: {said}" if said else f"ended with {end} and said nothing"

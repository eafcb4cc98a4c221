"""The few requests the test bed itself makes, with the standard library.

Our own client is what the tests test; what prepares a test must not stand on it.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

_SECONDS = 30
_EXISTS = 409


class RequestFailed(RuntimeError):
    """The API server answered with an error; `code` is the HTTP status."""

    def __init__(self, what: str, code: int, answer: str) -> None:
        super().__init__(f"{what}: {code} {answer[:500]}")
        self.code = code


class Api:
    """JSON requests to one server as the user of a kubeconfig that carries its credentials."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text("utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._address = urllib.parse.urlsplit(cluster["server"])
        self._tls = client_tls(cluster, user)
        self._headers = {"Content-Type": "application/json", "User-Agent": "test-bed"}
        if token := user.get("token"):
            self._headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        """The answer to a GET, decoded."""
        return json.loads(self._request("GET", path))

    def get_each(self, paths: Iterable[str]) -> list[Any]:
        """The answers to several GETs over one connection, decoded."""
        with closing(self._connection()) as connection:
            return [json.loads(self._exchange(connection, "GET", path, None)) for path in paths]

    def post(self, path: str, body: object) -> Any:
        """The answer to a POST, decoded."""
        return json.loads(self._request("POST", path, json.dumps(body)))

    def patch(self, path: str, body: object) -> Any:
        """The answer to a merge patch, decoded."""
        return json.loads(self._request("PATCH", path, json.dumps(body)))

    def delete(self, path: str) -> None:
        """DELETE an object."""
        self._request("DELETE", path)

    def watch(self, path: str, seconds: int = _SECONDS) -> Iterator[dict[str, Any]]:
        """The events of a list's path, those of what is there already first, for so many seconds."""
        with closing(self._connection()) as connection:
            joined = "&" if "?" in path else "?"
            connection.request("GET", f"{path}{joined}watch=1&timeoutSeconds={seconds}", headers=self._headers)
            for line in connection.getresponse():
                yield json.loads(line)

    def ensure(self, path: str, body: object) -> None:
        """POST an object that may be there already."""
        self.ensure_all([(path, body)])

    def ensure_all(self, objects: Sequence[tuple[str, object]], concurrency: int = 8) -> None:
        """The same for many (path, object), over a few connections at once; the first error is raised."""
        with ThreadPoolExecutor(concurrency) as pool:
            list(pool.map(self._ensure_each, (objects[start::concurrency] for start in range(concurrency))))

    def answers(self, path: str) -> bool:
        """Whether a GET succeeds now."""
        try:
            self._request("GET", path)
        except (OSError, http.client.HTTPException, RequestFailed):
            return False
        return True

    @contextmanager
    def trying(self) -> Iterator[Callable[[str, str, object], tuple[int, Any]]]:
        """Sends method, path and body over one connection; gives status and decoded answer, a refusal too."""
        with closing(self._connection()) as connection:

            def send(method: str, path: str, body: object) -> tuple[int, Any]:
                kind = "merge-patch+json" if method == "PATCH" else "json"
                headers = {**self._headers, "Content-Type": f"application/{kind}"}
                connection.request(method, path, json.dumps(body), headers)
                response = connection.getresponse()
                return response.status, json.loads(response.read())

            yield send

    def _ensure_each(self, objects: Sequence[tuple[str, object]]) -> None:
        with closing(self._connection()) as connection:
            for path, body in objects:
                try:
                    self._exchange(connection, "POST", path, json.dumps(body))
                except RequestFailed as error:
                    if error.code != _EXISTS:
                        raise

    def _request(self, method: str, path: str, body: str | None = None) -> str:
        with closing(self._connection()) as connection:
            return self._exchange(connection, method, path, body)

    def _exchange(self, connection: http.client.HTTPSConnection, method: str, path: str, body: str | None) -> str:
        content = {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else {}
        connection.request(method, path, body, self._headers | content)
        response = connection.getresponse()
        answer = response.read().decode()
        if response.status >= http.client.BAD_REQUEST:
            raise RequestFailed(f"{method} {path}", response.status, answer)
        return answer

    def _connection(self) -> http.client.HTTPSConnection:
        host, port = self._address.hostname or "", self._address.port
        return http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=self._tls)


def client_tls(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    """TLS as a kubeconfig's cluster and user entries, which carry their data, describe it."""
    authority = base64.b64decode(cluster.get("certificate-authority-data", "")).decode()
    context = ssl.create_default_context(cadata=authority or None)
    if "client-certificate-data" in user:
        pem = b"\n".join(base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key"))
        with tempfile.NamedTemporaryFile() as file:  # `ssl` reads client certificates only from files
            file.write(pem)
            file.flush()
            context.load_cert_chain(file.name)
    return context

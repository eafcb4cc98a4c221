"""The server as a process of its own, spoken to in lines of JSON: what any client on any platform would do.

Nothing of the SDK stands between a test and the bytes. Standard output and standard error are read together, so
the server never waits for a reader, and every wait has a bound.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO, Any, Literal

PROGRAM = Path(sys.executable).with_name("mcp-kubernetes")
"""The console script of this environment."""

SECONDS = 60.0
"""The longest wait for anything."""

LATEST = "2026-07-28"
Era = Literal["modern", "legacy"]
ERAS: tuple[Era, Era] = ("modern", "legacy")

_META = {
    "io.modelcontextprotocol/protocolVersion": LATEST,
    "io.modelcontextprotocol/clientInfo": {"name": "wire", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_HANDSHAKE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "wire", "version": "1"},
}
_CHUNK = 1 << 16


class Wire:
    """One server process and everything it has said. Made by `serving`."""

    def __init__(self, process: subprocess.Popen[bytes], era: Era) -> None:
        self.process = process
        self.era = era
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._ids = count(1)
        self._read = 0
        self._selector = selectors.DefaultSelector()
        for pipe, text in ((process.stdout, self.stdout), (process.stderr, self.stderr)):
            if pipe is not None:
                self._selector.register(pipe, selectors.EVENT_READ, text)

    def open(self) -> dict[str, Any]:
        """Begin as clients of this era do; what the server says about itself."""
        if self.era == "modern":
            return self.ask("server/discover")
        found = self.ask("initialize", **_HANDSHAKE)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return found

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one request and return its result, or its error under the key "error"."""
        request = self.request(method, **params)
        self.send(request)
        return self.answer(request["id"])

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return its result."""
        return self.ask("tools/call", name=tool, arguments=arguments)

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        """A request with an id of its own, not sent yet."""
        meta = {"_meta": _META} if self.era == "modern" else {}
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": {**params, **meta}}

    def send(self, *messages: Mapping[str, Any]) -> None:
        """Write all messages at once."""
        self.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def answer(self, number: int | str) -> dict[str, Any]:
        """Wait for the answer to the request of this id; whatever comes before it is dropped."""
        while (message := self.message()).get("id") != number:
            pass
        found: dict[str, Any] = message.get("result", message)
        return found

    def message(self) -> dict[str, Any]:
        """Wait for the next message. Anything else on standard output is an AssertionError."""
        self.until(self._has_line, "a message")
        end = self.stdout.index(b"\n", self._read)
        line, self._read = bytes(self.stdout[self._read : end]), end + 1
        try:
            message: dict[str, Any] = json.loads(line)
        except ValueError:
            raise AssertionError(f"Standard output carries only the protocol, and not {line[:200]!r}.") from None
        assert message["jsonrpc"] == "2.0"
        return message

    def until(self, done: Callable[[], object], what: str) -> None:
        """Read what the server writes until `done`. Raises TimeoutError, and EOFError when it writes no more."""
        limit = time.monotonic() + SECONDS
        while not done():
            if not self._selector.get_map():
                raise EOFError(f"The server ended before {what} came: {self.stderr.decode()[-2000:]}")
            if not self._pump(limit - time.monotonic()):
                raise TimeoutError(f"No {what} after {SECONDS:g} s: {self.stderr.decode()[-2000:]}")

    def _has_line(self) -> bool:
        return self.stdout.find(b"\n", self._read) >= 0

    def _pump(self, seconds: float) -> bool:
        ready = self._selector.select(max(seconds, 0))
        for key, _ in ready:
            if chunk := os.read(key.fd, _CHUNK):
                key.data.extend(chunk)
            else:
                self._selector.unregister(key.fileobj)
        return bool(ready)

    def deaf(self) -> None:
        """Stop reading standard output, so that it fills up."""
        self._selector.unregister(self._output)

    def drop(self) -> None:
        """Read standard error to its end, and keep nothing: for who lets the server log more than a test looks at."""
        errors = self.process.stderr
        while errors and os.read(errors.fileno(), _CHUNK):
            pass

    def listen(self) -> None:
        """Read standard output again."""
        self._selector.register(self._output, selectors.EVENT_READ, self.stdout)

    @property
    def _output(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def audit(self, number: int = 0) -> list[dict[str, Any]]:
        """The audit lines so far, as soon as there are `number` of them."""
        self.until(lambda: len(_audit_lines(self.stderr)) >= number, f"audit line {number}")
        return _audit_lines(self.stderr)

    def rest(self) -> list[dict[str, Any]]:
        """The messages that have come and were not asked for yet."""
        found = []
        while self._has_line():
            found.append(self.message())
        return found

    def close(self) -> None:
        """End standard input, as a client that goes away does."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def end(self) -> int:
        """Wait until the process has ended, reading on meanwhile; its exit code."""
        limit = time.monotonic() + SECONDS
        while self._selector.get_map() and self._pump(limit - time.monotonic()):
            pass
        return self.process.wait(max(limit - time.monotonic(), 0.1))


def _audit_lines(stderr: bytearray) -> list[dict[str, Any]]:
    complete = stderr[: stderr.rfind(b"\n") + 1].splitlines()
    return [json.loads(line) for line in complete if line.startswith(b'{"audit"')]


def environment(kubeconfig: Path | None, **more: str) -> dict[str, str]:
    """The variables of a user who has this kubeconfig and not the extra `fast`, and sets nothing else of ours.

    What is installed for a user is compiled; ours would be at each start where no bytecode may be written.
    """
    left_out = ("MCP_KUBERNETES_", "KUBE", "PYTEST_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    own = {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
    return {**kept, **own, "MCP_KUBERNETES_SERVER__EVENT_LOOP": "asyncio", **more}


@contextmanager
def serving(
    *arguments: str,
    kubeconfig: Path | None = None,
    variables: Mapping[str, str] | None = None,
    era: Era = "modern",
    program: Sequence[str | Path] = (PROGRAM,),
) -> Iterator[Wire]:
    """A server process with these arguments; it is gone when the block is left, however that happens."""
    process = subprocess.Popen(
        [*program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(kubeconfig, **(variables or {})),
    )
    with process:
        try:
            yield Wire(process, era)
        finally:
            process.kill()


def text(result: Mapping[str, Any]) -> str:
    """All text of a tool's result, block after block."""
    return "\n".join(block["text"] for block in result["content"])

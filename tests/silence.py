"""A server that takes a connection and never says a word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Visit:
    """Where to come, and the events that tell that somebody `came` and `went`."""

    url: str
    came: threading.Event = field(default_factory=threading.Event)
    went: threading.Event = field(default_factory=threading.Event)


@contextmanager
def silent_server() -> Iterator[Visit]:
    """One that has a single visitor."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        visit = Visit(f"https://127.0.0.1:{listening.getsockname()[1]}")
        thread = threading.Thread(target=_receive, args=(listening, visit))
        thread.start()
        try:
            yield visit
        finally:
            if not visit.came.is_set():
                socket.create_connection(listening.getsockname()).close()
            thread.join()


def _receive(listening: socket.socket, visit: Visit) -> None:
    visitor, _ = listening.accept()
    with visitor:
        visit.came.set()
        while visitor.recv(1 << 16):
            pass
        visit.went.set()

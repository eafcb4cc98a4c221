"""A real server for a store to be tested with: Debian's redis-server, or valkey-server where that is installed."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "not-a-secret"  # noqa: S105 - of servers that live as long as a test
_PROGRAMS = ("valkey-server", "redis-server")


@contextmanager
def serving(folder: Path, **more: str) -> Iterator[str]:
    """A server of the test's own at a socket in `folder`, with PASSWORD; its address as `--valkey-url` takes it.

    `more` are options of the server's configuration, with underscores for hyphens.
    """
    place = folder / "valkey.sock"
    options = {"port": "0", "unixsocket": str(place), "dir": str(folder), "save": "", "requirepass": PASSWORD}
    options |= {name.replace("_", "-"): value for name, value in more.items()}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    process = subprocess.Popen([_program(), *words], stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
    with process:
        try:
            while not place.exists() and process.poll() is None:
                time.sleep(0.01)
            yield f"unix:{place}"
        finally:
            process.kill()
            place.unlink(missing_ok=True)


def _program() -> str:
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        pytest.skip(f"There is none of {' and '.join(_PROGRAMS)}; on Debian: apt-get install redis-server")
    return found

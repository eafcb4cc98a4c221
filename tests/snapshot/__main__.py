"""`python -m tests.snapshot`: record what the plugin `snapshot` knows of the built-in kinds."""

from __future__ import annotations

from tests.cluster.run import start
from tests.snapshot.recording import FILE, recorded, text


def main() -> None:
    """Start an API server, ask it, write the file."""
    with start(controllers=False, kwok=False) as cluster:
        FILE.write_text(text(recorded(cluster)), "utf-8")


if __name__ == "__main__":
    main()

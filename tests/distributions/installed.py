"""Fail unless each module named on the command line comes from an installed distribution.

For the isolated environments: a test that imports the checkout instead of the wheel proves nothing.
"""

import importlib.util
import sys
import sysconfig
from pathlib import Path


def main(names: list[str]) -> str | None:
    """Return what is wrong, as one sentence, or None."""
    installed = Path(sysconfig.get_path("purelib"))
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            return f"{name} is not installed."
        if not Path(spec.origin).is_relative_to(installed):
            return f"{name} comes from {spec.origin}, not from an installed wheel."
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

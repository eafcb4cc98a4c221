"""Files that configuration names: looked at cheaply before each use, and read only when they are small and plain.

Kubeconfigs, tokens and certificates are replaced while a server runs, so everybody who remembers one keeps a
`Stamp` beside it.
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path

_LARGEST_FILE = 16 * 1024 * 1024

Stamp = tuple[int, int, int] | None
"""What changes when a file does, also where it is a link into a mounted Secret: modification time, size and inode.

None: there is no such file."""


def stamp(path: Path) -> Stamp:
    """Look at a file without reading it."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_file(path: Path) -> bytes:
    """Read a small file that configuration names. Raises OSError whose `strerror` fits into a sentence.

    Only regular files: reading a pipe would block, and /dev/stdin is where the MCP client speaks.
    """
    try:
        found = path.stat()
    except ValueError:
        raise OSError(errno.EINVAL, "not a valid path") from None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    if found.st_size > _LARGEST_FILE:
        raise OSError(errno.EFBIG, "larger than 16 MiB")
    return path.read_bytes()

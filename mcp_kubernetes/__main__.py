"""`python -m mcp_kubernetes`."""

from __future__ import annotations

import sys

from mcp_kubernetes.cli import main

sys.exit(main())

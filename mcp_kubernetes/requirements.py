"""What plugins say they need, held against what is here. A module of its own: `packaging` takes 10 ms to load.

Nobody needs it where all plugins are this project's own and of the host's version.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


def misfit(text: str, host: str, host_version: str) -> str:
    """Why the host in this version does not fulfil the requirement, or "". pip asks this too, but can be told not to.

    It ends the sentence "The plugin is set aside: …".
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return f"its requirement {text!r} cannot be read"
    if canonicalize_name(requirement.name) != host or not _applies(requirement):
        return ""
    if requirement.specifier.contains(host_version, prereleases=True):
        return ""
    return f"it needs {host}{requirement.specifier}, and this is {host_version}: install another version of it"


def unmet(requires: Iterable[str]) -> list[str]:
    """Those of a distribution's requirements that are not installed here: names and versions, never an address.

    Asked only after an import has failed: code that works without them, or has them from elsewhere, is no matter.
    """
    parsed = [Requirement(text) for text in requires]
    return [f"{each.name}{each.specifier}" for each in parsed if _applies(each) and not _is_met(each)]


def _is_met(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(Version(version(requirement.name)), prereleases=True)
    except PackageNotFoundError:
        return False
    except (InvalidVersion, TypeError, KeyError):  # it is installed, and its metadata do not tell which one it is
        return True


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})

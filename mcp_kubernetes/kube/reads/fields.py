"""Which fields of an object an expression looks at, so that no others are decoded and handed to it.

What is found is never too little: where the text is not plain, a field counts with all that is below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcp_kubernetes.jsonpath.steps import Every, Item, Key, Step
from mcp_kubernetes.kube.decoding.picking import Wanted

TEXT = r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'"
"""A text in an expression: what stands in it names no field."""

_STEPS = rf"(?:\s*\.\s*[A-Za-z_]\w*(?!\w|\s*\()|\[\s*(?:{TEXT}|\d{{1,6}})\s*\])*"
_OBJECT = re.compile(
    rf"(?P<text>{TEXT})|(?<![\w.])object(?!\w)(?P<steps>{_STEPS})"
    r"(?:\s*\.\s*(?:all|exists|exists_one|map)\s*\(\s*(?P<item>[A-Za-z_]\w*)\s*,)?"
)
_STEP = re.compile(rf"\.\s*(?P<name>\w+)|\[\s*(?:(?P<number>\d+)|(?P<text>{TEXT}))\s*\]")


def looked_at(text: str) -> Wanted:
    """What it reads of an object."""
    wanted = Wanted()
    for chain in _OBJECT.finditer(text):
        if chain["text"] is None:
            steps = list(_steps(chain["steps"]))
            for below in _of_items(text, chain["item"]):
                wanted.add([*steps, *below])
    return wanted


def _of_items(text: str, item: str | None) -> list[list[Step]]:
    """What a loop over a field reads of each item, or the field as a whole.

    The first use of the name binds it. A name that another loop binds too stands there alone, so for items as a whole.
    """
    if item is None:
        return [[]]
    uses = re.finditer(rf"(?P<text>{TEXT})|(?<![\w.]){item}(?!\w)(?P<steps>{_STEPS})", text)
    chains = [list(_steps(use["steps"])) for use in uses if use["text"] is None]
    return [[Every(), *steps] for steps in chains[1:]] or [[]]


def _steps(chain: str) -> Iterator[Step]:
    for step in _STEP.finditer(chain):
        quoted = step["text"]
        if quoted and "\\" in quoted:
            return  # its parent as a whole: what the escapes mean is the library's to know
        if step["number"]:
            yield Item(int(step["number"]))
        else:
            yield Key(quoted[1:-1] if quoted else step["name"])

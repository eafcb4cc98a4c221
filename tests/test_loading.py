"""The SDK is imported without building its models, and each of them is there, and the same, when it is wanted."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

_REPORT = """
import json
from collections.abc import Iterator
from pydantic import BaseModel
from mcp_kubernetes import loading

def models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)

loading.{load}("mcp_kubernetes.server")
found = [model for model in models(BaseModel) if model.__module__.startswith("mcp_types")]
complete = sum(model.__pydantic_complete__ for model in found)
fields = sorted(str(model) for model in found if not model.__pydantic_fields_complete__)

class Later(BaseModel):
    number: int

schemas = {{str(model): model.model_json_schema() for model in found}}
print(json.dumps({{"all": len(found), "built": complete, "without_fields": fields, "schemas": schemas,
                  "later_is_built": Later.__pydantic_complete__}}))
"""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a process tells of the SDK's models: how many are built once it is loaded, and what each is like."""

    all: int
    built: int
    without_fields: list[str]
    schemas: dict[str, Any]
    later_is_built: bool

    @classmethod
    def of(cls, load: str) -> Report:
        """Of a process that loads the SDK by this function."""
        words = [sys.executable, "-c", _REPORT.format(load=load)]
        return cls(**json.loads(subprocess.run(words, check=True, capture_output=True).stdout))


@pytest.fixture(scope="module")
def usual() -> Report:
    return Report.of("load")


@pytest.fixture(scope="module")
def unbuilt() -> Report:
    return Report.of("load_unbuilt")


def test_hardly_a_model_is_built_before_it_is_used(usual: Report, unbuilt: Report) -> None:
    assert usual.built > usual.all * 0.9
    assert unbuilt.built < unbuilt.all * 0.1


def test_every_model_is_the_same_in_the_end_and_what_is_wrong_with_one_is_known_at_once(
    usual: Report, unbuilt: Report
) -> None:
    assert len(unbuilt.schemas) > 400
    assert unbuilt.schemas == usual.schemas
    assert unbuilt.without_fields == usual.without_fields


def test_a_model_that_is_defined_afterwards_is_built_as_ever(unbuilt: Report) -> None:
    assert unbuilt.later_is_built

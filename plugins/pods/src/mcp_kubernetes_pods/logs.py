"""`k8s_get_pod_logs`: the logs of one container or of many, already read: filtered, merged, or summed up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from mcp_kubernetes import Effect, Ending, Namespace, Operation, Rows, Text, ToolCall, tool
from mcp_kubernetes_pods.asking import Matching, Place, Question, Window, checked
from mcp_kubernetes_pods.pods import chosen
from mcp_kubernetes_pods.reading import Reading
from mcp_kubernetes_pods.showing import newest
from mcp_kubernetes_pods.sources import Source, labelled, sources, with_crashed_runs
from mcp_kubernetes_pods.summing import place_of, summed_up

_MOST_SOURCES = 200
_SECONDS = 55.0
"""Long logs take long, and many clients wait no longer than a minute."""


@dataclass(frozen=True, kw_only=True)
class Which:
    """Which containers: exactly one of the first three, and the containers in those pods."""

    pod_name: Annotated[str | None, Field(max_length=253, description="One pod.")] = None
    label_selector: Annotated[str | None, Field(max_length=4_000, description="app=web.")] = None
    owner: Annotated[str | None, Field(max_length=600, description="deployment/web.")] = None
    container_name: Annotated[
        str | None, Field(min_length=1, max_length=253, description="* is all; else the default.")
    ] = None


@tool(
    effect=Effect.READ,
    title="Get pod logs",
    max_bytes=True,
    operations=[Operation.LOGS],
    duration="follow_seconds",
    timeout=_SECONDS,
)
async def k8s_get_pod_logs(
    call: ToolCall,
    which: Which,
    window: Window,
    matching: Matching,
    namespace: Namespace = None,
    timestamps: Annotated[bool, Field(description="Show times.")] = False,
    follow_seconds: Annotated[int | None, Field(ge=1, le=600, description="Wait for new lines.")] = None,
    summarize: Annotated[bool, Field(description="Count lines by template.")] = False,
    continue_: Annotated[str | None, Field(max_length=8_000, description="Cursor.")] = None,
) -> list[Text | Ending | Rows]:
    """The newest lines of containers (podName, labelSelector or owner), merged by time."""
    checked(window, matching, follow_seconds, continue_)
    place = place_of(call, continue_) if continue_ else Place()
    question = Question(
        window=window,
        matching=matching,
        timestamps=timestamps,
        follow_seconds=follow_seconds,
        place=place,
        filter=await asyncio.to_thread(matching.filter, place.template),
        summarize=summarize and not continue_,
    )
    pods = await chosen(call, namespace, which.pod_name, which.label_selector, which.owner)
    if not pods:
        return [Text("There is no such pod.")]
    found = sources(call, pods, which.container_name, previous=window.previous)
    return [await _answer(call, namespace, question, _few(call, with_crashed_runs(call, found)))]


async def _answer(
    call: ToolCall, namespace: str | None, question: Question, found: list[Source]
) -> Text | Ending | Rows:
    named = labelled(call, found)
    readings = [Reading(source=source, options=question.options(call, source)) for source in named]
    way = summed_up if question.summarize else newest
    return await way(call, namespace, question, readings)


def _few(call: ToolCall, found: list[Source]) -> list[Source]:
    if len(found) > _MOST_SOURCES:
        call.notes.add(
            "Only the first {most} of {all} containers were read; narrow the selector.",
            most=_MOST_SOURCES, all=len(found),
        )  # fmt: skip
    return found[:_MOST_SOURCES]

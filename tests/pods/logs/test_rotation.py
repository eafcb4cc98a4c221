"""The kubelet begins a log anew when it has grown, and serves only the current file: the answer says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pods.logs.reading import body

if TYPE_CHECKING:
    from tests.cluster.node import Pods
    from tests.pods.logs.reading import Ask

# A line at once, then more than the node's limit for one file, so late that what is left begins late; then a line
# every second.
SCRIPT = """
echo begin
sleep 8
awk 'BEGIN { for (i = 0; i < 4000; i++) s = s "x"; for (i = 0; i < 20000; i++) print "old", i, s }'
while true; do echo new; sleep 1; done
"""
_ATTEMPTS = 60


@pytest.mark.load
async def test_what_was_rotated_away_is_not_passed_over_in_silence(pods: Pods, namespace: str, logs: Ask) -> None:
    pods.run(namespace, "web", {"main": ["sh", "-c", SCRIPT]})
    answer = ""
    for _ in range(_ATTEMPTS):
        answer = await logs(podName="web", grep="^(new|old 1 )", followSeconds=1)
        if "rotated away" in answer:
            break
    assert (
        "the kubelet serves only the current file, so what it printed before, if anything, was rotated away" in answer
    )
    assert set(body(answer)) == {"new"}

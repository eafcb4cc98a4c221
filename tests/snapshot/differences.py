"""In what a snapshot answers otherwise than the API server that it was recorded from, each for a reason."""

from __future__ import annotations

from dataclasses import dataclass

BOTH = ("from_lists", "from_recording")
LISTS = ("from_lists",)


@dataclass(frozen=True, kw_only=True)
class Different:
    """Status and words of a snapshot's last answer, why they are others, and of which snapshots they are."""

    status: int
    words: str
    reason: str
    forms: tuple[str, ...] = BOTH


_JSON_ALONE = Different(
    status=406,
    words='only the following media types are accepted: application/json"',
    reason="JSON is all there is, and the refusal says so",
)
_NO_NAME = Different(
    status=404,
    words="could not find the requested resource",
    reason="the guard sends no such path, and to a snapshot there is nothing at it",
)
_NOT_RECORDED = Different(
    status=404,
    words="the snapshot holds nothing of the API server itself",
    reason="lists tell nothing of the API server that they come from",
    forms=LISTS,
)
_NEVER_RECORDED = Different(
    status=404,
    words="the snapshot holds nothing of the API server itself",
    reason="a recording has /version, /livez, /readyz and /openapi/v3, which say the same and more",
)
_OTHER_VERSIONS = Different(
    status=200,
    words="autoscaling",
    reason="a version that would hide the objects of another one is left out",
    forms=LISTS,
)

DIFFERENT: dict[str, Different] = {
    **dict.fromkeys(
        (
            *("aggregated, the older form", "aggregated of one group", "aggregated of one version"),
            *("discovery as text", "a table that is still to come", "a form that is none", "a list as text"),
            *("watch text", "PATCH whose answer is text"),
        ),
        _JSON_ALONE,
    ),
    **dict.fromkeys(
        (
            *(f"at /api/v1/namespaces/shop/configmaps/{name}" for name in ("a%2Fb", "..", "ä")),
            "at /api/v1/namespaces/sh op/configmaps",
            "watch in the way of long ago",
        ),
        _NO_NAME,
    ),
    **dict.fromkeys(("at /version", "at /livez", "at /readyz"), _NOT_RECORDED),
    **dict.fromkeys(("at /healthz", "at /metrics"), _NEVER_RECORDED),
    **dict.fromkeys(("discovery at /apis", "aggregated groups"), _OTHER_VERSIONS),
    "at /": Different(status=404, words="404 page not found", reason="the guard asks for no list of all paths"),
    "discovery by DELETE": Different(
        status=405, words="does not allow this method", reason="an API server takes any method there for a question"
    ),
    "a page of nothing": Different(
        status=400, words="it is no token of this server", reason="the other words are those of a decoder of Go"
    ),
    "an old version exactly": Different(
        status=410, words="is too old", reason="a snapshot knows no state before the one that it shows"
    ),
    "POST of text": Different(
        status=415,
        words='accepted media types include: application/json"',
        reason="JSON is all that is read, and the refusal says so",
    ),
    "POST of another kind": Different(
        status=400, words="must be of type ConfigMap", reason="the other words are those of a converter of Go"
    ),
    "POST of a list": Different(
        status=400, words="is no object", reason="the other words are those of a decoder of Go"
    ),
    "watch for less than no seconds": Different(
        status=200, words='"type":"ADDED"', reason="an API server fails at it, for no reason that helps anybody"
    ),
    "watch metadata of lists": Different(
        status=200,
        words='"kind":"PartialObjectMetadata"',
        reason="an API server sends nothing, for an event holds no list: here it is the metadata of its object",
    ),
}
"""By the names of the requests."""

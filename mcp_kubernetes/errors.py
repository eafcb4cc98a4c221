"""What can go wrong, and the sentence that each reader gets.

    MCPKubernetesError
    ├── ConfigError                 the operator's; ends start-up with exit code 3
    │   └── PluginError             a plugin that configuration names and that cannot work
    └── ToolError                   the model's; becomes an error result, the server goes on
        ├── InvalidArguments        the call does not fit the tool's schema
        ├── Denied                  this server's own policy says no
        ├── Busy                    this server has more to do than it takes from one user, or from all
        ├── TimedOut                the call's deadline passed
        ├── UnknownCluster          no cluster or context of that name
        ├── UnknownKind             no such resource type in the cluster
        ├── CredentialsError        no usable credentials: the request was not sent
        ├── ClusterUnreachable      no answer from the API server
        │   └── Unanswered          sent, but no usable answer came
        │       └── Disconnected    the connection ended before the answer
        ├── OutcomeUnknown          a change was sent, and what became of it is not known
        ├── ConnectionFailed        a connection to a pod could not be made, or was ended by its node
        ├── AnswerTooLarge          an answer beyond the byte cap
        ├── StoreError              what outlives a call could not be kept, or not be looked up
        └── APIError                the API server answered with a Status
            ├── BadRequest 400 · Unauthorized 401 · Forbidden 403 · NotFound 404 · MethodNotAllowed 405
            ├── Conflict 409 (FieldConflict) · Expired 410 · UnsupportedMediaType 415 · Invalid 422 (PatchRefused)
            └── TooManyRequests 429 · ServerFailure 5xx

The text of a `ToolError` is for the model: one sentence that says what was wrong, and a hint that says what
to do next. Everything outside this tree is logged under an id and answered in general words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable


class MCPKubernetesError(Exception):
    """The root of every error that this project raises on purpose."""


class ConfigError(MCPKubernetesError):
    """Configuration that cannot be honoured; the process ends with exit code 3."""


class PluginError(ConfigError):
    """A plugin that configuration names is missing or broken, or two plugins own one name."""


class ToolError(MCPKubernetesError):
    """A failure whose words the model may read.

    `message` is a sentence that says what was wrong; `hint` one that says what to do next.
    """

    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class InvalidArguments(ToolError):
    """The arguments do not fit the tool's schema; no request was sent."""


class Denied(ToolError):
    """This server's policy refuses the call or the request; the cluster did not see it."""


class Busy(ToolError):
    """This server has as much to do as it takes from one user, or from all; the cluster did not see the call.

    What an API server refuses for the same reason is TooManyRequests. `retry_after` is in whole seconds.
    """

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message, hint=f"Wait for calls of yours to finish, and try again in {retry_after} s.")
        self.retry_after = retry_after


class TimedOut(ToolError):
    """The call's deadline passed."""

    hint = "Ask for less (a namespace, a selector, a limit) or try again."


class UnknownCluster(ToolError):
    """No cluster of that name, or none at all."""


class UnknownKind(ToolError):
    """The cluster serves no such resource type."""


class CredentialsError(ToolError):
    """No usable credentials; the request was not sent, neither anonymously nor as somebody else."""


class ClusterUnreachable(ToolError):
    """No answer came from the API server."""


class Unanswered(ClusterUnreachable):
    """The request went out, and what came back is no usable answer."""


class Disconnected(Unanswered):
    """The connection ended before an answer came: only a plain GET may be asked again."""

    hint = "Try again."


class OutcomeUnknown(ToolError):
    """A change was sent once, and its answer did not come, or says nothing about it."""

    hint = "It was not sent again: read the object to see whether it was carried out, before you try anew."


class ConnectionFailed(ToolError):
    """The node of a pod could not connect to a port there, or ended the connection, and says why."""

    hint = "Check that something in the pod listens on this port."


class AnswerTooLarge(ToolError):
    """The API server's answer went beyond the byte cap and was dropped."""

    hint = "Ask for less: a namespace, a selector, a smaller limit."


class StoreError(ToolError):
    """The store of what outlives a call cannot be used, or cannot take this value; what was there is unchanged."""

    hint = "Try again in a moment; if it stays, tell whoever runs this server."


class APIError(ToolError):
    """The API server refused: a `Status` object (meta.k8s.io/v1) or a bare HTTP status.

    `status` is the HTTP code, `reason` the Status reason and `name` the object's in it ("" when there was none).
    """

    def __init__(self, message: str, *, status: int, reason: str = "", hint: str = "", name: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason
        self.name = name


class BadRequest(APIError):
    """400: the API server could not make sense of the request."""

    hint = "Correct what the API server names: a selector, a name or a value of the wrong form."


class Unauthorized(APIError):
    """401: the credentials are not, or no longer, valid."""

    hint = "Sign in to the cluster again, or check the credentials of this context."


class Forbidden(APIError):
    """403: RBAC, or an admission policy, says no to this user.

    `explain` finds out who that is and what would allow it. The host asks it where the refusal becomes an answer.
    """

    hint = "Ask for something this user may see, or have the cluster's administrator grant it."
    explain: Callable[[], Awaitable[str]] | None = None


class NotFound(APIError):
    """404: no such object, or no such path."""

    hint = "Check name and namespace; list the kind to see what is there."


class MethodNotAllowed(APIError):
    """405: the resource does not support this verb."""

    hint = "This kind cannot be used that way: some can only be created, or only be read by name."


class Conflict(APIError):
    """409: the object exists already, or changed in between."""

    hint = "Read the object again, and decide anew on what is there now."


class FieldConflict(Conflict):
    """409 of server-side apply: others own some of these fields."""

    hint = "Leave these fields out of the manifest, or take them over with force=true."


class Expired(APIError):
    """410: the list's snapshot is gone from the API server. With `token` the present one goes on at the same place."""

    hint = "Start the list again without `continue`."
    token = ""


class UnsupportedMediaType(APIError):
    """415: this resource does not take that kind of body."""

    hint = "Send the change in another form, for example as a merge patch."


class Invalid(APIError):
    """422: the object does not validate."""

    hint = "Correct these fields and send it again."


class PatchRefused(Invalid):
    """422 of a JSON patch that does not fit what is there: a test failed, or a path does not exist."""

    hint = "Read the object, and make the patch anew from what is there now."


class TooManyRequests(APIError):
    """429: the API server's priority and fairness is shedding load."""

    hint = "Wait a moment and ask again, for less if possible."


class ServerFailure(APIError):
    """5xx: the API server, or something before it, failed."""

    hint = "Try again; if it stays, look at the health of the cluster's control plane."

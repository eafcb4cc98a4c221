"""What a tool or a request does to a cluster: the one fact from which every safety decision follows."""

from __future__ import annotations

from enum import Enum, StrEnum


class Effect(Enum):
    """The most that a tool does, and what one request to an API server does.

    A tool may always send READ requests; beyond that only requests of its own effect. A tool that
    connects to a pod may therefore not write objects, and one that writes may not open a shell.
    """

    READ = "read"
    """Looks at the cluster. Two lists with the same arguments leave no trace but an audit entry."""
    WRITE = "write"
    """Changes objects through the API."""
    CONNECT = "connect"
    """Reaches into a pod, a node or a service, or obtains a credential: Kubernetes admission's word."""

    def allows(self, request: Effect) -> bool:
        """Whether a tool of this effect may send a request of the effect `request`."""
        return request is Effect.READ or request is self


class Operation(StrEnum):
    """What a request asks of the API server, in the words of the operation settings."""

    GET = "get"
    LIST = "list"
    WATCH = "watch"
    LOGS = "logs"
    REVIEW = "review"
    CREATE = "create"
    APPLY = "apply"
    PATCH = "patch"
    UPDATE = "update"
    DELETE = "delete"
    DELETECOLLECTION = "deletecollection"
    SCALE = "scale"
    EVICT = "evict"
    EXEC = "exec"
    ATTACH = "attach"
    PORT_FORWARD = "port-forward"
    PROXY = "proxy"
    TOKEN = "token"  # noqa: S105 - the name of an operation, not a secret


READING = frozenset({Operation.GET, Operation.LIST, Operation.WATCH, Operation.LOGS, Operation.REVIEW})
"""The operations that change nothing and reach into nothing."""

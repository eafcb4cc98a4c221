"""Logging to stderr: plain lines for a person, JSON in a pod. Credentials are removed from every record."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Literal

from mcp_kubernetes.redact import redact

_LOGGER = logging.getLogger("mcp_kubernetes")
AUDIT_LOGGER = logging.getLogger("mcp_kubernetes.audit")
"""Audit records have a logger of their own, which no level silences."""

_MAX_BRIEF = 300


class TextFormatter(logging.Formatter):
    """`12:00:01 WARNING mcp_kubernetes: …`, with tracebacks only at debug level."""

    def __init__(self, *, debug: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        self._debug = debug

    def format(self, record: logging.LogRecord) -> str:
        """One redacted record."""
        return redact(super().format(record))

    def formatException(self, ei: object) -> str:  # noqa: N802 - the standard library's name
        """The traceback, at debug level only; else the exception's type."""
        kind = ei[0].__name__ if isinstance(ei, tuple) and ei[0] else "error"
        return super().formatException(ei) if self._debug else kind  # type: ignore[arg-type]


class JSONFormatter(TextFormatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One redacted record as JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def report(error: BaseException, tool: str, call_id: str) -> str:
    """Log a failure that nobody foresaw, with its traceback; returns the sentence that the model gets instead."""
    _LOGGER.error("The tool %s failed (call %s).", tool, call_id, exc_info=error)
    return f"The server failed at this call; its log tells more under the id {call_id}."


def brief(error: BaseException) -> str:
    """An error in a few words that fit into a sentence, without credentials."""
    try:
        text = redact(" ".join(str(error).split())).rstrip(".")
    except Exception:  # noqa: BLE001 - an error of a plugin's may not even have words
        text = ""
    return f"{type(error).__name__}: {text[:_MAX_BRIEF]}" if text else type(error).__name__


def configure(*, debug: bool, form: Literal["auto", "text", "json"]) -> None:
    """Send everything to stderr in one form. stdout belongs to the protocol."""
    in_pod = "KUBERNETES_SERVICE_HOST" in os.environ
    as_json = form == "json" or (form == "auto" and in_pod)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((JSONFormatter if as_json else TextFormatter)(debug=debug))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if not debug else logging.DEBUG)
    for noisy in ("asyncio", "aiohttp", "mcp", "kubernetes"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    _configure_audit()


def _configure_audit() -> None:
    """Audit lines are written as they are: they are JSON already, and redacted when they are made."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    AUDIT_LOGGER.handlers[:] = [handler]
    AUDIT_LOGGER.propagate = False
    AUDIT_LOGGER.setLevel(1)

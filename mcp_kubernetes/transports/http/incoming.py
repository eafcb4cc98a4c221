"""One request as it comes in: its body within bounds of size and time, and a message that its headers agree with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mcp import types as mcp
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    decode_header_value,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers

from mcp_kubernetes.transports.http.refusals import Refused
from mcp_kubernetes.transports.messages import NotAMessage, message, refusal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

_BODY = "request body"


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


def is_modern(headers: Headers) -> bool:
    """Whether the SDK takes the request for one of the versions without sessions; it goes by this header alone."""
    version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
    return version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS


async def read_body(scope: Scope, receive: Receive, *, most: int, seconds: float) -> bytes:
    """The whole body. Raises Refused for one that is too long or takes too long, and ClientGone."""
    announced = Headers(scope=scope).get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise Refused(413, f"The request body is longer than {most} bytes.")
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, most)
    except TimeoutError:
        raise Refused(408, f"The request body took longer than {seconds:g} s.") from None


async def _read(receive: Receive, most: int) -> bytes:
    body = bytearray()
    more = True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            raise ClientGone
        body += event.get("body", b"")
        more = event.get("more_body", False)
        if len(body) > most:
            raise Refused(413, f"The request body is longer than {most} bytes.")
    return bytes(body)


def read_message(body: bytes, headers: Headers) -> mcp.JSONRPCMessage:
    """The one message in the body. Raises Refused for any other body, and where the headers say something else."""
    try:
        found = message(body, _BODY)
    except NotAMessage as refused:
        raise Refused(400, refused.answer or "The request body is no answer to anything.") from None
    if found is None:
        raise Refused(400, refusal(mcp.PARSE_ERROR, "The request body is empty."))
    if not is_modern(headers):
        _agreed(found, headers)
    return found


def _agreed(found: mcp.JSONRPCMessage, headers: Headers) -> None:
    """The SDK compares these headers for the versions that know them; a proxy may go by them for all."""
    method = getattr(found, "method", None)
    params = getattr(found, "params", None) or {}
    said = {MCP_METHOD_HEADER: method, MCP_NAME_HEADER: params.get(NAME_BEARING_METHODS.get(method or "", ""))}
    for header, value in said.items():
        if header in headers and decode_header_value(headers[header]) != value:
            number = getattr(found, "id", None)
            raise Refused(400, refusal(mcp.INVALID_REQUEST, f"{header} does not say what the body says.", number))

"""Whatever a client writes ends in the right answer or in a clear error, and the server goes on.

The error of a line that is no message has the id of its request where that can be read, and null where it cannot:
JSON-RPC 2.0, section 5.1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.stdio.kubeconfigs import ODD, ODD_PATH
from tests.stdio.wire import ERAS, Era, Wire, serving, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.cluster import Cluster

PLANTED = "planted-7f3a"
"""In lines and arguments, and in no answer."""

PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602
LONG = 20 << 20
TOO_LONG = 33 << 20
DEEP = 100_000
WHERE = b"@@"
"""Stands for what a row brings."""


@pytest.fixture(scope="module", params=ERAS)
def server(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Wire]:
    """A server with the odd plugin, after its opening."""
    era: Era = request.param
    with serving(*ODD, kubeconfig=cluster.kubeconfig, variables=ODD_PATH, era=era) as wire:
        wire.open()
        yield wire


def goes_on(server: Wire) -> bool:
    """Whether a later call is answered."""
    return "NAME" in text(server.call("k8s_get_current_context"))


def call(server: Wire, tool: str, arguments: bytes) -> dict[str, Any]:
    """Call a tool with arguments that are bytes, and return the result, or the error under "error"."""
    request = server.request("tools/call", name=tool, arguments=WHERE.decode())
    server.write(json.dumps(request).encode().replace(b'"@@"', arguments) + b"\n")
    return server.answer(request["id"])


ARGUMENTS: dict[str, tuple[str, bytes, str]] = {
    "an unknown one, nearly right": ("k8s_switch_context", b'{"contextname": "x"}', "there are: contextName"),
    "an unknown one, far off": ("k8s_list_resources", b'{"%s": 1}' % (b"x" * 300), "is not a parameter"),
    "one of the wrong type": ("k8s_switch_context", b'{"contextName": 3}', "contextName: Input should be a valid str"),
    "none, where one is required": ("k8s_switch_context", b"{}", "contextName is required"),
    "null, where one is required": ("k8s_switch_context", b'{"contextName": null}', "contextName: Input should be a"),
    "one that is too long": ("k8s_switch_context", b'{"contextName": "%s"}' % (b"x" * 501), "at most 500 characters"),
    "one of 20 megabytes": ("k8s_get_current_context", b'{"x": "%s"}' % (b"y" * LONG), "'x' is not a parameter"),
    "a nest as deep as is read": ("k8s_get_current_context", b'{"x": %s}' % (b"[" * 150 + b"]" * 150), "'x' is not a"),
    "a number far too large": ("k8s_list_resources", b'{"resourceType": "po", "limit": %s}' % (b"9" * 400), "limit: "),
    "a fraction for a count": ("k8s_list_resources", b'{"resourceType": "po", "limit": 1.5}', "limit: Input should"),
    "NaN": ("k8s_list_resources", b'{"resourceType": "po", "limit": NaN}', "limit: Input should be a valid integer"),
    "Infinity": ("k8s_list_resources", b'{"resourceType": "po", "limit": -Infinity}', "limit: Input should be a valid"),
    "a number beyond all": ("k8s_list_resources", b'{"resourceType": "po", "limit": 1e999}', "limit: Input should be"),
    "NUL as a name": ("k8s_switch_context", rb'{"contextName": "a\u0000b"}', "no context of that name"),
    "the same name twice": ("k8s_switch_context", b'{"contextName": 3, "contextName": "x"}', "no context of that name"),
}


@pytest.mark.parametrize(("tool", "arguments", "said"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_that_do_not_fit_are_a_failed_call(server: Wire, tool: str, arguments: bytes, said: str) -> None:
    answer = call(server, tool, arguments)
    assert answer["isError"] is True
    assert said in text(answer)
    assert text(answer).endswith(".")
    assert len(text(answer)) < 500
    assert goes_on(server)


def test_a_number_that_is_none_leaves_an_audit_line_that_is_json(server: Wire) -> None:
    before = len(server.audit())
    call(server, "k8s_list_resources", b'{"resourceType": "po", "limit": NaN, "x": [1e999, {"y": -Infinity}]}')
    server.audit(before + 1)
    lines = [line for line in server.stderr.splitlines() if line.startswith(b'{"audit"')]
    assert json.loads(lines[-1], parse_constant=pytest.fail)["arguments"]["limit"] == "nan"


@pytest.mark.parametrize("arguments", [b"null", b"{}"])
def test_no_arguments_are_as_good_as_empty_ones(server: Wire, arguments: bytes) -> None:
    assert "NAME" in text(call(server, "k8s_get_current_context", arguments))


def test_an_unknown_tool_and_a_hidden_one_are_the_same_error_of_the_protocol(server: Wire) -> None:
    errors = [server.call(name)["error"] for name in ("odd_write", "odd_nothing")]
    assert [error["code"] for error in errors] == [INVALID_PARAMS, INVALID_PARAMS]
    assert errors[0]["message"].replace("odd_write", "odd_nothing") == errors[1]["message"]
    assert goes_on(server)


PARAMS: dict[str, tuple[Mapping[str, Any], str]] = {
    "arguments that are a list": ({"name": "odd_wait", "arguments": [PLANTED]}, "params.arguments"),
    "arguments that are a text": ({"name": "odd_wait", "arguments": PLANTED}, "params.arguments"),
    "arguments that are a number": ({"name": "odd_wait", "arguments": 3}, "params.arguments"),
    "no name": ({"arguments": {"x": PLANTED}}, "params.name"),
    "a name that is a number": ({"name": 3}, "params.name"),
}


@pytest.mark.parametrize(("params", "about"), PARAMS.values(), ids=PARAMS)
def test_parameters_that_do_not_fit_are_an_error_that_names_them(
    server: Wire, params: Mapping[str, Any], about: str
) -> None:
    error = server.ask("tools/call", **params)["error"]
    assert error["code"] == INVALID_PARAMS
    assert error["message"].startswith(f"Invalid request: {about}: ")
    assert "dictionary" not in error["message"]
    assert PLANTED not in json.dumps(error)
    assert goes_on(server)


@pytest.mark.parametrize("token", [1.5, None, {}, [1]])
def test_a_progress_token_of_another_type_is_an_error_that_names_it(server: Wire, token: object) -> None:
    request = server.request("tools/call", name="k8s_get_current_context")
    request["params"].setdefault("_meta", {})
    request["params"]["_meta"] = {**request["params"]["_meta"], "progressToken": token}
    server.send(request)
    error = server.answer(request["id"])["error"]
    assert error["code"] == INVALID_PARAMS
    assert "_meta.progressToken" in error["message"]
    assert goes_on(server)


@pytest.mark.parametrize("token", ["", "x" * 1_000, 0, -1, 10**30])
def test_any_text_and_any_integer_is_a_progress_token(server: Wire, token: object) -> None:
    request = server.request("tools/call", name="k8s_get_current_context")
    request["params"]["_meta"] = {**request["params"].get("_meta", {}), "progressToken": token}
    server.send(request)
    assert "NAME" in text(server.answer(request["id"]))


def test_an_unknown_method_is_an_error_of_the_protocol(server: Wire) -> None:
    assert server.ask("tools/destroy")["error"]["code"] == UNKNOWN_METHOD


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A line, and the error that it has to end in."""

    line: bytes
    code: int
    id: str | int | None = None
    said: str = ""


def _pinging(**members: object) -> bytes:
    """A good request but for `members`."""
    return json.dumps({"jsonrpc": "2.0", "id": 900, "method": "ping", "params": {"x": PLANTED}, **members}).encode()


def _pinging_with(value: bytes) -> bytes:
    """A good request but for a value inside that no JSON encoder writes."""
    return _pinging(params={"x": WHERE.decode()}).replace(b'"@@"', value)


REFUSED = {
    "no JSON": Refused(line=b"{%s" % PLANTED.encode(), code=PARSE_ERROR, said="no JSON"),
    "half a message": Refused(line=_pinging()[:-5], code=PARSE_ERROR),
    "two messages": Refused(line=_pinging() + _pinging(), code=PARSE_ERROR),
    "a text": Refused(line=b'"%s"' % PLANTED.encode(), code=INVALID_REQUEST),
    "a number": Refused(line=b"3", code=INVALID_REQUEST),
    "null": Refused(line=b"null", code=INVALID_REQUEST),
    "an empty object": Refused(line=b"{}", code=INVALID_REQUEST),
    "a batch": Refused(line=b"[%s]" % _pinging(), code=INVALID_REQUEST, said="Batches are not supported"),
    "an empty batch": Refused(line=b"[]", code=INVALID_REQUEST, said="Batches are not supported"),
    "no version": Refused(line=b'{"id":900,"method":"ping"}', code=INVALID_REQUEST, id=900, said='"jsonrpc": "2.0"'),
    "another version": Refused(line=_pinging(jsonrpc="1.0"), code=INVALID_REQUEST, id=900, said='"jsonrpc": "2.0"'),
    "a version that is a number": Refused(line=_pinging(jsonrpc=2.0), code=INVALID_REQUEST, id=900),
    "a method that is a number": Refused(line=_pinging(method=7), code=INVALID_REQUEST, id=900, said="method"),
    "a notification's method that is a number": Refused(line=b'{"jsonrpc":"2.0","method":7}', code=INVALID_REQUEST),
    "parameters in a list": Refused(line=_pinging(params=[1]), code=INVALID_REQUEST, id=900, said="params"),
    "an id that is an object": Refused(line=_pinging(id={}), code=INVALID_REQUEST, said="id"),
    "an id that is a fraction": Refused(line=_pinging(id=1.5), code=INVALID_REQUEST, said="id"),
    "an id that is null": Refused(line=_pinging(id=None), code=INVALID_REQUEST, said="id"),
    "an id that is a truth": Refused(line=_pinging(id=True), code=INVALID_REQUEST, said="id"),
    "an id that cannot be written": Refused(line=_pinging(id="\ud800"), code=PARSE_ERROR),
    "half a surrogate pair": Refused(line=_pinging_with(rb'"\ud800"'), code=PARSE_ERROR, id=900, said="line 1 column"),
    "what is no UTF-8": Refused(line=_pinging_with(b'"\xff\xfe"'), code=PARSE_ERROR, id=900),
    "a NUL byte": Refused(line=_pinging_with(b'"a\0b"'), code=PARSE_ERROR, id=900, said="control character"),
    "NUL bytes alone": Refused(line=b"\0" * 100, code=PARSE_ERROR),
    "a number of 5,000 digits": Refused(line=_pinging_with(b"9" * 5_000), code=PARSE_ERROR, said="out of range"),
    "a nest somewhat too deep": Refused(line=_pinging_with(b"[" * 300 + b"]" * 300), code=PARSE_ERROR, id=900),
    "a deep nest": Refused(line=_pinging_with(b"[" * DEEP + b"]" * DEEP), code=PARSE_ERROR, said="recursion limit"),
    "a deep nest of objects": Refused(line=b'{"a":' * DEEP + b"1" + b"}" * DEEP, code=PARSE_ERROR),
    "a deep nest alone": Refused(line=b"[" * DEEP + b"]" * DEEP, code=PARSE_ERROR, said="recursion limit"),
    "a line of 20 megabytes": Refused(line=_pinging(jsonrpc="x" * LONG), code=INVALID_REQUEST),
    "a line longer than is read": Refused(line=_pinging_with(b'"%s"' % (b"y" * TOO_LONG)), code=INVALID_REQUEST,
                                          said="longer than 32 MiB"),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED)
def test_a_line_that_is_no_message_is_refused_in_one_sentence(server: Wire, row: Refused) -> None:
    server.write(row.line + b"\n")
    answer = server.message()
    assert (answer["id"], answer["error"]["code"]) == (row.id, row.code)
    assert row.said in answer["error"]["message"]
    assert answer["error"]["message"].endswith(".")
    assert PLANTED not in json.dumps(answer)
    assert len(json.dumps(answer)) < 500
    assert goes_on(server)


SILENT = {
    "an empty line": b"",
    "an empty line of another system": b"\r",
    "a line of blanks": b" \t ",
    "an answer to a question that nobody asked": b'{"jsonrpc":"2.0","id":77,"result":{}}',
    "an error that nobody asked for": b'{"jsonrpc":"2.0","id":77,"error":{"code":1,"message":"x"}}',
    "an error about nothing": b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}',
    "an answer that is none": b'{"jsonrpc":"2.0","id":77,"result":3}',
    "an error that is none": b'{"jsonrpc":"2.0","id":null,"error":3}',
    "an unknown notification": b'{"jsonrpc":"2.0","method":"notifications/nope"}',
    "a notification that does not fit": b'{"jsonrpc":"2.0","method":"notifications/progress","params":{}}',
    "a notification that is a request elsewhere": b'{"jsonrpc":"2.0","method":"tools/list"}',
    "the end of an unknown request": b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5e3}}',
    "the end of no request": b'{"jsonrpc":"2.0","method":"notifications/cancelled"}',
}


@pytest.mark.parametrize("line", SILENT.values(), ids=SILENT)
def test_what_wants_no_answer_gets_none(server: Wire, line: bytes) -> None:
    later = server.request("tools/call", name="k8s_get_current_context", arguments={})
    server.write(line + b"\n")
    server.send(later)
    assert server.message()["id"] == later["id"]
    assert not server.rest()


@pytest.mark.parametrize(("before", "after"), [(b"", b"\r"), (b"\xef\xbb\xbf", b""), (b" \t", b" \r")])
def test_a_message_may_stand_between_a_byte_order_mark_and_the_end_of_line_of_any_system(
    server: Wire, before: bytes, after: bytes
) -> None:
    request = server.request("tools/call", name="k8s_get_current_context", arguments={})
    server.write(before + json.dumps(request).encode() + after + b"\n")
    assert "NAME" in text(server.answer(request["id"]))


@pytest.mark.parametrize("number", ["", "x", "7", 0, -1, 10**30])
def test_any_text_and_any_integer_is_an_id(server: Wire, number: str | int) -> None:
    server.send({**server.request("tools/list"), "id": number})
    answer = server.message()
    assert answer["id"] == number
    assert answer["result"]["tools"]


def test_the_end_of_a_line_that_is_too_long_is_not_read_as_a_message(server: Wire) -> None:
    hidden = b'{"jsonrpc":"2.0","id":901,"method":"ping"}'
    server.write(b" " * TOO_LONG + hidden + b"\n")
    assert "longer than" in server.message()["error"]["message"]
    later = server.request("tools/call", name="k8s_get_current_context", arguments={})
    server.send(later)
    assert server.message()["id"] == later["id"]

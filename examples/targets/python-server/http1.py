"""As much of HTTP/1.1 as the server needs: requests with a body of known length, short answers."""

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

LARGEST_BODY = 1 << 20


class BadRequest(Exception):
    """What came is no request; its text says why."""


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    # Names in lower case.
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict:
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise BadRequest(f"the body is no JSON: {error}") from error
        if not isinstance(value, dict):
            raise BadRequest("the body is no JSON object")
        return value


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """None where the other side has ended the connection, as it may between requests."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial == b"":
            return None
        raise
    except asyncio.LimitOverrunError as error:
        raise BadRequest("the head of the request is too long") from error
    first, *lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, _ = first.split(" ")
        url = urlsplit(target)
        headers = {}
        for line in filter(None, lines):
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
    except ValueError as error:
        raise BadRequest("that is no request of HTTP/1.1") from error
    if "transfer-encoding" in headers or not 0 <= length <= LARGEST_BODY:
        raise BadRequest("a body has a Content-Length, of 1 MiB at most")
    return Request(
        method=method,
        path=url.path,
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers=headers,
        body=await reader.readexactly(length),
    )


async def respond(
    writer: asyncio.StreamWriter, status: int, text: str = "", kind: str = "text/plain"
) -> None:
    body = text.encode()
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    if status != 204:
        head += f"Content-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"\r\n" + body)
    await writer.drain()

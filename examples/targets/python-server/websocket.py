"""RFC 6455, as much of it as a server needs that sends text and takes replies."""

import base64
import hashlib
import struct

HANDSHAKE_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LARGEST_MESSAGE = 1 << 20
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class WebSocketError(Exception):
    """Ends a connection, with a code and a reason for the client."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def accept_key(key: str) -> bytes:
    return base64.b64encode(hashlib.sha1(key.encode() + HANDSHAKE_GUID).digest())


def encode_frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame, unmasked as those of servers are."""
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", 0x80 | opcode, length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 126, length)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, length)
    return head + payload


def close_frame(code: int, reason: str = "") -> bytes:
    return encode_frame(CLOSE, struct.pack("!H", code) + reason.encode())


async def read_messages(reader, pong):
    """The messages of a connection until it ends; fragments are put together, pings answered by `pong`."""
    message = b""
    kind = None
    while True:
        opcode, is_last, payload = await read_frame(reader, LARGEST_MESSAGE - len(message))
        if opcode == PING:
            pong(encode_frame(PONG, payload))
        elif opcode == CLOSE:
            code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1000
            raise WebSocketError(code, "")
        elif opcode != PONG:
            if opcode > BINARY or (opcode == CONTINUATION) == (kind is None):
                raise WebSocketError(1002, "a fragment out of place, or an unknown opcode")
            kind = kind or opcode
            message += payload
            if is_last:
                yield decode(kind, message)
                message, kind = b"", None


def decode(kind: int, message: bytes) -> str:
    if kind != TEXT:
        raise WebSocketError(1003, "replies are JSON texts")
    try:
        return message.decode()
    except UnicodeDecodeError as error:
        raise WebSocketError(1007, "not UTF-8") from error


async def read_frame(reader, limit: int) -> tuple[int, bool, bytes]:
    first, second = await reader.readexactly(2)
    opcode, length = first & 0x0F, second & 0x7F
    if first & 0x70 or not second & 0x80:
        raise WebSocketError(1002, "a reserved bit, or no mask")
    if opcode >= CLOSE and (length > 125 or not first & 0x80):
        raise WebSocketError(1002, "a control frame is one, and short")
    if length == 126:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", await reader.readexactly(8))
    if opcode < CLOSE and length > limit:
        raise WebSocketError(1009, "too big")
    mask = await reader.readexactly(4)
    masked = await reader.readexactly(length)
    return opcode, bool(first & 0x80), unmask(masked, mask)


def unmask(payload: bytes, mask: bytes) -> bytes:
    """All at once: as one large number, which is quicker than byte by byte."""
    length = len(payload)
    if length == 0:
        return b""
    whole = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(length, "big")

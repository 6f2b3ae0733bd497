"""A small push server over Server-Sent Events and WebSocket, with nothing but the standard library.

It shows what a server looks like that pushbench measures: see python-server.target.mjs.

    GET  /events                          a stream of what is broadcast
    GET  /events?client_id=ID             the same; its first event says the id, then it is sent commands too
    GET  /ws, GET /ws?client_id=ID        the same over WebSocket
    POST /broadcast {"message":"..."}     to everybody
    GET  /trigger?client_id=ID&message=.. a command to one client; answers with what it replies
    POST /response {"id":"..","result":..} that reply, with the header Client-ID
    GET  /health
"""

import asyncio
import json
import os

from http1 import BadRequest, Request, read_request, respond
from hub import Client, Hub, NobodyWaits, UnknownClient
from websocket import WebSocketError, accept_key, close_frame, encode_frame, read_messages

REPLY_WITHIN_S = 30
EVENT_STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n"
    # Proxies hold back the head of an answer until there is a body.
    b": hello\n\n"
)

hub = Hub()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection: requests one after the other, or a stream until it ends."""
    try:
        while (request := await read_request(reader)) is not None:
            route = ROUTES.get((request.method, request.path))
            if route is None:
                await respond(writer, 404, "nothing is served there")
            elif await route(request, reader, writer) == "over":
                break
    except BadRequest as error:
        await respond(writer, 400, str(error))
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # The other side has gone, which is how most connections end.
    finally:
        writer.close()


async def serve_events(request, reader, writer) -> str:
    writer.write(EVENT_STREAM)
    client = hub.join(request.query.get("client_id"))
    gone = asyncio.ensure_future(reader.read())
    try:
        await write_texts(writer, client, gone, lambda text: b"data: " + text + b"\n\n")
    finally:
        gone.cancel()
        hub.leave(client)
    return "over"


async def serve_websocket(request: Request, reader, writer) -> str | None:
    key = request.headers.get("sec-websocket-key")
    if request.headers.get("upgrade", "").lower() != "websocket" or key is None:
        await respond(writer, 426, "a WebSocket handshake is expected here")
        return None
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key) + b"\r\n\r\n"
    )
    client = hub.join(request.query.get("client_id"))
    gone = asyncio.ensure_future(take_replies(reader, writer, client))
    try:
        await write_texts(writer, client, gone, lambda text: encode_frame(1, text))
        if client.too_slow:
            writer.write(close_frame(1008, "reads too slowly"))
    finally:
        gone.cancel()
        hub.leave(client)
    return "over"


async def write_texts(writer, client: Client, gone: asyncio.Future, framed) -> None:
    """Writes what the hub has for a client, until it is gone or too slow."""
    # However it ends, that has been noticed, and is not to be reported as forgotten.
    gone.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    while not client.too_slow:
        pending = asyncio.ensure_future(client.queue.get())
        await asyncio.wait({pending, gone}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            pending.cancel()
            return
        texts = [pending.result()]
        # What is waiting goes out together.
        while not client.queue.empty():
            texts.append(client.queue.get_nowait())
        writer.write(b"".join(map(framed, texts)))
        await writer.drain()


async def take_replies(reader, writer, client: Client) -> None:
    try:
        async for message in read_messages(reader, lambda pong: writer.write(pong)):
            reply = json.loads(message)
            try:
                hub.answer(client.id, reply["id"], reply["result"])
            except (UnknownClient, NobodyWaits):
                pass  # Over WebSocket there is nothing to say to a reply that nobody waits for.
    except WebSocketError as error:
        writer.write(close_frame(error.code, error.reason))
    except (ValueError, KeyError, TypeError):
        writer.write(close_frame(1003, "replies are JSON texts"))


async def serve_broadcast(request, _, writer) -> None:
    message = request.json().get("message", "")
    hub.broadcast({"type": "message", "message": message})
    await respond(writer, 202)


async def serve_trigger(request, _, writer) -> None:
    query = request.query
    try:
        command = hub.ask(query.get("client_id", ""), query.get("message", ""), REPLY_WITHIN_S)
        await respond(writer, 200, json.dumps(await command), "application/json")
    except UnknownClient:
        await respond(writer, 404, "no client of that id is connected")
    except asyncio.TimeoutError:
        await respond(writer, 408, "the client has not replied in time")


async def serve_response(request, _, writer) -> None:
    body = request.json()
    try:
        hub.answer(request.headers.get("client-id", ""), body.get("id"), body.get("result"))
        await respond(writer, 204)
    except UnknownClient:
        await respond(writer, 404, "no client of that id is connected")
    except NobodyWaits:
        await respond(writer, 404, "nobody waits for a reply of that id from this client")


async def serve_health(_request, _reader, writer) -> None:
    await respond(writer, 204)


ROUTES = {
    ("GET", "/events"): serve_events,
    ("GET", "/ws"): serve_websocket,
    ("POST", "/broadcast"): serve_broadcast,
    ("GET", "/trigger"): serve_trigger,
    ("POST", "/response"): serve_response,
    ("GET", "/health"): serve_health,
}


async def main() -> None:
    port = int(os.environ.get("PORT", "8080"))
    # A thousand clients may come at one time.
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    print(f"serving http://127.0.0.1:{port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

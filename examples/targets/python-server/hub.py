"""Who is connected, whatever the protocol, and the commands they were sent."""

import asyncio
import json
import secrets

# How far a client may fall behind. One that falls further is sent away, so that it neither holds up the
# others nor fills the memory.
QUEUE_LENGTH = 1024


class UnknownClient(Exception):
    pass


class NobodyWaits(Exception):
    pass


class Client:
    def __init__(self, client_id: str | None) -> None:
        self.id = client_id
        # JSON texts that are not written yet.
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_LENGTH)
        self.too_slow = False

    def send(self, text: bytes) -> None:
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.too_slow = True


class Hub:
    def __init__(self) -> None:
        self.clients: set[Client] = set()
        # The last connection of each id: one that comes back takes the place of the one before, which may
        # not have noticed yet that it is gone.
        self.by_id: dict[str, Client] = {}
        # By id of the command, so that a late reply is never taken for the reply to another.
        self.commands: dict[str, tuple[Client, asyncio.Future]] = {}

    def join(self, client_id: str | None) -> Client:
        """Adds a client. One that says an id, if an empty one, is told it first."""
        if client_id == "":
            client_id = secrets.token_hex(16)
        client = Client(client_id)
        if client_id is not None:
            client.send(encode({"type": "client_id", "id": client_id}))
            self.by_id[client_id] = client
        self.clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        self.clients.discard(client)
        if client.id is not None and self.by_id.get(client.id) is client:
            del self.by_id[client.id]

    def broadcast(self, value: object) -> None:
        """Sends a value to everybody; its text is made once, and nobody is waited for."""
        text = encode(value)
        for client in self.clients:
            client.send(text)

    async def ask(self, client_id: str, message: str, within_s: float) -> object:
        """Sends a command to one client and waits for its reply."""
        client = self.by_id.get(client_id)
        if client is None:
            raise UnknownClient
        command = secrets.token_hex(16)
        reply = asyncio.get_running_loop().create_future()
        self.commands[command] = (client, reply)
        client.send(encode({"id": command, "method": "message", "message": message}))
        try:
            return await asyncio.wait_for(reply, within_s)
        finally:
            self.commands.pop(command, None)

    def answer(self, client_id: str | None, command: object, result: object) -> None:
        """Takes a reply of a client to whoever waits for it."""
        client = self.by_id.get(client_id or "")
        if client is None:
            raise UnknownClient
        asked, reply = self.commands.get(str(command), (None, None))
        if reply is None or asked is not client or reply.done():
            raise NobodyWaits
        reply.set_result(result)


def encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

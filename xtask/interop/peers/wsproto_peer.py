"""The Python library `wsproto` as a peer: it has no sockets, so asyncio's streams carry its bytes.

It limits no message's size, so the other side's too big ones are its user's to refuse: not checked here.
"""

import asyncio
import importlib.metadata

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    Pong,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

import script


class Peer(script.Connection):
    def __init__(self, protocol, reader, writer):
        self.protocol, self.reader, self.writer = protocol, reader, writer
        self.events = protocol.events()
        self.ended = None

    async def event(self):
        """Returns the next event that the bytes of the peer cause, `Closed` raised at the end."""
        while (event := next(self.events, None)) is None:
            if self.ended:
                raise self.ended
            try:
                data = await self.reader.read(65536)
            except ConnectionError:
                data = b""
            self.protocol.receive_data(data or None)
            self.events = self.protocol.events()
        return event

    def write(self, event):
        self.writer.write(self.protocol.send(event))

    async def send(self, message):
        self.write(TextMessage(message) if isinstance(message, str) else BytesMessage(message))
        await self.writer.drain()

    async def receive(self):
        parts = []
        while True:
            event = await self.event()
            if isinstance(event, Message):
                parts.append(event.data)
                if event.message_finished:
                    return ("" if isinstance(event, TextMessage) else b"").join(parts)
            else:
                self.answer(event)

    def answer(self, event):
        """Answers a Ping and a Close; raises `Closed` for the latter."""
        if isinstance(event, Ping):
            self.write(event.response())
        elif isinstance(event, CloseConnection):
            if event.code != script.ABNORMAL and self.protocol.state.name != "CLOSED":
                self.write(event.response())
            self.writer.close()
            self.ended = script.Closed(event.code, event.reason)
            raise self.ended

    async def fragments(self, text):
        parts = [text[i : i + 3] for i in range(0, len(text), 3)]
        for part in parts[:-1]:
            self.write(TextMessage(part, message_finished=False))
        self.write(TextMessage(parts[-1]))

    async def ping(self, payload):
        self.write(Ping(payload))
        while not isinstance(event := await self.event(), Pong):
            self.answer(event)
        script.expect("pong", bytes(event.payload), payload)

    async def close(self, code, reason):
        self.write(CloseConnection(code, reason))
        return await script.until_closed(self)

    def abort(self):
        self.writer.transport.abort()

    def raw(self, data):
        self.writer.write(data)


def extensions(options):
    return [PerMessageDeflate(**script.deflate_settings(options))] if options.deflate else []


async def run_server(options):
    server = script.Server()

    async def handle(reader, writer):
        peer = Peer(WSConnection(ConnectionType.SERVER), reader, writer)
        request = await peer.event()
        subprotocol = script.CHOSEN if script.CHOSEN in request.subprotocols else None
        peer.write(AcceptConnection(subprotocol=subprotocol, extensions=extensions(options)))
        await server.serve(peer, request.target)

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=script.tls(options))
    script.announce(listening.sockets[0].getsockname()[1], version())
    await asyncio.Future()


async def run_client(options):
    host, port = script.address(options.url)
    tls = script.tls(options)

    async def open_connection(target):
        reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        peer = Peer(WSConnection(ConnectionType.CLIENT), reader, writer)
        peer.write(
            Request(
                host=f"{host}:{port}",
                target=target,
                subprotocols=list(script.OFFERED),
                extensions=extensions(options),
            )
        )
        accepted = await peer.event()
        script.expect("answer", type(accepted).__name__, "AcceptConnection")
        peer.subprotocol, peer.deflate = accepted.subprotocol, bool(accepted.extensions)
        return peer

    script.emit("version", version())
    await script.Client(open_connection, options).run()


def version():
    return "wsproto " + importlib.metadata.version("wsproto")


if __name__ == "__main__":
    chosen = script.arguments()
    asyncio.run(run_server(chosen) if chosen.role == "server" else run_client(chosen))

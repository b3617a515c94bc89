"""The Python library `websockets` as a peer."""

import asyncio
import importlib.metadata

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

import script


class Peer(script.Connection):
    def __init__(self, socket):
        self.socket = socket
        self.subprotocol = socket.subprotocol
        self.deflate = any(each.name == "permessage-deflate" for each in socket.protocol.extensions)

    async def send(self, message):
        try:
            await self.socket.send(message)
        except ConnectionClosed:
            raise self.closed() from None

    async def receive(self):
        try:
            return await self.socket.recv()
        except ConnectionClosed:
            await self.socket.wait_closed()
            raise self.closed() from None

    async def fragments(self, text):
        data = text.encode()
        await self.socket.send([data[i : i + 5] for i in range(0, len(data), 5)], text=True)

    async def ping(self, payload):
        await (await self.socket.ping(payload))

    async def close(self, code, reason):
        await self.socket.close(code, reason)
        ended = self.closed()
        return ended.code, ended.reason

    def abort(self):
        self.socket.transport.abort()

    def raw(self, data):
        self.socket.transport.write(data)

    def closed(self):
        received = self.socket.protocol.close_rcvd
        return script.Closed(received.code, received.reason) if received else script.Closed(None)


async def run_server(options):
    server = script.Server()
    extensions = (
        [ServerPerMessageDeflateFactory(**script.deflate_settings(options))] if options.deflate else None
    )
    listening = await serve(
        lambda socket: server.serve(Peer(socket), socket.request.path),
        "127.0.0.1",
        0,
        subprotocols=[script.CHOSEN],
        compression=None,
        extensions=extensions,
        max_size=script.LIMIT,
        ping_interval=None,
        ssl=script.tls(options),
    )
    script.announce(listening.sockets[0].getsockname()[1], version())
    await asyncio.Future()


async def run_client(options):
    extensions = (
        [ClientPerMessageDeflateFactory(**script.deflate_settings(options, default=True))]
        if options.deflate
        else None
    )

    tls = script.tls(options)

    async def open_connection(target):
        socket = await connect(
            options.url + target,
            subprotocols=script.OFFERED,
            compression=None,
            extensions=extensions,
            max_size=script.LIMIT,
            ping_interval=None,
            proxy=None,
            ssl=tls,
        )
        return Peer(socket)

    script.emit("version", version())
    await script.Client(open_connection, options).run()


def version():
    return "websockets " + importlib.metadata.version("websockets")


if __name__ == "__main__":
    chosen = script.arguments()
    asyncio.run(run_server(chosen) if chosen.role == "server" else run_client(chosen))

"""The Python library `aiohttp` as a peer.

It has no API for fragments, so those are written to its transport by hand (uncompressed, as RFC 7692 allows).
"""

import asyncio
import importlib.metadata

import aiohttp
from aiohttp import WSMsgType, web

import script


class Peer(script.Connection):
    def __init__(self, socket, subprotocol, transport, masked):
        self.socket, self.transport, self.masked = socket, transport, masked
        self.subprotocol, self.deflate = subprotocol, socket.compress

    async def send(self, message):
        try:
            await (self.socket.send_str(message) if isinstance(message, str) else self.socket.send_bytes(message))
        except ConnectionError:
            raise script.Closed(self.socket.close_code) from None

    async def receive(self):
        while True:
            message = await self.socket.receive()
            match message.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    return message.data
                case WSMsgType.PING:
                    await self.socket.pong(message.data)
                case WSMsgType.PONG:
                    continue
                case WSMsgType.CLOSE:
                    raise script.Closed(message.data, message.extra)
                case _:
                    raise script.Closed(self.socket.close_code)

    async def fragments(self, text):
        self.raw(script.hand_made_fragments(text, self.masked))

    async def ping(self, payload):
        await self.socket.ping(payload)
        message = await self.socket.receive()
        script.expect("answer", (message.type, bytes(message.data)), (WSMsgType.PONG, payload))

    async def close(self, code, reason):
        await self.socket.close(code=code, message=reason.encode())
        return self.socket.close_code, ""

    def abort(self):
        self.transport.abort()

    def raw(self, data):
        self.transport.write(data)


async def run_server(options):
    server = script.Server()

    async def handle(request):
        socket = web.WebSocketResponse(
            protocols=[script.CHOSEN], compress=options.deflate, autoping=False, max_msg_size=script.LIMIT
        )
        await socket.prepare(request)
        await server.serve(Peer(socket, socket.ws_protocol, request.transport, masked=False), request.path)
        return socket

    application = web.Application()
    application.router.add_get("/{target:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=script.tls(options)).start()
    script.announce(runner.addresses[0][1], version())
    await asyncio.Future()


async def run_client(options):
    tls = script.tls(options) or True  # its own default
    async with aiohttp.ClientSession() as session:

        async def open_connection(target):
            socket = await session.ws_connect(
                options.url + target,
                protocols=script.OFFERED,
                compress=(options.server_window or 15) if options.deflate else 0,
                autoping=False,
                max_msg_size=script.LIMIT,
                ssl=tls,
            )
            # It has no API to reach its transport, and the violations must be written there.
            return Peer(socket, socket.protocol, socket._conn.transport, masked=True)

        script.emit("version", version())
        await script.Client(open_connection, options).run()


def version():
    return "aiohttp " + importlib.metadata.version("aiohttp")


if __name__ == "__main__":
    chosen = script.arguments()
    asyncio.run(run_server(chosen) if chosen.role == "server" else run_client(chosen))

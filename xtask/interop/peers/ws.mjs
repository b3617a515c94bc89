// The Node library `ws`: what its client and its servers share.

import { createRequire } from "node:module";
import { WebSocketServer } from "ws";
import * as script from "./script.mjs";

/** What a script of `ws` is told on the command line. */
export const OPTIONS = {
  deflate: { type: "boolean", default: false },
  "client-window": { type: "string" },
  "server-window": { type: "string" },
  "client-no-context": { type: "boolean", default: false },
  "server-no-context": { type: "boolean", default: false },
  tls: { type: "string" },
  violator: { type: "string", default: "client" },
};
export const emit = (...fields) => console.log(fields.join("\t"));
export const version = `ws ${createRequire(import.meta.url)("ws/package.json").version}`;

export class Peer {
  inbox = new script.Inbox();

  constructor(socket) {
    this.socket = socket;
    socket.on("message", (data, isBinary) => this.inbox.push(isBinary ? data : data.toString()));
    socket.on("close", (code, reason) => this.inbox.close(code, reason.toString()));
    socket.on("error", () => {}); // "close" follows and says the same
  }

  get subprotocol() {
    return this.socket.protocol;
  }

  get deflate() {
    return this.socket.extensions.includes("permessage-deflate");
  }

  async send(message) {
    await new Promise((resolve) => this.socket.send(message, resolve));
  }

  receive() {
    return this.inbox.next();
  }

  async fragments(text) {
    const parts = script.cut(text);
    for (const [i, part] of parts.entries()) this.socket.send(part, { binary: false, fin: i === parts.length - 1 });
  }

  async ping(payload) {
    const pong = new Promise((resolve) => this.socket.once("pong", resolve));
    this.socket.ping(payload);
    if ((await pong).toString() !== payload) throw new Error("the Pong carries another payload");
  }

  async close(code, reason) {
    this.socket.close(code, reason);
    return script.untilClosed(this);
  }

  abort() {
    this.socket.terminate();
  }

  raw(data) {
    this.socket._socket.write(data);
  }
}

function deflateSettings(options) {
  if (!options.deflate) return false;
  const settings = { threshold: 0 };
  if (options["client-window"]) settings.clientMaxWindowBits = Number(options["client-window"]);
  if (options["server-window"]) settings.serverMaxWindowBits = Number(options["server-window"]);
  if (options["client-no-context"]) settings.clientNoContextTakeover = true;
  if (options["server-no-context"]) settings.serverNoContextTakeover = true;
  return settings;
}

/** What both sides of `ws` are made with. */
export const settings = (options) => ({ perMessageDeflate: deflateSettings(options), maxPayload: script.LIMIT });

/** Has `ws` answer the script's targets on a server of Node's; returns its port. */
export async function listen(server, options) {
  const answers = new script.Server();
  const handleProtocols = (offered) => offered.has(script.CHOSEN) && script.CHOSEN;
  const sockets = new WebSocketServer({ server, handleProtocols, ...settings(options) });
  sockets.on("connection", (socket, request) => answers.serve(new Peer(socket), request.url));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

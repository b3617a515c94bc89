// The Node library `ws` as a peer.

import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import WebSocket, { WebSocketServer } from "ws";
import * as script from "./script.mjs";

const { values: options, positionals: [role, url] } = parseArgs({
  allowPositionals: true,
  options: {
    deflate: { type: "boolean", default: false },
    "client-window": { type: "string" },
    "server-window": { type: "string" },
    "client-no-context": { type: "boolean", default: false },
    "server-no-context": { type: "boolean", default: false },
    violator: { type: "string", default: "client" },
  },
});

class Peer {
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

function deflateSettings() {
  if (!options.deflate) return false;
  const settings = { threshold: 0 };
  if (options["client-window"]) settings.clientMaxWindowBits = Number(options["client-window"]);
  if (options["server-window"]) settings.serverMaxWindowBits = Number(options["server-window"]);
  if (options["client-no-context"]) settings.clientNoContextTakeover = true;
  if (options["server-no-context"]) settings.serverNoContextTakeover = true;
  return settings;
}

const shared = { perMessageDeflate: deflateSettings(), maxPayload: script.LIMIT };
const emit = (...fields) => console.log(fields.join("\t"));
const version = `ws ${createRequire(import.meta.url)("ws/package.json").version}`;

if (role === "server") {
  const answers = new script.Server();
  const handleProtocols = (offered) => offered.has(script.CHOSEN) && script.CHOSEN;
  const listening = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols, ...shared });
  listening.on("connection", (socket, request) => answers.serve(new Peer(socket), request.url));
  listening.on("listening", () => {
    emit("port", listening.address().port);
    emit("version", version);
  });
} else {
  const connect = async (target) => {
    const socket = new WebSocket(url + target, script.OFFERED, shared);
    const peer = new Peer(socket);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return peer;
  };
  emit("version", version);
  await script.runClient(connect, options, emit);
  process.exit(0); // whatever a failed check left open
}

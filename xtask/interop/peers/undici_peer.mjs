// The Node library `undici` as a peer: its WebSocket has the API of browsers, and a function that sends a Ping.

import { channel } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { Agent, WebSocket, ping } from "undici";
import * as script from "./script.mjs";
import { Peer, connect } from "./web_socket.mjs";

const { values: options, positionals: [, url] } = parseArgs({
  allowPositionals: true,
  options: {
    deflate: { type: "boolean", default: false },
    tls: { type: "string" },
  },
});

class UndiciPeer extends Peer {
  async ping(payload) {
    // Checks come one after the other: the next Pong is the one of this Ping.
    const pong = new Promise((resolve) => channel("undici:websocket:pong").subscribe((seen) => resolve(seen.payload)));
    ping(this.socket, Buffer.from(payload));
    script.expect("Pong", Buffer.from(await pong).toString(), payload);
  }
}

const ca = options.tls && readFileSync(`${options.tls}/ca.pem`);
const dispatcher = new Agent({ connect: { ca } });
const open = (target) => connect(WebSocket, url + target, { protocols: script.OFFERED, dispatcher }, UndiciPeer);
const emit = (...fields) => console.log(fields.join("\t"));
emit("version", `undici ${createRequire(import.meta.url)("undici/package.json").version}`);
await script.runClient(open, { deflate: options.deflate, violator: "client" }, emit);
process.exit(0); // whatever a failed check left open

// The Node library `ws` as a peer.

import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { parseArgs } from "node:util";
import WebSocket from "ws";
import * as script from "./script.mjs";
import { OPTIONS, Peer, emit, listen, settings, version } from "./ws.mjs";

const { values: options, positionals: [role, url] } = parseArgs({ allowPositionals: true, options: OPTIONS });

if (role === "server") {
  const pem = options.tls && readFileSync(`${options.tls}/server.pem`);
  emit("port", await listen(pem ? https.createServer({ cert: pem, key: pem }) : http.createServer(), options));
  emit("version", version);
} else {
  const ca = options.tls && readFileSync(`${options.tls}/ca.pem`);
  const connect = async (target) => {
    const socket = new WebSocket(url + target, script.OFFERED, { ca, ...settings(options) });
    const peer = new Peer(socket);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return peer;
  };
  emit("version", version);
  await script.runClient(connect, options, emit);
  process.exit(0); // whatever a failed check left open
}

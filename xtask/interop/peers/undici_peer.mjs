// The Node library `undici` as a peer: its WebSocket has the API of browsers.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { Agent, WebSocket } from "undici";
import * as script from "./script.mjs";
import { connect } from "./web_socket.mjs";

const { values: options, positionals: [, url] } = parseArgs({
  allowPositionals: true,
  options: {
    deflate: { type: "boolean", default: false },
    tls: { type: "string" },
  },
});

const ca = options.tls && readFileSync(`${options.tls}/ca.pem`);
const dispatcher = new Agent({ connect: { ca } });
const open = (target) => connect(WebSocket, url + target, { protocols: script.OFFERED, dispatcher });
const emit = (...fields) => console.log(fields.join("\t"));
emit("version", `undici ${createRequire(import.meta.url)("undici/package.json").version}`);
await script.runClient(open, { deflate: options.deflate, violator: "client" }, emit);
process.exit(0); // whatever a failed check left open

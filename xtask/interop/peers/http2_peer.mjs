// Node's own `http2` as a server that takes extended CONNECTs (RFC 8441). Node brings no WebSocket for its streams, so each
// goes on to a server of `ws` as an upgrade of HTTP/1.1, as a gateway does it.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import { parseArgs } from "node:util";
import { OPTIONS, emit, listen } from "./ws.mjs";

const { values: options } = parseArgs({ allowPositionals: true, options: OPTIONS });
const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_PROTOCOL, HTTP2_HEADER_STATUS, NGHTTP2_CANCEL } = http2.constants;
const PASSED_ON = ["sec-websocket-version", "sec-websocket-protocol", "sec-websocket-extensions"];
const upstream = await listen(http.createServer(), options);

const only = (headers) => Object.fromEntries(PASSED_ON.filter((name) => headers[name]).map((name) => [name, headers[name]]));

function open(stream, headers) {
  const request = http.request({
    port: upstream,
    host: "127.0.0.1",
    path: headers[HTTP2_HEADER_PATH],
    headers: {
      ...only(headers),
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": randomBytes(16).toString("base64"),
    },
  });
  request.on("upgrade", (response, socket, head) => {
    stream.respond({ [HTTP2_HEADER_STATUS]: 200, ...only(response.headers) });
    socket.unshift(head);
    socket.on("error", () => stream.close(NGHTTP2_CANCEL)); // as RFC 8441 section 5 has a reset
    stream.on("aborted", () => socket.destroy());
    socket.pipe(stream).pipe(socket);
  });
  request.on("response", (response) => stream.respond({ [HTTP2_HEADER_STATUS]: response.statusCode }, { endStream: true }));
  request.on("error", () => stream.close(NGHTTP2_CANCEL));
  request.end();
}

const pem = readFileSync(`${options.tls}/server.pem`);
const gateway = http2.createSecureServer({ cert: pem, key: pem, settings: { enableConnectProtocol: true } });
gateway.on("stream", (stream, headers) => {
  stream.on("error", () => {}); // its client is gone
  if (headers[HTTP2_HEADER_METHOD] === "CONNECT" && headers[HTTP2_HEADER_PROTOCOL] === "websocket") {
    open(stream, headers);
  } else {
    stream.respond({ [HTTP2_HEADER_STATUS]: 404 }, { endStream: true });
  }
});
gateway.listen(0, "127.0.0.1", () => {
  emit("port", gateway.address().port);
  emit("version", `Node ${process.versions.node} http2`);
});

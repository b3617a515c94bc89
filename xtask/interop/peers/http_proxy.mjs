// The Node library `http-proxy` before our server, with an agent that keeps 16 connections for the next request.

import http from "node:http";
import { createRequire } from "node:module";
import httpProxy from "http-proxy";

const [upstream] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 16 });
const proxy = httpProxy.createProxyServer({ target: { host: "127.0.0.1", port: Number(upstream) }, agent });

// `answer` is a response, or the socket of a request with Upgrade.
proxy.on("error", (error, request, answer) => {
  if (answer instanceof http.ServerResponse) {
    if (!answer.headersSent) answer.writeHead(502, { "Content-Length": 0 });
    answer.end();
  } else if (answer.bytesWritten === 0) {
    answer.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
  } else {
    answer.destroy();
  }
});

const listening = http.createServer((request, response) => proxy.web(request, response));
listening.on("upgrade", (request, socket, head) => {
  socket.on("error", () => {}); // the client is gone
  proxy.ws(request, socket, head);
});
listening.listen(0, "127.0.0.1", () => {
  console.log(`port\t${listening.address().port}`);
  console.log(`version\thttp-proxy ${createRequire(import.meta.url)("http-proxy/package.json").version}`);
});

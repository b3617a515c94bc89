// What the page of a browser runs.

import * as script from "./script.mjs";
import { connect } from "./web_socket.mjs";

globalThis.run = async (url, deflate) => {
  const open = (target) => connect(WebSocket, url + target, script.OFFERED);
  // The server of an HTTP/2 run has brought this page, too.
  const more = location.protocol === "https:" ? [["one connection", () => oneConnection(open)]] : [];
  await script.runClient(open, { deflate, violator: "client" }, globalThis.emit, more);
};

/** The server tells version, method and number of the connection that brings a request, a page's or a WebSocket's. */
async function oneConnection(open) {
  const page = await (await fetch("/connection")).text();
  const connection = await open("/connection");
  script.expect("WebSocket", await connection.receive(), page.replace("HTTP/2.0 GET", "HTTP/2.0 CONNECT"));
  await connection.close(1000, "");
}

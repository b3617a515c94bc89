// The WebSocket API of browsers as a peer: it can send no fragments, no Ping and no bytes of its own.

import * as script from "./script.mjs";

export class Peer {
  inbox = new script.Inbox();

  constructor(socket) {
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.inbox.push(typeof data === "string" ? data : new Uint8Array(data));
    socket.onclose = ({ code, reason, wasClean }) => {
      // Only an end without a Close is not clean.
      this.inbox.close(code, wasClean === (code === script.ABNORMAL) ? `${reason} (clean: ${wasClean})` : reason);
    };
  }

  get subprotocol() {
    return this.socket.protocol;
  }

  get deflate() {
    return this.socket.extensions.includes("permessage-deflate");
  }

  async send(message) {
    this.socket.send(message);
  }

  receive() {
    return this.inbox.next();
  }

  async fragments() {
    throw new script.NotPossible("no API to send fragments");
  }

  async ping() {
    throw new script.NotPossible("no API to send a Ping");
  }

  async close(code, reason) {
    this.socket.close(code, reason);
    return script.untilClosed(this);
  }

  abort() {
    throw new script.NotPossible("no API to drop the connection");
  }

  raw(data, name) {
    if (name !== "too-big") throw new script.NotPossible("no API to violate the protocol");
    this.socket.send(new Uint8Array(script.TOO_BIG));
  }
}

/** Opens a connection by a class that has the API of browsers; `options` are what its constructor takes. */
export function connect(WebSocket, url, options, PeerClass = Peer) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, options);
    const peer = new PeerClass(socket);
    socket.onopen = () => resolve(peer);
    socket.onerror = () => reject(new Error(`no connection to ${url}`));
  });
}

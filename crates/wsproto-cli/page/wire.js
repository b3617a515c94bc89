// The two WebSockets of the page: /wire, which shows, and /echo, which is shown.

/** How long after a failure /wire is tried again, in milliseconds: the last one stays. */
const AGAIN = [500, 1000, 2000, 5000];

const address = (path) => new URL(path, location.href.replace(/^http/, "ws")).href;

/** Shows what the server saw, for as long as the page is open. */
export class Wire {
  #socket = null;
  #tries = 0;
  #handlers;
  session = null;

  /** `onrecord` gets each record, `onfile` bytes, `onsession` is called once a session is there, `onlost` when it is gone. */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#open();
  }

  /** Asks the server to do something; returns whether it could be asked. */
  ask(what) {
    const isOpen = this.session !== null && this.#socket.readyState === WebSocket.OPEN;
    if (isOpen) this.#socket.send(JSON.stringify(what));
    return isOpen;
  }

  #open() {
    const socket = new WebSocket(address("/wire"));
    socket.binaryType = "blob";
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") return this.#handlers.onfile(data);
      for (const record of JSON.parse(data)) this.#take(record);
      this.#handlers.ondone();
    };
    socket.onclose = ({ code, reason }) => {
      // A try that fails as the one before is no news.
      const isNews = this.session !== null || this.#tries === 0;
      this.session = null;
      if (isNews) this.#handlers.onlost(code, reason);
      setTimeout(() => this.#open(), AGAIN[Math.min(this.#tries++, AGAIN.length - 1)]);
    };
    this.#socket = socket;
  }

  #take(record) {
    if (record.kind !== "session") return this.#handlers.onrecord(record);
    this.#tries = 0;
    this.session = record.id;
    this.#handlers.onsession(record);
  }
}

/** A WebSocket that the session shows. */
export function open(path, session) {
  const socket = new WebSocket(address(`${path}?session=${session}`));
  socket.binaryType = "arraybuffer";
  return socket;
}

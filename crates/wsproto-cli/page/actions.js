// The buttons: what the page says to /echo itself, and what it asks the server to do.

import { byId, element } from "./dom.js";

/** Violations that have a button of their own; all others are in a list. */
const FEATURED = [
  ["text-not-utf8", "Bad UTF-8"],
  ["reserved-bit-2", "Reserved bit"],
  ["unmasked-frame", "Unmasked"],
  ["message-too-long", "Too long"],
  ["interleaved-message", "Interleaved"],
  ["continuation-without-message", "Stray continuation"],
  ["fragmented-control", "Fragmented Ping"],
  ["control-too-long", "Ping of 126 bytes"],
  ["reserved-data-opcode", "Unknown opcode"],
  ["length-not-shortest-16", "Padded length"],
  ["close-code-1005", "Close 1005"],
  ["compressed-too-long", "Deflate bomb"],
];

const BURST = 1000;

/** What a button says that needs the server. */
export const LOST = "The server can't be reached. The page tries again by itself.";

function someJson() {
  const people = Array.from({ length: 250 }, (_, index) => ({
    id: index, name: `Person ${index}`, role: index % 3 ? "reader" : "writer", tags: ["websocket", "frame", "mask"], active: index % 2 === 0,
  }));
  return JSON.stringify({ people });
}

function noise(length) {
  const bytes = new Uint8Array(length);
  // The browser gives 64 KiB at a time.
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + 65536)));
  return bytes;
}

const SAYS = {
  binary: (socket) => socket.send(noise(24)),
  json: (socket) => socket.send(someJson()),
  mib: (socket) => socket.send(noise(1 << 20)),
  burst: (socket) => {
    for (let count = 1; count <= BURST; count += 1) socket.send(`text ${count} of ${BURST}`);
  },
  close: (socket) => socket.close(4001, "as the button says"),
};

/**
 * Makes the buttons work. `echo` returns the open socket or null, `isLost` whether the server is, `ask` speaks to /wire and
 * returns whether it could, `played` is told of a scene.
 */
export function setUp({ echo, isLost, ask, played, announce }) {
  const say = (how) => {
    const socket = echo();
    if (socket) how(socket);
    else announce(isLost() ? LOST : "The connection is closed: connect again first.");
  };
  const tell = (what) => {
    const isAsked = ask(what);
    if (!isAsked) announce(LOST);
    return isAsked;
  };
  for (const [name, how] of Object.entries(SAYS)) {
    document.querySelector(`[data-do="${name}"]`).addEventListener("click", () => say(how));
  }
  byId("text-form").addEventListener("submit", (event) => {
    event.preventDefault();
    say((socket) => socket.send(byId("text").value));
  });
  document.querySelector('[data-do="ping"]').addEventListener("click", () => say(() => tell({ do: "ping" })));
  document.querySelector('[data-do="split"]').addEventListener("click", () => tell({ do: "split" }));
  document.querySelector('[data-do="end"]').addEventListener("click", () => violate("end-without-close"));
  byId("more-form").addEventListener("submit", (event) => {
    event.preventDefault();
    violate(byId("more").value);
  });

  function violate(name) {
    if (tell({ do: "violate", name })) played();
  }

  /** Lists the violations that the server knows. */
  return function list(violations) {
    const known = new Map(violations.map((violation) => [violation.name, violation]));
    const featured = FEATURED.filter(([name]) => known.has(name));
    byId("violations").replaceChildren(...featured.map(([name, label]) => {
      const { says, code } = known.get(name);
      const button = element("button", { type: "button", class: "break", "data-violation": name, title: `${name}: ${says}; answered with ${code}` }, label);
      button.addEventListener("click", () => violate(name));
      return button;
    }));
    const shown = new Set(featured.map(([name]) => name));
    const others = violations.filter(({ name }) => !shown.has(name));
    byId("more").replaceChildren(...others.map(({ name }) => element("option", { value: name }, name)));
    byId("more-form").hidden = others.length === 0;
  };
}

// Puts the page together: what /wire says goes into the table, the status and the details.

import * as actions from "./actions.js";
import * as chat from "./chat.js";
import * as detail from "./detail.js";
import { byId, element, grouped, visible } from "./dom.js";
import { named } from "./bits.js";
import { Rows } from "./rows.js";
import { Table } from "./table.js";
import { Wire, open } from "./wire.js";

const rows = new Rows();
const title = byId("detail-title");
const table = new Table(byId("frames"), rows, {
  onchoose: (row) => detail.show(row, title, byId("detail-body"), announce, (broken) => rows.frameOf(broken)),
  onenter: () => title.focus(),
});

// What is announced: changes of state and broken rules, at most one a second; frames aren't.
let waiting = null;
function announce(text) {
  if (waiting === null) setTimeout(() => {
    byId("live").replaceChildren(visible(waiting));
    waiting = null;
  }, 1000);
  waiting = text;
}

let echo = null;
let last = 0;
const mine = new Set();
// The next rule that is broken was asked for: its details are shown.
let isPlayed = false;

const list = actions.setUp({
  echo: () => (wire.session && echo?.readyState === WebSocket.OPEN ? echo : null),
  isLost: () => wire.session === null,
  ask: (what) => wire.ask(what),
  played: () => { isPlayed = true; },
  announce,
});

const wire = new Wire({
  onrecord(record) {
    if (record.connection) last = record.connection;
    note(record);
    const row = rows.add(record);
    if (record.kind === "broken") {
      announce(`Broken: ${record.rule}. Answered with ${named(record.answer)}.`);
      // What comes of it follows at once: it is to be seen, too.
      if (isPlayed && row && !rows.isPaused) setTimeout(() => table.chooseRow(row), 200);
      isPlayed = false;
    }
    if (record.kind === "refused") announce(record.why);
  },
  ondone() {
    table.refresh();
    count();
  },
  onfile: save,
  onsession(session) {
    rows.begin();
    mine.clear();
    last = 0;
    isPlayed = false;
    list(session.violations);
    connect();
  },
  onlost(code, reason) {
    state("lost", reason || (code === 1001 ? "the server has ended (1001)" : "the server can't be reached"));
  },
});

chat.setUp({ session: () => wire.session, announce });

/** Notes what the status tells of the page's own connection. */
function note(record) {
  if (record.kind === "connection" && record.by === "page" && record.path === "/echo") mine.add(record.connection);
  if (!mine.has(record.connection)) return;
  if (record.kind === "handshake" && record.from === "client") byId("version").textContent = record.version;
  if (record.kind === "agreed") byId("extensions").textContent = record.extensions || "none";
}

function connect() {
  echo?.close();
  const socket = open("/echo", wire.session);
  echo = socket;
  state("connecting", "connecting");
  socket.onopen = () => state("open", "open");
  socket.onclose = ({ code, reason }) => {
    if (socket === echo && wire.session) state("closed", `closed: ${named(code)}${reason ? `, “${reason}”` : ""}`);
  };
}

function state(kind, text) {
  document.documentElement.dataset.state = kind;
  byId("state").replaceChildren(visible(text));
  const button = byId("reconnect");
  const hadFocus = document.activeElement === button;
  button.hidden = kind !== "closed";
  if (hadFocus && button.hidden) byId("text").focus();
  announce(`/echo: ${text}`);
}

byId("reconnect").addEventListener("click", () => {
  if (wire.session) connect();
});

function count() {
  const { all, shown, waiting: held } = rows;
  const some = shown.length === all.length ? grouped(all.length) : `${grouped(shown.length)} of ${grouped(all.length)}`;
  byId("count").textContent = held?.length ? `${some}, ${grouped(held.length)} held back` : some;
}

function choose() {
  rows.choose(byId("filter").value, byId("show").value);
  table.reset();
  count();
}
byId("filter").addEventListener("input", choose);
byId("show").addEventListener("change", choose);

byId("pause").addEventListener("click", ({ currentTarget }) => {
  if (rows.isPaused) rows.resume();
  else rows.pause();
  currentTarget.setAttribute("aria-pressed", String(rows.isPaused));
  currentTarget.textContent = rows.isPaused ? "Go on" : "Pause";
  table.refresh();
  count();
});

byId("clear").addEventListener("click", () => {
  rows.clear();
  table.reset();
  title.textContent = "Details";
  byId("detail-body").replaceChildren(element("p", { class: "hint" }, "Choose a line to see each bit of it."));
  count();
});

byId("detail").addEventListener("keydown", (event) => {
  if (event.key === "Escape") byId("frames").focus();
});

// The file is of the chosen line's connection, or of the last one.
let asked = 0;
byId("download").addEventListener("click", () => {
  const { chosen } = table;
  if (chosen && chosen.session !== rows.session) return announce("The bytes of an earlier session are no longer kept.");
  asked = chosen?.record.connection ?? last;
  if (!wire.ask({ do: "file", connection: asked })) announce(actions.LOST);
});

function save(blob) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: `connection-${asked}.wsproto` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  announce("The file is saved.");
}

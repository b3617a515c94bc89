// The table of frames: only the lines that can be seen are elements, however many there are.

import { clock, element, grouped, visible } from "./dom.js";
import { named } from "./bits.js";

const COLUMNS = ["Time", "From", "What", "Bits", "Length", "Payload"];
const AROUND = 8;

export class Table {
  #rows;
  #grid;
  #body;
  #layer;
  #height = 30;
  #pool = [];
  #scheduled = false;
  #sticks = true;
  #ours = 0;
  #chosen = null;
  #onchoose;
  #onenter;

  constructor(grid, rows, { onchoose, onenter }) {
    this.#grid = grid;
    this.#rows = rows;
    this.#onchoose = onchoose;
    this.#onenter = onenter;
    const titles = COLUMNS.map((name) => element("span", { role: "columnheader", class: `c-${name.toLowerCase()}` }, name));
    const head = element("div", { role: "rowgroup", class: "head" }, element("div", { role: "row", class: "row", "aria-rowindex": "1" }, titles));
    this.#layer = element("div", { class: "layer", role: "presentation" });
    this.#body = element("div", { role: "rowgroup", class: "body" }, this.#layer);
    grid.append(head, this.#body);
    grid.addEventListener("scroll", () => {
      // What the reader does decides whether the table follows its end, and not what is done here.
      if (grid.scrollTop !== this.#ours) this.#sticks = grid.scrollTop + grid.clientHeight >= grid.scrollHeight - this.#height;
      this.refresh();
    }, { passive: true });
    grid.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("click", (event) => {
      const at = event.target.closest("[data-at]")?.dataset.at;
      if (at !== undefined) this.choose(Number(at));
    });
    new ResizeObserver(() => this.refresh()).observe(grid);
  }

  /** Draws with the next frame of the screen, however often it is asked. */
  refresh() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  get chosen() {
    return this.#chosen;
  }

  /** Chooses a line by its row, and shows what is around it. */
  chooseRow(row) {
    const at = this.#rows.shown.indexOf(row);
    if (at < 0) return;
    this.choose(at);
    this.#scrollTo(at * this.#height - (this.#grid.clientHeight - this.#head()) / 2);
  }

  choose(at) {
    const row = this.#rows.shown[Math.max(0, Math.min(at, this.#rows.shown.length - 1))];
    if (!row) return;
    this.#chosen = row;
    this.#intoView(this.#rows.shown.indexOf(row));
    this.#onchoose(row);
    this.refresh();
  }

  /** Forgets what was chosen, and goes to the end. */
  reset() {
    this.#chosen = null;
    this.#sticks = true;
    this.refresh();
  }

  #intoView(at) {
    this.#body.style.height = `${this.#rows.shown.length * this.#height}px`;
    const top = at * this.#height;
    const room = this.#grid.clientHeight - this.#head();
    if (top < this.#grid.scrollTop) this.#scrollTo(top);
    else if (top + this.#height > this.#grid.scrollTop + room) this.#scrollTo(top + this.#height - room);
    this.#sticks = false;
  }

  #scrollTo(top) {
    this.#grid.scrollTop = top;
    this.#ours = this.#grid.scrollTop;
  }

  #head() {
    return this.#grid.firstElementChild.offsetHeight;
  }

  #key(event) {
    const page = Math.max(1, Math.floor((this.#grid.clientHeight - this.#head()) / this.#height) - 1);
    const { shown } = this.#rows;
    const at = this.#chosen ? shown.indexOf(this.#chosen) : shown.length;
    const moves = { ArrowUp: at - 1, ArrowDown: at + 1, PageUp: at - page, PageDown: at + page, Home: 0, End: shown.length - 1 };
    if (event.key in moves && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.choose(moves[event.key]);
    } else if (event.key === "Enter" && this.#chosen) {
      event.preventDefault();
      this.#onenter();
    }
  }

  #draw() {
    const { shown } = this.#rows;
    this.#body.style.height = `${shown.length * this.#height}px`;
    this.#grid.setAttribute("aria-rowcount", String(shown.length + 1));
    if (this.#sticks) this.#scrollTo(this.#grid.scrollHeight);
    const first = Math.max(0, Math.floor(this.#grid.scrollTop / this.#height) - AROUND);
    const count = Math.ceil(this.#grid.clientHeight / this.#height) + 2 * AROUND;
    const rows = shown.slice(first, first + count);
    this.#layer.style.transform = `translateY(${first * this.#height}px)`;
    while (this.#pool.length < rows.length) this.#pool.push(line());
    while (this.#layer.childElementCount > rows.length) this.#layer.lastElementChild.remove();
    rows.forEach((row, index) => {
      const drawn = this.#pool[index];
      if (drawn.parentNode !== this.#layer) this.#layer.append(drawn);
      fill(drawn, row, first + index, row === this.#chosen);
    });
    const active = this.#chosen && rows.includes(this.#chosen) ? `line-${this.#chosen.id}` : null;
    if (active) this.#grid.setAttribute("aria-activedescendant", active);
    else this.#grid.removeAttribute("aria-activedescendant");
  }
}

function line() {
  const cells = COLUMNS.map((name) => element("span", { role: "gridcell", class: `c-${name.toLowerCase()}` }));
  return element("div", { role: "row", class: "row" }, cells);
}

/** Writes a row into a line, unless it stands there already. */
function fill(drawn, row, at, isChosen) {
  drawn.setAttribute("aria-rowindex", String(at + 2));
  drawn.setAttribute("aria-selected", String(isChosen));
  drawn.dataset.at = String(at);
  if (drawn.row === row && drawn.message === row.message) return;
  drawn.row = row;
  drawn.message = row.message;
  drawn.id = `line-${row.id}`;
  const { record } = row;
  drawn.dataset.kind = record.kind;
  drawn.dataset.from = record.from ?? record.side ?? "";
  drawn.dataset.connection = String(record.connection ?? "");
  const cells = record.kind === "frame" ? frameCells(row) : otherCells(record);
  [...drawn.children].forEach((cell, index) => cell.replaceChildren(...[cells[index]].flat().filter((part) => part !== "" && part !== null)));
}

const ARROWS = { client: "client →", server: "← server" };

function frameCells({ record, message }) {
  const bits = [
    record.fin && "FIN", record.rsv1 && "RSV1", record.rsv2 && "RSV2", record.rsv3 && "RSV3", record.mask && "MASK",
  ].filter(Boolean).map((name) => element("span", { class: `bit b-${name.toLowerCase()}` }, name));
  const inflated = message?.compressed ? ` → ${grouped(message.length)}` : "";
  const length = `${grouped(record.length)}${inflated}`;
  return [clock(record.at), ARROWS[record.from], record.name, bits, length, payload(record, message)];
}

function payload(record, message) {
  if (record.cut) return `cut: ${grouped(record.cut.received)} of ${grouped(record.length)} bytes`;
  if (record.close) return [named(record.close.code), record.close.reason ? " " : "", record.close.reason ? visible(record.close.reason, 120) : ""];
  if (message?.compressed && message.payload.text !== null) return visible(message.payload.text, 120);
  if (record.compressed) return element("code", {}, record.payload.hex.slice(0, 48));
  if (record.payload.text !== null && record.opcode !== 2) return [visible(record.payload.text, 120), pieces(record)];
  return element("code", {}, spaced(record.payload.hex.slice(0, 48)));
}

/** The bytes of a character that goes on in the next frame. */
function pieces({ payload, fin }) {
  if (fin || payload.more) return "";
  const rest = payload.hex.slice(2 * new TextEncoder().encode(payload.text).length);
  return rest ? element("span", { class: "hidden-char", title: "a part of a character, which goes on in the next frame" }, spaced(rest)) : "";
}

const spaced = (hex) => hex.replace(/..(?=.)/g, "$& ");

function otherCells(record) {
  const at = record.at === undefined ? "" : clock(record.at);
  const from = ARROWS[record.from] ?? "";
  switch (record.kind) {
    case "connection":
      return ["", "", `connection ${record.connection}`, "", "", [record.path, record.by === "server" ? ` played by the server: ${record.label}` : " of this page"]];
    case "handshake":
      return [at, from, record.from === "client" ? "request" : "answer", "", "", visible(firstLine(record), 120)];
    case "agreed":
      return [at, "", "open", "", "", record.extensions ? visible(`agreed: ${record.extensions}`, 160) : "no extension agreed"];
    case "state":
      return [at, record.side, "state", "", "", record.now.replace("_", " ")];
    case "broken":
      return [at, from, "broken rule", "", "", [visible(record.rule, 160), ` (${record.section}) answered with ${named(record.answer)}`]];
    case "end":
      return [at, from, "end", "", "", record.clean ? "of the stream, after a Close" : "of the stream, without a Close"];
    case "gap":
      return [at, from, "gap", "", "", `${record.missing === null ? "some" : grouped(record.missing)} bytes are missing`];
    case "dropped":
      return ["", "", "left out", "", "", `${grouped(record.records)} lines came faster than they could be shown`];
    case "over":
      return ["", "", `connection ${record.connection}`, "", "", "is over"];
    case "session":
      return ["", "", "new session", "", "", "the server was lost: what came before is of an earlier session"];
    case "refused":
      return ["", "", "refused", "", "", visible(record.why, 160)];
    default:
      return ["", "", record.kind, "", "", ""];
  }
}

function firstLine(record) {
  if (record.text) return record.text.split("\r\n", 1)[0];
  return record.fields.filter(({ name }) => name.startsWith(":")).map(({ name, value }) => `${name}: ${value}`).join("  ");
}

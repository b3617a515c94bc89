// What was seen, as lines: which are kept, which are shown.

/** So many lines are kept; then the oldest go. */
const MOST = 25_000;
const SOME = 5_000;

/** The lines, and those of them that the filter lets through. */
export class Rows {
  constructor() {
    this.all = [];
    this.shown = [];
    this.filter = "";
    this.show = "all";
    this.waiting = null;
    this.next = 1;
    this.lastFrame = new Map();
    this.last = null;
    this.session = 0;
  }

  /** A session begins: its connections have the same numbers as those of the session before. */
  begin() {
    this.session += 1;
    this.lastFrame.clear();
    this.last = null;
    if (this.session > 1) this.add({ kind: "session" });
  }

  /** Adds a record of a connection; a message is told to its last frame. */
  add(record) {
    if (record.kind === "message") {
      const last = this.lastFrame.get(`${record.connection} ${record.from}`);
      if (last && last.record.number === record.frames[1]) this.#complete(last, record);
      return;
    }
    if (record.kind === "state" && this.#isSecond(record)) return;
    const row = { id: this.next++, record, session: this.session, message: null, key: null };
    this.last = row;
    if (record.kind === "frame" && record.opcode < 8) {
      this.lastFrame.set(`${record.connection} ${record.from}`, row);
    }
    if (this.waiting) {
      this.waiting.push(row);
      if (this.waiting.length > MOST) this.waiting.splice(0, SOME);
    } else {
      this.#keep(row);
    }
    return row;
  }

  get isPaused() {
    return this.waiting !== null;
  }

  pause() {
    this.waiting = [];
  }

  resume() {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const row of waiting) this.#keep(row);
  }

  clear() {
    this.all = [];
    this.shown = [];
    if (this.waiting) this.waiting = [];
    this.lastFrame.clear();
    this.last = null;
  }

  choose(filter, show) {
    this.filter = filter.trim().toLowerCase();
    this.show = show;
    this.shown = this.all.filter((row) => this.#matches(row));
  }

  /** Tells a frame its message: what was compressed can be read now. */
  #complete(row, message) {
    row.message = message;
    row.key = null;
    const at = this.shown.findLastIndex(({ id }) => id <= row.id);
    const isKept = !(this.waiting?.length > 0 && this.waiting[0].id <= row.id);
    if (isKept && this.shown[at] !== row && this.#matches(row)) this.shown.splice(at + 1, 0, row);
  }

  /** Finds the frame in which a rule was broken. */
  frameOf({ record: { connection, from, frame }, session }) {
    const is = ({ record, session: its }) => its === session && record.kind === "frame" && record.connection === connection && record.from === from && record.number === frame;
    return this.all.findLast(is);
  }

  /** Both ends come to most states together: that is one line. */
  #isSecond({ connection, now, side }) {
    const first = this.last?.record;
    if (first?.kind !== "state" || first.connection !== connection || first.now !== now || first.side === side) return false;
    first.side = "both";
    return true;
  }

  #keep(row) {
    this.all.push(row);
    if (this.#matches(row)) this.shown.push(row);
    if (this.all.length > MOST) {
      this.all.splice(0, SOME);
      const oldest = this.all[0].id;
      this.shown = this.shown.filter((kept) => kept.id >= oldest);
    }
  }

  #matches(row) {
    const { record } = row;
    if (this.show === "client" || this.show === "server") {
      if (record.kind !== "frame" || record.from !== this.show) return false;
    } else if (this.show !== "all" && record.kind !== this.show) {
      return false;
    }
    if (this.filter === "") return true;
    row.key ??= keyOf(row).toLowerCase();
    return row.key.includes(this.filter);
  }
}

/** What the filter looks at. */
function keyOf({ record, message }) {
  const parts = [record.kind, record.name, record.from, record.payload?.text, record.payload?.hex, message?.payload.text, record.rule, record.section,
    record.text, record.now, record.side, record.extensions, record.label, record.path, record.why, record.close?.code, record.close?.reason];
  return parts.filter((part) => part !== undefined && part !== null).join(" ");
}

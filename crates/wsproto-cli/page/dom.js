// Elements, and text of strangers: it only ever becomes text nodes.

/** Makes an element. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export const byId = (id) => document.getElementById(id);

const NAMES = new Map([
  [0x061c, "Arabic letter mark"], [0x200b, "zero width space"], [0x200c, "zero width non-joiner"],
  [0x200d, "zero width joiner"], [0x200e, "left-to-right mark"], [0x200f, "right-to-left mark"],
  [0x202a, "left-to-right embedding"], [0x202b, "right-to-left embedding"], [0x202c, "pop directional formatting"],
  [0x202d, "left-to-right override"], [0x202e, "right-to-left override"], [0x2060, "word joiner"],
  [0x2066, "left-to-right isolate"], [0x2067, "right-to-left isolate"], [0x2068, "first strong isolate"],
  [0x2069, "pop directional isolate"], [0xfeff, "byte order mark"],
]);

/**
 * Characters that a reader can't see, and those that turn the direction of text: the table of src/visible.rs. A joiner within
 * an emoji is none of them.
 */
const HIDDEN = /(?<!\p{Emoji_Presentation}|\ufe0f)\u200d|[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200c\u200e-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\uffff\u{13430}-\u{1345f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}\ud800-\udfff]/gu;

const SHORT = new Map([[0x0a, "↵"], [0x0d, "␍"], [0x09, "⇥"]]);

/** Returns nodes of a text in which nothing is hidden: controls and marks of direction are named. */
export function visible(text, most = Infinity) {
  const shown = text.length > most ? text.slice(0, most) : text;
  const nodes = [];
  let last = 0;
  for (const found of shown.matchAll(HIDDEN)) {
    if (found.index > last) nodes.push(shown.slice(last, found.index));
    nodes.push(hidden(found[0].codePointAt(0)));
    last = found.index + found[0].length;
  }
  if (last < shown.length) nodes.push(shown.slice(last));
  if (shown.length < text.length) nodes.push("…");
  // Letters that are written from right to left stay inside of it.
  return element("bdi", { class: "payload-text" }, nodes);
}

function hidden(code) {
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const title = NAMES.has(code) ? `${name} ${NAMES.get(code)}` : name;
  return element("span", { class: "hidden-char", title }, SHORT.get(code) ?? name);
}

/** 20480 → "20 480". */
export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** Microseconds since a connection began. */
export const clock = (at) => (at < 1e6 ? `${(at / 1000).toFixed(2)} ms` : `${(at / 1e6).toFixed(at < 1e8 ? 3 : 1)} s`);

export const bytesOf = (hex) => (hex.match(/../g) ?? []).map((pair) => parseInt(pair, 16));

/** Copies a text; says whether that worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not on loopback and not over TLS: browsers leave the old way.
    const area = element("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: "-1" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

// The details of one line: each bit of a frame, a head of HTTP, a rule that was broken.

import { bytesOf, clock, copy, element, grouped, visible } from "./dom.js";
import { fieldsOf, named, onTheWire } from "./bits.js";

const WHO = { client: "the client", server: "the server" };

/** So many bytes stand in a line of hex. */
let width = 16;

/** Shows a row; `find` returns the frame that a broken rule was found in. */
export function show(row, title, body, announce, find) {
  const { record } = row;
  const shows = { frame: frameDetail, handshake: handshakeDetail, broken: brokenDetail };
  width = body.clientWidth < 620 ? 8 : 16;
  title.textContent = titleOf(record);
  body.replaceChildren(...(shows[record.kind] ?? otherDetail)(row, announce, find));
}

function titleOf(record) {
  switch (record.kind) {
    case "frame": return `Frame ${record.number} of ${WHO[record.from]}: ${record.name}`;
    case "handshake": return record.from === "client" ? "The client's request" : "The server's answer";
    case "broken": return "A rule was broken";
    default: return "Details";
  }
}

function frameDetail(row, announce) {
  const { record, message } = row;
  const nodes = [...header(record), facts(frameFacts(record, message))];
  if (record.payload.hex) nodes.push(element("h3", {}, payloadTitle(record)), dump(record.payload.hex));
  const text = message?.compressed ? message.payload.text : record.opcode === 2 ? null : record.payload.text;
  if (text) {
    const title = message?.compressed ? "The message, inflated" : "As text";
    nodes.push(element("h3", {}, title), element("pre", { class: "text", tabindex: "0", role: "region", "aria-label": title }, visible(text)));
  }
  nodes.push(copyButton(record, announce));
  return nodes;
}

/** The header's fields, and a line that explains the one that is pointed at. */
function header(record) {
  const explanation = element("p", { class: "explain" }, "Point at a field, or go to it with Tab, to read what it means.");
  const bits = element("div", { class: "bits", role: "group", "aria-label": "The header, bit by bit" });
  for (const field of fieldsOf(record)) bits.append(fieldButton(field, explanation));
  return [bits, explanation];
}

function payloadTitle(record) {
  const what = record.compressed ? "Payload, unmasked and still compressed" : record.mask ? "Payload, unmasked" : "Payload";
  return record.payload.more ? `${what}: its first ${record.payload.hex.length / 2} bytes` : what;
}

function fieldButton(field, explanation) {
  const value = field.bits ?? field.hex.replace(/..(?=.)/g, "$& ");
  const button = element(
    "button",
    { type: "button", class: `field f-${field.kind}` },
    element("span", { class: "field-name" }, field.name),
    element("code", { class: "field-value" }, value),
    element("span", { class: "visually-hidden" }, `: ${field.means}`),
  );
  const explain = () => explanation.replaceChildren(element("strong", {}, field.name), ` ${value}: ${field.means}`);
  for (const event of ["mouseenter", "focus", "click"]) button.addEventListener(event, explain);
  return button;
}

function frameFacts(record, message) {
  const list = [
    ["Time", clock(record.at)],
    ["Connection", String(record.connection)],
    ["Begins at", `byte ${grouped(record.offset)} of its direction`],
    ["Header", headerHex(record)],
    ["Payload", `${grouped(record.length)} bytes${record.compressed ? ", compressed" : ""}`],
  ];
  if (record.cut) list.push(["Cut", `${grouped(record.cut.received)} bytes of it were read`]);
  if (record.close) list.push(["Code", named(record.close.code)], ["Reason", record.close.reason ? visible(record.close.reason) : "none"]);
  if (message) {
    const ratio = message.compressed && message.length > 0 ? `, ${((100 * message.wire_length) / message.length).toFixed(1)} % on the wire` : "";
    const frames = message.frames[1] - message.frames[0] + 1;
    list.push(["Message", `${grouped(message.length)} bytes in ${frames === 1 ? "one frame" : `${grouped(frames)} frames`}${ratio}`]);
  }
  return list;
}

/** The header's bytes, in the colours of their fields. */
function headerHex({ header, mask }) {
  const bytes = header.match(/../g) ?? [];
  const key = mask ? bytes.length - 4 : bytes.length;
  const kind = (at) => (at === 0 ? "opcode" : at === 1 ? "length" : at < key ? "extended" : "key");
  return bytes.map((byte, at) => element("code", { class: `header-byte f-${kind(at)}` }, byte));
}

function facts(list) {
  return element("dl", { class: "facts" }, list.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

/** Bytes, and what they are as ASCII. */
function dump(hex, mark = -1) {
  const bytes = bytesOf(hex);
  const pre = element("pre", { class: "dump", tabindex: "0", role: "region", "aria-label": "Bytes in hex" });
  for (let at = 0; at < bytes.length; at += width) {
    const line = bytes.slice(at, at + width);
    const shown = line.map((byte, index) => {
      const pair = byte.toString(16).padStart(2, "0");
      return at + index === mark ? element("mark", {}, pair) : pair;
    });
    const spaced = shown.flatMap((pair, index) => [index === 8 ? "  " : " ", pair]);
    const ascii = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    const pad = "   ".repeat(width - line.length) + (width > 8 && line.length <= 8 ? " " : "");
    pre.append(element("span", { class: "at" }, at.toString(16).padStart(4, "0")), ...spaced, `${pad}  `, element("span", { class: "ascii" }, ascii), "\n");
  }
  return pre;
}

function copyButton(record, announce) {
  const label = record.payload.more ? "Copy the beginning as hex" : "Copy as hex";
  const button = element("button", { type: "button", id: "copy-hex" }, label);
  button.addEventListener("click", async () => {
    const bytes = [...bytesOf(record.header), ...onTheWire(record)];
    const done = await copy(bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" "));
    announce(done ? "Copied, as it crossed the wire." : "The browser does not let this page copy.");
    button.textContent = done ? "Copied" : "Can't copy";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  return element("p", { class: "do" }, button);
}

function handshakeDetail({ record }) {
  const title = record.text ? `Head of ${record.version}` : `Fields of ${record.version}`;
  const lines = record.text ? record.text.split("\r\n") : record.fields.map(({ name, value }) => `${name}: ${value}`);
  const shown = lines.filter((line) => line !== "").flatMap((line, index) => headLine(line, index === 0 && Boolean(record.text)));
  const pre = element("pre", { class: "text head-text", tabindex: "0", role: "region", "aria-label": title }, shown);
  return [facts([["Time", clock(record.at)], ["Connection", String(record.connection)], ["Version", record.version]]), pre];
}

function headLine(line, isFirst) {
  const colon = isFirst ? -1 : line.indexOf(":", 1);
  if (colon < 0) return [element("strong", {}, visible(line)), "\n"];
  return [element("span", { class: "name" }, visible(line.slice(0, colon + 1))), visible(line.slice(colon + 1)), "\n"];
}

function brokenDetail(row, _, find) {
  const { record } = row;
  const list = [
    ["Broken by", WHO[record.from]],
    ["Where", record.frame === null ? `byte ${grouped(record.offset)}` : `frame ${record.frame}, byte ${grouped(record.offset)} of its direction`],
    ["Offending byte", record.byte === null ? "it did not come" : record.byte.toString(16).padStart(2, "0")],
    ["Written in", sectionLink(record.section)],
    ["Answered with", named(record.answer)],
  ];
  const nodes = [element("p", { class: "rule" }, visible(record.rule)), facts(list)];
  const frame = record.frame === null ? null : find(row);
  if (frame) nodes.push(element("h3", {}, "The header of the frame"), ...header(frame.record));
  if (record.context?.hex) {
    nodes.push(element("h3", {}, "The bytes around it, as they came"), dump(record.context.hex, record.offset - record.context.offset));
  }
  return nodes;
}

/** "RFC 6455 §5.5" with a link. */
function sectionLink(section) {
  const [, rfc, part] = /^RFC (\d+) §([\d.]+)/.exec(section) ?? [];
  if (!rfc) return section;
  return element("a", { href: `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${part}`, rel: "noreferrer noopener", target: "_blank" }, section);
}

function otherDetail({ record }) {
  const skipped = new Set(["kind", "payload", "fields", "text"]);
  const list = Object.entries(record).filter(([name, value]) => !skipped.has(name) && value !== null && typeof value !== "object");
  const shown = list.map(([name, value]) => [name.replace("_", " "), name === "at" ? clock(value) : visible(String(value))]);
  return [element("p", { class: "rule" }, record.kind.replace("_", " ")), facts(shown)];
}

// The header of a frame, bit by bit (RFC 6455 §5.2).

import { bytesOf, grouped } from "./dom.js";

const OPCODES = {
  0: "continuation: the next part of a fragmented message", 1: "text: UTF-8", 2: "binary",
  8: "Close", 9: "Ping: it is answered with a Pong", 10: "Pong",
};

/** Tells the fields of a header: `bits` of the first two bytes, `hex` of the others, and what each means. */
export function fieldsOf(frame) {
  const bytes = bytesOf(frame.header);
  const [first, second] = bytes;
  if (second === undefined) return [];
  const bit = (byte, at) => String((byte >> at) & 1);
  const bits = (byte, count) => byte.toString(2).padStart(8, "0").slice(-count);
  const short = second & 0x7f;
  const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
  const fields = [
    { name: "FIN", kind: "fin", bits: bit(first, 7), means: frame.fin ? "last frame of its message" : "more frames of this message follow" },
    reserved(1, bit(first, 6), frame.compressed && frame.rsv1 ? "the message is compressed (RFC 7692 §6)" : null),
    reserved(2, bit(first, 5)),
    reserved(3, bit(first, 4)),
    { name: "opcode", kind: "opcode", bits: bits(first, 4), means: `${frame.opcode}, ${OPCODES[frame.opcode] ?? "reserved: it has no meaning yet"}` },
    { name: "MASK", kind: "mask", bits: bit(second, 7), means: second & 0x80 ? "masked, as a client's frames are" : "not masked, as a server's frames are" },
    { name: "length", kind: "length", bits: bits(second, 7), means: lengthMeans(short) },
  ];
  if (extended) {
    const hex = frame.header.slice(4, 4 + 2 * extended);
    fields.push({ name: "extended length", kind: "extended", hex, means: `${grouped(frame.length)} bytes of payload` });
  }
  if (second & 0x80) {
    const hex = frame.header.slice(4 + 2 * extended, 12 + 2 * extended);
    fields.push({ name: "masking key", kind: "key", hex, means: "each byte of the payload is combined with one of these by XOR" });
  }
  return fields.filter((field) => field.bits || field.hex);
}

function reserved(number, bits, meaning = null) {
  const means = meaning ?? (bits === "1" ? "set, and no extension gives it a meaning" : "not set");
  return { name: `RSV${number}`, kind: "reserved", bits, means };
}

function lengthMeans(short) {
  if (short === 126) return "126: the length follows in 16 bits";
  if (short === 127) return "127: the length follows in 64 bits";
  return `${short} bytes of payload`;
}

/** The beginning of a payload as it crossed the wire: masked where there is a key. */
export function onTheWire(frame) {
  const key = frame.mask ? bytesOf(frame.mask) : [0, 0, 0, 0];
  return bytesOf(frame.payload.hex).map((byte, at) => byte ^ key[at % 4]);
}

const CODES = {
  1000: "normal", 1001: "going away", 1002: "protocol error", 1003: "unsupported data",
  1007: "invalid payload", 1008: "policy violation", 1009: "message too big",
  1010: "extension missing", 1011: "internal error", 1012: "service restart", 1013: "try again later", 1014: "bad gateway",
};

/** 1002 → "1002 protocol error". RFC 6455 §7.1.5: 1005 stands for a Close without a code, 1006 for no Close at all. */
export function named(code) {
  if (code === null) return "no Close: the connection ends";
  if (code === 1005) return "a Close without a code";
  if (code === 1006) return "no Close came";
  return `${code}${CODES[code] ? ` ${CODES[code]}` : code >= 4000 ? " (an application's own)" : ""}`;
}

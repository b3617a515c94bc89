// What every JavaScript peer says and answers: the client's checks and the server's targets.
//
// The same script as script.py; it runs in Node and in a page. A peer brings connections with the methods
// send, receive, fragments, ping, close, abort and raw; one that its API cannot offer throws NotPossible.

export const LIMIT = 2 << 20; // bytes that a message may have; TOO_BIG announces more
export const TOO_BIG = 3 << 20;
export const CHOSEN = "chat";
export const OFFERED = ["superchat", CHOSEN]; // what a client offers; a server takes the second
const PATIENCE = 10_000; // milliseconds that any one check may take
const SIZES = [0, 1, 125, 126, 65535, 65536, 1 << 20];
const FRAGMENTED = "zażółć gęślą jaźń, 芝士 🧀, done";
const CLOSE_BY_CLIENT = [4002, "client says żegnaj"];
const CLOSE_BY_SERVER = [4001, "server says 再见"];
export const ABNORMAL = 1006; // RFC 6455 §7.4.1: the stream ended without a Close
const PING = "are you there?";
const VIOLATIONS = { "reserved-opcode": 1002, "invalid-utf8": 1007, "too-big": 1009 };

export class Closed extends Error {
  constructor(code, reason) {
    super(`closed with ${code} ${reason}`);
    this.code = code;
    this.reason = reason;
  }
}

export class NotPossible extends Error {}

/** What came and was not asked for yet; `close` ends it. */
export class Inbox {
  messages = [];
  closed = null;
  waiting = null;

  push(message) {
    this.messages.push(message);
    this.wake();
  }

  close(code, reason) {
    this.closed ??= new Closed(code, reason);
    this.wake();
  }

  wake() {
    this.waiting?.();
    this.waiting = null;
  }

  async next() {
    while (this.messages.length === 0) {
      if (this.closed) throw this.closed;
      await new Promise((resolve) => (this.waiting = resolve));
    }
    return this.messages.shift();
  }
}

export async function untilClosed(connection) {
  try {
    for (;;) await connection.receive();
  } catch (error) {
    if (error instanceof Closed) return [error.code, error.reason];
    throw error;
  }
}

function textOf(size) {
  let whole = "";
  for (let i = 0; i <= size / 18; i += 1) whole += `${i} żółw 芝 🧀 `;
  const encoded = new TextEncoder().encode(whole);
  let end = Math.min(size, encoded.length);
  while (end > 0 && (encoded[end] & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(encoded.subarray(0, end)) + "x".repeat(size - end);
}

/** Bytes that repeat at distances below, inside and beyond the usual windows. */
function bytesOf(size) {
  const block = new Uint8Array(40_000);
  let state = 1n;
  for (let i = 0; i < block.length; i += 1) {
    state = (state * 1103515245n + 12345n) & 0x7fffffffn;
    block[i] = Number((state >> 16n) & 0xffn);
  }
  const periods = [700, 5_000, 40_000];
  const third = Math.floor(size / 3) + 1;
  return Uint8Array.from({ length: size }, (_, i) => block[(i % third) % periods[Math.floor(i / third)]]);
}

/** A frame made by hand; a client's masking key is zero, so its payload stays as it is. */
function frame(firstByte, payload, masked, announced = payload.length) {
  const length = announced < 126 ? [announced] : [127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((by) => (announced >> by) & 0xff)];
  if (masked) length[0] |= 0x80;
  return Uint8Array.from([firstByte, ...length, ...(masked ? [0, 0, 0, 0] : []), ...payload]);
}

function violation(name, masked) {
  switch (name) {
    case "reserved-opcode":
      return frame(0x83, [], masked);
    case "invalid-utf8":
      return frame(0x81, [0x66, 0x69, 0x6e, 0x65, 0xff], masked);
    case "too-big":
      return frame(0x82, [], masked, TOO_BIG);
    default:
      throw new Error(`no violation is called ${name}`);
  }
}

/** Cuts a text's bytes every 5, inside characters too. */
export function cut(text) {
  const data = new TextEncoder().encode(text);
  return Array.from({ length: Math.ceil(data.length / 5) }, (_, i) => data.slice(i * 5, i * 5 + 5));
}

// The server's side

/** The targets that a server answers; remembers how each connection ended for `/saw/TARGET`. */
export class Server {
  saw = new Map();

  async serve(connection, target) {
    const [task, ...rest] = target.slice(1).split("/");
    this.saw.set(target, await this.answer(connection, task, rest.join("/")));
  }

  async answer(connection, task, rest) {
    try {
      switch (task) {
        case "echo":
          for (;;) await connection.send(await connection.receive());
        case "fragments":
          await connection.fragments(FRAGMENTED);
          break;
        case "ping":
          await connection.ping(PING);
          await connection.send("pong");
          break;
        case "close":
          return await connection.close(...CLOSE_BY_SERVER);
        case "abort":
          connection.abort();
          return [ABNORMAL, ""];
        case "violate":
          connection.raw(violation(rest, false));
          break;
        case "saw":
          await connection.send((this.saw.get(`/${rest}`) ?? ["", ""]).join(" "));
          break;
      }
    } catch (error) {
      if (error instanceof Closed) return [error.code, error.reason];
      throw error;
    }
    return await untilClosed(connection);
  }
}

// The client's side

/** Runs the checks, and `more`; `connect(target)` opens a connection that offers the subprotocols `OFFERED`. */
export async function runClient(connect, { deflate, violator }, emit, more = []) {
  const checks = [
    ["handshake", () => handshake(connect, deflate)],
    ["text", () => echo(connect, textOf, (a, b) => a === b)],
    ["binary", () => echo(connect, bytesOf, sameBytes)],
    ["fragments sent", () => fragmentsSent(connect)],
    ["fragments received", () => answers(connect, "/fragments", FRAGMENTED)],
    ["ping sent", () => pingSent(connect)],
    ["ping received", () => answers(connect, "/ping", "pong")],
    ["close by client", () => closeByClient(connect)],
    ["close by server", () => closeByServer(connect)],
    ["end by client", () => endByClient(connect)],
    ["end by server", () => endByServer(connect)],
  ];
  const judge = violator === "server" ? violated : violate;
  for (const [name, code] of Object.entries(VIOLATIONS)) {
    checks.push([`${name} ${code}`, () => judge(connect, name, code)]);
  }
  checks.push(...more);
  for (const [name, check] of checks) emit("result", name, ...(await verdict(check)));
}

async function verdict(check) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${PATIENCE / 1000} s`)), PATIENCE);
  });
  try {
    await Promise.race([check(), late]);
    return ["ok", ""];
  } catch (error) {
    return error instanceof NotPossible ? ["n/a", error.message] : ["FAIL", String(error).replace(/\s+/g, " ")];
  } finally {
    clearTimeout(timer);
  }
}

async function handshake(connect, deflate) {
  const connection = await connect("/echo/handshake");
  expect("subprotocol", connection.subprotocol, CHOSEN);
  expect("permessage-deflate", connection.deflate, deflate);
  await connection.close(1000, "");
}

async function echo(connect, payloadOf, same) {
  const connection = await connect("/echo/messages");
  for (const size of SIZES) {
    const sent = payloadOf(size);
    await connection.send(sent);
    if (!same(await connection.receive(), sent)) throw new Error(`${size} bytes came back changed`);
  }
  await connection.close(1000, "");
}

function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

async function fragmentsSent(connect) {
  const connection = await connect("/echo/fragments");
  await connection.fragments(FRAGMENTED);
  expect("echo", await connection.receive(), FRAGMENTED);
  await connection.close(1000, "");
}

async function answers(connect, target, wanted) {
  const connection = await connect(target);
  const answer = await connection.receive();
  if (answer.startsWith("n/a ")) throw new NotPossible(`server: ${answer.slice(4)}`);
  expect("message", answer, wanted);
  await connection.close(1000, "");
}

async function pingSent(connect) {
  const connection = await connect("/echo/ping");
  await connection.ping(PING);
  await connection.close(1000, "");
}

async function closeByClient(connect) {
  const target = "/echo/close-by-client";
  const connection = await connect(target);
  const [code] = await connection.close(...CLOSE_BY_CLIENT);
  expect("a Close came back", code !== ABNORMAL, true);
  await expectSeen(connect, target, CLOSE_BY_CLIENT.join(" "));
}

async function closeByServer(connect) {
  const connection = await connect("/close");
  expect("close", (await untilClosed(connection)).join(" "), CLOSE_BY_SERVER.join(" "));
}

async function endByClient(connect) {
  const target = "/echo/end-by-client";
  const connection = await connect(target);
  connection.abort();
  await expectSeen(connect, target, `${ABNORMAL} `);
}

async function endByServer(connect) {
  const connection = await connect("/abort");
  expect("code", (await untilClosed(connection))[0], ABNORMAL);
}

async function violate(connect, name, code) {
  const connection = await connect(`/echo/violate-${name}`);
  connection.raw(violation(name, true), name);
  expect("code", (await untilClosed(connection))[0], code);
}

async function violated(connect, name, code) {
  const target = `/violate/${name}`;
  await untilClosed(await connect(target));
  await expectSeen(connect, target, String(code), 1);
}

/** Asks the server how it saw the connection end, until it knows; compares the first `words`, or all. */
async function expectSeen(connect, target, wanted, words) {
  // A browser keeps the stream of each try until the server gives it up: so tries become rare.
  for (let pause = 20; ; pause = Math.min(2 * pause, 500)) {
    const connection = await connect(`/saw${target}`);
    const answer = await connection.receive();
    await connection.close(1000, "");
    if (answer !== " ") {
      return expect("what the server saw", words ? answer.split(" ", words).join(" ") : answer, wanted);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

export function expect(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
}

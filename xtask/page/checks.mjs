// What the page must do: each check opens what it needs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, choose, close, frames, lines, open, sleep, stateOf, until } from "./page.mjs";
import { start } from "./server.mjs";

const isFrame = (from, what) => ({ kind, sender, what: name }) => kind === "frame" && sender === from && name === what;

/** Presses a button that says something to /echo; returns the frames once the answer is there. */
async function echoed(page, name, what) {
  const answered = (all) => frames(all).filter(isFrame("server", what)).length > 0;
  await page.click("#clear");
  await page.click(`[data-do="${name}"]`);
  const all = await until(async () => lines(page).then((all) => (answered(all) ? all : null)), name);
  return frames(all);
}

export const checks = {
  async "opens, and shows its handshake"({ browser, url }) {
    const page = await open(browser, url);
    assert.equal(await page.textContent("#version"), "HTTP/1.1");
    assert.match(await page.textContent("#extensions"), /^permessage-deflate/);
    const all = await lines(page);
    assert.equal(all[0].payload, "/echo of this page");
    assert.match(all.find(({ what }) => what === "request").payload, /^GET \/echo\?session=[0-9a-f]{32} HTTP\/1.1$/);
    assert.ok(all.some(({ kind, payload }) => kind === "state" && payload === "open"), "a change of state");
    await page.locator(".row", { hasText: "request" }).first().click();
    assert.match(await page.textContent("#detail-body"), /Sec-WebSocket-Version: 13/);
    assert.ok(!all.some(({ payload }) => payload.includes("/wire")), "it never shows itself");
    await close(page);
  },

  async "each button that says something"({ browser, url }) {
    const page = await open(browser, url);
    let [asked, answer] = await echoed(page, "text", "text");
    assert.equal(answer.payload, "Hello, WebSocket!");
    assert.match(asked.bits, /FIN.*MASK/);
    assert.equal(answer.bits, "FIN");
    [asked, answer] = await echoed(page, "binary", "binary");
    assert.equal(answer.length, "24");
    [asked, answer] = await echoed(page, "json", "text");
    assert.match(asked.bits, /RSV1/);
    assert.match(answer.length, /^1.\d{3} → 24.\d{3}$/);
    const mib = await echoed(page, "mib", "binary");
    const total = mib.filter(({ sender }) => sender === "server").map(({ length }) => length.split(" → ").pop().replace(/\D/g, ""));
    assert.equal(total.reduce((sum, length) => sum + Number(length), 0), 1 << 20);
    await after(page, () => page.click('[data-do="ping"]'), isFrame("client", "pong"), "a Pong");
    const ping = frames(await lines(page));
    assert.deepEqual(ping.map(({ sender, what, payload }) => [sender, what, payload]), [["server", "ping", "ping 1"], ["client", "pong", "ping 1"]]);
    await close(page);
  },

  async "an emoji cut between two frames"({ browser, url }) {
    const page = await open(browser, url);
    const all = await after(page, () => page.click('[data-do="split"]'), ({ kind }) => kind === "over", "the scene");
    const [first, second] = frames(all);
    assert.deepEqual([first.what, first.bits, first.payload], ["text", "MASK", "A crab f0 9f"]);
    assert.equal(second.what, "continuation");
    assert.match(second.payload, /^a6 80 /);
    assert.ok(frames(all).some(({ sender, payload }) => sender === "server" && payload === "A crab 🦀 in two frames"));
    await close(page);
  },

  async "each violation is shown with its rule and its answer"({ browser, url }) {
    const page = await open(browser, url);
    const featured = await page.locator("[data-violation]").count();
    assert.equal(featured, 12);
    const names = await page.locator("#more option").allTextContents();
    assert.equal(featured + names.length, 43);
    const buttons = await page.locator("[data-violation]").evaluateAll((all) => all.map(({ dataset, title }) => [dataset.violation, title]));
    const acts = buttons.map(([name, title]) => [name, Number(/(\d+)$/.exec(title)[1]), () => page.click(`[data-violation="${name}"]`)]);
    for (const name of ["reserved-bit-1", "too-many-fragments", "compressed-beyond-window", "end-inside-frame"]) {
      const code = { "reserved-bit-1": 1002, "too-many-fragments": 1008, "compressed-beyond-window": 1007 }[name];
      acts.push([name, code, async () => {
        await page.selectOption("#more", name);
        await page.click("#more-form button");
      }]);
    }
    for (const [name, code, act] of acts) {
      await choose(page);
      await page.click("#clear");
      await act();
      await until(() => page.locator('.row[data-kind="over"]').count(), name);
      const details = async () => `${await page.textContent("#detail-title")} ${await page.textContent("#detail-body")}`;
      if (code !== undefined) await until(async () => (await details()).includes(`Answered with${code}`), `${name}: its details`);
      const shown = await lines(page, { show: "broken" });
      const closes = await lines(page, { filter: "close", show: "server" });
      if (code === undefined) {
        assert.deepEqual([shown.length, closes.length], [0, 0], name);
        continue;
      }
      assert.equal(shown.length, 1, name);
      assert.match(shown[0].payload, new RegExp(`\\(RFC \\d+ §[\\d.]+\\) answered with ${code}`), name);
      assert.match(closes[0].payload, new RegExp(`^${code} `), name);
      assert.match(await details(), /^A rule was broken /, name);
      assert.ok(await page.locator("#detail-body mark").count(), `${name}: the offending byte is marked`);
    }
    await close(page);
  },

  async "closes with 4001 and a reason, and connects again"({ browser, url }) {
    const page = await open(browser, url);
    await page.click('[data-do="close"]');
    await until(() => stateOf(page).then((state) => state === "closed"), "closed");
    assert.match(await page.textContent("#state"), /^closed: 4001 .*“as the button says”$/);
    const closes = (await lines(page)).filter(({ what }) => what === "close");
    assert.deepEqual(closes.map(({ sender }) => sender), ["client", "server"]);
    assert.ok(closes.every(({ payload }) => payload.startsWith("4001 ") && payload.endsWith("as the button says")));
    await page.click('[data-do="text"]');
    await until(async () => (await page.textContent("#live")).includes("connect again first"), "it says why nothing is sent");
    await page.click("#reconnect");
    await until(() => stateOf(page).then((state) => state === "open"), "open again");
    await echoed(page, "text", "text");
    await close(page);
  },

  async "ends without a Close"({ browser, url }) {
    const page = await open(browser, url);
    const all = await after(page, () => page.click('[data-do="end"]'), ({ kind }) => kind === "over", "the scene");
    assert.equal(frames(all).length, 0);
    assert.ok(all.some(({ kind, payload }) => kind === "end" && payload === "of the stream, without a Close"));
    await close(page);
  },

  async "what a peer says is text and nothing else"({ browser, url }) {
    const page = await open(browser, url);
    const evil = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u202eexe.txt\u2066\u0007";
    await page.fill("#text", evil);
    const [, answer] = await echoed(page, "text", "text");
    assert.ok(answer.payload.startsWith("<script>document.title='owned'</script><img"), answer.payload);
    assert.ok(answer.payload.includes("U+202Eexe.txtU+2066U+0007"), answer.payload);
    await page.locator('.row[data-from="server"][data-kind="frame"]').first().click();
    assert.ok((await page.textContent("#detail-body")).includes("U+202Eexe.txt"));
    await page.click("#chat-join");
    await until(() => page.locator("#chat-form").isVisible(), "joined");
    await page.fill("#chat-text", evil);
    await page.press("#chat-text", "Enter");
    await until(async () => (await page.textContent("#chat-log")).includes("U+202Eexe.txt"), "the chat");
    await page.fill("#filter", evil);
    assert.equal(await page.locator("img, .payload-text script, #detail-body script, #chat-log script").count(), 0);
    assert.equal(await page.title(), "wsproto: WebSocket at work");
    await page.fill("#filter", "");
    // A reason of a Close is a peer's text, too.
    const request = (await lines(page)).find(({ what }) => what === "request").payload;
    const session = /session=([0-9a-f]+)/.exec(request)[1];
    await page.evaluate((id) => {
      const socket = new WebSocket(`/echo?session=${id}`);
      socket.onopen = () => socket.close(4000, "<b>\u202ebye");
    }, session);
    await until(async () => (await lines(page, { filter: "4000" })).some(({ payload }) => payload.endsWith("<b>U+202Ebye")), "the reason");
    const styled = await page.evaluate(() => {
      const style = document.createElement("p");
      style.setAttribute("style", "color: red");
      document.body.append(style);
      const colour = getComputedStyle(style).color;
      style.remove();
      return colour;
    });
    assert.notEqual(styled, "rgb(255, 0, 0)", "inline style is off");
    page.complaints = page.complaints.filter((text) => !text.includes("Content Security Policy"));
    await close(page);
  },

  async "all hear what one says in the chat"({ browser, url }) {
    const [one, other] = [await open(browser, url), await open(browser, url)];
    for (const page of [one, other]) {
      await page.click("#chat-join");
      await until(() => page.locator("#chat-form").isVisible(), "joined");
    }
    await one.fill("#chat-text", "Hello to all");
    await one.press("#chat-text", "Enter");
    for (const page of [one, other]) {
      await until(async () => /guest-\d+: Hello to all/.test(await page.textContent("#chat-log")), "heard");
    }
    const seen = frames(await lines(other)).filter(({ sender }) => sender === "server");
    assert.ok(seen.some(({ payload }) => /: Hello to all$/.test(payload)), "the page sees its own chat");
    await close(one);
    await close(other);
  },

  async "filters, pauses and clears"({ browser, url }) {
    const page = await open(browser, url);
    await page.fill("#text", "needle");
    await echoed(page, "text", "text");
    await after(page, async () => {
      await page.click('[data-do="json"]');
      await page.click('[data-do="text"]');
    }, ({ payload }) => payload === "needle", "both");
    await until(async () => frames(await lines(page)).length === 4, "four frames");
    assert.deepEqual(frames(await lines(page, { filter: "NEEDLE" })).map(({ payload }) => payload), ["needle", "needle"]);
    assert.equal((await lines(page, { filter: "person 249" })).length, 0, "only the beginning of a payload is here");
    assert.equal((await lines(page, { filter: "person 1" })).length, 2, "what was compressed is found by its text");
    assert.equal((await lines(page, { show: "client" })).length, 2);
    await lines(page);
    await page.click("#pause");
    assert.equal(await page.getAttribute("#pause", "aria-pressed"), "true");
    const before = (await lines(page)).length;
    await page.click('[data-do="text"]');
    await until(async () => /2 held back/.test(await page.textContent("#count")), "held back");
    assert.equal((await lines(page)).length, before);
    await page.click("#pause");
    await until(async () => (await lines(page)).length === before + 2, "shown again");
    await page.click("#clear");
    assert.equal((await lines(page)).length, 0);
    assert.equal(await page.textContent("#count"), "0");
    await close(page);
  },

  async "copies as hex, and downloads what explain reads"({ browser, url, binary, folder }) {
    const page = await open(browser, url, { permissions: ["clipboard-read", "clipboard-write"], acceptDownloads: true });
    await page.fill("#text", "Hi");
    await echoed(page, "text", "text");
    await page.locator('.row[data-from="client"][data-kind="frame"]').first().click();
    await page.click("#copy-hex");
    await until(async () => (await page.textContent("#copy-hex")) === "Copied", "copied");
    const hex = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(hex, /^[0-9a-f]{2} [0-9a-f]{2}( [0-9a-f]{2})+$/);
    const key = hex.split(" ").slice(2, 6).map((pair) => parseInt(pair, 16));
    const text = hex.split(" ").slice(6).map((pair, index) => String.fromCharCode(parseInt(pair, 16) ^ key[index % 4])).join("");
    if (hex.startsWith("81")) assert.equal(text, "Hi");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    const file = join(folder, "session.wsproto");
    writeFileSync(file, readFileSync(await download.path()));
    assert.match(download.suggestedFilename(), /^connection-1\.wsproto$/);
    const said = execFileSync(binary, ["explain", file], { encoding: "utf8" });
    assert.match(said, /GET \/echo\?session=/);
    assert.match(said, /Hi/);
    await close(page);
  },

  async "over HTTP/2 the pseudo-header fields are shown"({ browser, secure }) {
    const page = await open(browser, secure);
    assert.equal(await page.textContent("#version"), "HTTP/2");
    await page.locator(".row", { hasText: "request" }).first().click();
    const text = await page.textContent("#detail-body");
    for (const field of [":method: CONNECT", ":protocol: websocket", ":scheme: https", ":path: /echo?session="]) assert.ok(text.includes(field), `${field} in ${text}`);
    await echoed(page, "text", "text");
    await echoed(page, "mib", "binary");
    await page.click("#clear");
    await page.click('[data-do="burst"]');
    await until(async () => (await page.textContent("#count")).replace(/\D/g, "") === "2000", "a thousand texts and their echoes");
    await page.click('[data-do="close"]');
    await until(() => stateOf(page).then((state) => state === "closed"), "closed");
    assert.match(await page.textContent("#state"), /^closed: 4001/);
    await close(page);
  },

  async "a server that ends closes with 1001"({ browser, binary }) {
    const server = await start(binary);
    const page = await open(browser, server.url);
    const began = Date.now();
    const status = server.stop("SIGINT");
    await until(async () => (await page.textContent("#state")) === "the server has ended (1001)", "it is told");
    assert.equal(await status, 0);
    assert.ok(Date.now() - began < 5000, "bounded");
    await sleep(100);
    assert.equal(await stateOf(page), "lost");
    await page.context().close();
  },

  async "a server that is lost is missed, and one that comes back begins a new session"({ browser, binary }) {
    const server = await start(binary);
    const page = await open(browser, server.url);
    await page.fill("#text", "before");
    await echoed(page, "text", "text");
    await server.stop("SIGKILL");
    await until(() => stateOf(page).then((state) => state === "lost"), "lost");
    for (const button of ['[data-do="text"]', '[data-do="ping"]', '[data-do="split"]', '[data-violation="text-not-utf8"]', "#download"]) {
      await page.evaluate(() => document.getElementById("live").replaceChildren());
      await page.click(button);
      await until(async () => (await page.textContent("#live")).startsWith("The server can't be reached."), `${button} says so`);
    }
    const again = await start(binary, "--port", new URL(server.url).port);
    await until(() => stateOf(page).then((state) => state === "open"), "open again");
    await page.fill("#text", "after");
    await page.click('[data-do="text"]');
    const all = await until(async () => {
      const all = await lines(page);
      return all.filter(({ payload }) => payload === "after").length === 2 ? all : null;
    }, "the echo");
    const [border, first, second] = [({ kind }) => kind === "session", ({ payload }) => payload === "before", ({ payload }) => payload === "after"].map((fits) => all.findIndex(fits));
    assert.ok(0 <= first && first < border && border < second, `${first} < ${border} < ${second}`);
    await page.locator(".row", { hasText: "before" }).first().click();
    await page.click("#download");
    await until(async () => (await page.textContent("#live")).includes("earlier session"), "its bytes are gone");
    page.complaints = page.complaints.filter((text) => !text.includes("WebSocket connection to"));
    await close(page);
    await again.stop();
  },
};

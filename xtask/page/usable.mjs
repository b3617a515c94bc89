// Whether everybody can use the page: by keyboard, with a screen reader, on a phone, in the dark, with many frames.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { close, lines, open, until } from "./page.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const LOOKS = [
  { name: "light and wide", colorScheme: "light", viewport: { width: 1440, height: 900 } },
  { name: "dark and wide", colorScheme: "dark", viewport: { width: 1440, height: 900 } },
  { name: "light on a tablet", colorScheme: "light", viewport: { width: 900, height: 1100 } },
  { name: "light on a phone", colorScheme: "light", viewport: { width: 360, height: 740 } },
  { name: "dark on a phone", colorScheme: "dark", viewport: { width: 360, height: 740 } },
];

/** Fills the page: frames of all kinds, a broken rule, a chat. */
export async function fill(page) {
  for (const name of ["text", "ping", "json", "split"]) await page.click(`[data-do="${name}"]`);
  await page.click("#chat-join");
  await until(() => page.locator("#chat-form").isVisible(), "joined");
  await page.click('[data-violation="unmasked-frame"]');
  await until(async () => (await page.textContent("#detail-title")) === "A rule was broken", "the rule");
  await until(() => page.locator('.row[data-kind="over"]').count(), "the end of the scene");
}

async function audit(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(told, [], what);
  for (const { id, impact, nodes } of violations) console.log(`    axe, ${what}: ${impact} ${id}: ${nodes[0].html}`);
}

export const checks = {
  async "axe finds nothing serious, and nothing is cut off"({ browser, url }) {
    for (const { name, ...look } of LOOKS) {
      // axe is put in by a script of the test, which the page itself would refuse.
      const page = await open(browser, url, { ...look, bypassCSP: true });
      await audit(page, `${name}, empty`);
      await fill(page);
      await audit(page, `${name}, a broken rule`);
      await page.locator('.row[data-kind="frame"]').first().click();
      await audit(page, `${name}, a frame`);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(beyond <= 0, `${name}: ${beyond} px too wide`);
      await close(page);
    }
  },

  async "by keyboard alone"({ browser, url }) {
    const page = await open(browser, url);
    const press = (key, times = 1) => Array.from({ length: times }).reduce((before) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
    await press("Tab");
    assert.equal(await focused(), "Skip to the frames");
    await press("Tab");
    assert.equal(await focused(), "text");
    await page.keyboard.type(" By hand.");
    await press("Enter");
    await until(async () => (await lines(page)).filter(({ kind }) => kind === "frame").length === 2, "said by Enter");
    await page.focus("body");
    await page.evaluate(() => document.activeElement.blur());
    await page.focus(".skip");
    await press("Enter");
    await until(async () => (await focused()) === "frames", "the skip link");
    await press("End");
    await press("ArrowUp");
    const active = () => page.evaluate(() => {
      const id = document.getElementById("frames").getAttribute("aria-activedescendant");
      const row = document.getElementById(id);
      return { text: row.textContent, selected: row.getAttribute("aria-selected"), index: row.getAttribute("aria-rowindex") };
    });
    await until(async () => (await active()).selected === "true", "chosen by arrow keys");
    assert.match((await active()).text, /By hand/);
    await press("Enter");
    assert.equal(await focused(), "detail-title");
    await press("Tab");
    assert.match(await focused(), /^FIN/);
    assert.match(await page.textContent(".explain"), /FIN 1: last frame of its message/);
    await press("Tab", 4);
    assert.match(await page.textContent(".explain"), /opcode 0001: 1, text/);
    await press("Escape");
    assert.equal(await focused(), "frames");
    await press("Home");
    await until(async () => (await active()).index === "2", "the first line");
    await press("Tab");
    assert.notEqual(await focused(), "frames", "no trap");
    await close(page);
  },

  async "what is announced isn't every frame"({ browser, url }) {
    const page = await open(browser, url);
    await page.evaluate(() => {
      globalThis.said = [];
      new MutationObserver(() => globalThis.said.push(document.getElementById("live").textContent)).observe(document.getElementById("live"), { childList: true });
    });
    await page.click('[data-do="burst"]');
    await page.click('[data-violation="text-not-utf8"]');
    await until(async () => (await page.evaluate(() => globalThis.said)).some((text) => text.startsWith("Broken: ")), "announced");
    const said = await page.evaluate(() => globalThis.said);
    assert.ok(said.length <= 4, `${said.length} announcements`);
    await close(page);
  },

  async "10 000 frames without a stall"({ browser, url }) {
    const page = await open(browser, url);
    await page.evaluate(() => {
      globalThis.tasks = [];
      new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ entryTypes: ["longtask"] });
    });
    await page.click("#clear");
    const began = Date.now();
    for (let times = 0; times < 5; times += 1) await page.click('[data-do="burst"]');
    const count = async () => Number((await page.textContent("#count")).replace(/\D/g, ""));
    await until(async () => (await count()) >= 10_000, "10 000 frames", 60_000);
    const took = Date.now() - began;
    assert.equal(await count(), 10_000, "none is left out");
    const drawn = await page.locator(".body .row").count();
    assert.ok(drawn < 100, `${drawn} lines are elements`);
    const gaps = await page.evaluate(async () => {
      const grid = document.getElementById("frames");
      const gaps = [];
      let last = performance.now();
      for (let step = 0; step < 120; step += 1) {
        grid.scrollTop = (grid.scrollHeight * ((step * 37) % 120)) / 120;
        await new Promise((done) => requestAnimationFrame(done));
        gaps.push(performance.now() - last);
        last = performance.now();
      }
      return gaps.sort((one, other) => one - other);
    });
    const [median, worst] = [gaps[60], gaps[119]];
    await page.fill("#filter", "text 777 of");
    await until(async () => (await page.locator(".body .row").count()) === 10, "filtered");
    const longest = Math.max(0, ...(await page.evaluate(() => globalThis.tasks)));
    console.log(`    ${took} ms to show, ${median.toFixed(0)} ms a screen while scrolling (worst ${worst.toFixed(0)}), longest task ${longest.toFixed(0)} ms`);
    assert.ok(median < 50 && worst < 500, `scrolling: ${median} ms, worst ${worst} ms`);
    assert.ok(longest < 1000, `a task of ${longest} ms`);
    await close(page);
  },

  async "nothing moves for those who want no motion"({ browser, url }) {
    const page = await open(browser, url, { reducedMotion: "reduce" });
    await page.evaluate(() => { document.documentElement.dataset.state = "connecting"; });
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    await close(page);
  },
};

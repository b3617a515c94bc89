// Tests the page of `wsproto serve` in Chromium, and takes its screenshots.
//
// Usage: run.mjs --binary PATH --chromium PATH --folder EMPTY [--images FOLDER] [--only WORDS]

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { checks } from "./checks.mjs";
import { start } from "./server.mjs";
import { checks as usable } from "./usable.mjs";
import { close, open, until } from "./page.mjs";

const { values: options } = parseArgs({
  options: { binary: { type: "string" }, chromium: { type: "string" }, folder: { type: "string" }, images: { type: "string" }, only: { type: "string", default: "" } },
});

const WIDE = { width: 1180, height: 740 };
const SHOTS = [
  { name: "page-light", colorScheme: "light", viewport: WIDE },
  { name: "page-dark", colorScheme: "dark", viewport: WIDE },
  { name: "page-phone", colorScheme: "light", viewport: { width: 360, height: 780 }, scrolls: "#frames-title" },
];

/** Says some things, breaks a rule, and points at the bit that breaks it. */
async function pose(page) {
  for (const name of ["text", "json", "ping"]) {
    await page.click(`[data-do="${name}"]`);
    await page.waitForTimeout(150);
  }
  await page.click('[data-violation="unmasked-frame"]');
  await until(async () => (await page.textContent("#detail-title")) === "A rule was broken", "its details");
  await page.hover(".f-mask");
}

async function takeScreenshots(browser, url) {
  mkdirSync(options.images, { recursive: true });
  for (const { name, scrolls, ...look } of SHOTS) {
    const page = await open(browser, url, look);
    await pose(page);
    await page.evaluate((id) => (id ? document.querySelector(id).scrollIntoView() : scrollTo(0, 0)), scrolls);
    await page.screenshot({ path: join(options.images, `${name}.png`) });
    await close(page);
  }
}

const [server, secure] = [await start(options.binary), await start(options.binary, "--tls")];
const browser = await chromium.launch({ executablePath: options.chromium, headless: true, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-lcd-text"] });
const world = { browser, url: server.url, secure: secure.url, binary: options.binary, folder: options.folder };
let failed = 0;
try {
  console.log(`Chromium ${browser.version()}`);
  for (const [name, check] of Object.entries({ ...checks, ...usable })) {
    if (!name.includes(options.only)) continue;
    const began = Date.now();
    try {
      await check(world);
      console.log(`ok    ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name}: ${error.stack}`);
    }
  }
  if (options.images) await takeScreenshots(browser, server.url);
} finally {
  await browser.close();
  await Promise.all([server.stop(), secure.stop()]);
}
console.log(failed === 0 ? "the page is as it should be" : `${failed} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;

// A page under test, and what the checks ask of it.

import assert from "node:assert/strict";

export const sleep = (time) => new Promise((done) => setTimeout(done, time));

/** Waits until `look` returns something. */
export async function until(look, what, limit = 15_000) {
  const end = Date.now() + limit;
  let last;
  while (Date.now() < end) {
    last = await look();
    if (last) return last;
    await sleep(25);
  }
  assert.fail(`${what}: not within ${limit} ms`);
}

/** Opens the page; what the console says is kept: it must be nothing. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(error.message));
  await page.goto(url);
  await until(() => stateOf(page).then((state) => state === "open"), "the page is open");
  return page;
}

export async function close(page) {
  assert.deepEqual(page.complaints, [], "the console says nothing");
  await page.context().close();
}

export const stateOf = (page) => page.locator("html").getAttribute("data-state");

/** Sets the filter. */
export async function choose(page, { filter = "", show = "all" } = {}) {
  await page.fill("#filter", filter);
  await page.selectOption("#show", show);
}

/** All lines that the filter lets through, read by scrolling: each an object by the names of columns. */
export async function lines(page, wanted) {
  await choose(page, wanted);
  return page.evaluate(async () => {
    const grid = document.getElementById("frames");
    const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const all = new Map();
    for (let top = 0; ; top += grid.clientHeight - 60) {
      grid.scrollTop = top;
      await frame();
      for (const row of grid.querySelectorAll(".body .row")) {
        const cells = Object.fromEntries([...row.children].map((cell) => [cell.className.slice(2), cell.textContent]));
        all.set(Number(row.getAttribute("aria-rowindex")), { kind: row.dataset.kind, sender: row.dataset.from, ...cells });
      }
      if (top + grid.clientHeight >= grid.scrollHeight) break;
    }
    return [...all].sort(([one], [other]) => one - other).map(([, line]) => line);
  });
}

/** Empties the table, acts, and waits until a line fits. */
export async function after(page, act, fits, what) {
  await page.click("#clear");
  await act();
  return until(async () => {
    const all = await lines(page);
    return all.some(fits) ? all : null;
  }, what);
}

export const frames = (all) => all.filter(({ kind }) => kind === "frame");

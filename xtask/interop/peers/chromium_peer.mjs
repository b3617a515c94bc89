// Headless Chromium as a client: a page on loopback runs the script and this file prints what it reports. Over TLS, the
// server at the URL brings the page, too.
//
// Usage: chromium_peer.mjs client URL --executable PATH --profile EMPTY_FOLDER [--deflate] [--tls FOLDER]

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values: options, positionals: [, url] } = parseArgs({
  allowPositionals: true,
  options: {
    deflate: { type: "boolean", default: false },
    executable: { type: "string" },
    profile: { type: "string" },
    tls: { type: "string" },
  },
});

const here = (name) => readFile(new URL(name, import.meta.url));
const pages = {
  "/": ["text/html", await here("page.html")],
  "/page.mjs": ["text/javascript", await here("page.mjs")],
  "/script.mjs": ["text/javascript", await here("script.mjs")],
  "/web_socket.mjs": ["text/javascript", await here("web_socket.mjs")],
};
const server = createServer((request, response) => {
  const [type, body] = pages[new URL(request.url, "http://page").pathname] ?? ["text/plain", ""];
  response.writeHead(200, { "content-type": type }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const context = await chromium.launchPersistentContext(options.profile, {
  executablePath: options.executable,
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Nobody has told the browser of the authority that signs for loopback.
    ...(options.tls ? ["--ignore-certificate-errors"] : []),
  ],
});
const emit = (...fields) => console.log(fields.join("\t"));
try {
  emit("version", `Chromium ${context.browser()?.version() ?? ""}`.trim());
  const page = await context.newPage();
  page.on("pageerror", (error) => emit("result", "page", "FAIL", String(error).replace(/\s+/g, " ")));
  await page.exposeFunction("emit", emit);
  await page.goto(options.tls ? url.replace(/^wss/, "https") : `http://127.0.0.1:${server.address().port}`);
  await page.evaluate(([address, deflate]) => globalThis.run(address, deflate), [url, options.deflate]);
} finally {
  await context.close();
  server.close();
}

// Servers that run for a test.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Starts `wsproto serve` on a port of its own; `url` is what it prints. */
export async function start(binary, ...args) {
  const child = spawn(binary, ["serve", "--port", "0", ...args], { stdio: ["ignore", "inherit", "pipe"] });
  const lines = createInterface({ input: child.stderr });
  const [line] = await once(lines, "line");
  const url = /https?:\S+/.exec(line)?.[0];
  if (!url) throw new Error(`no address: ${line}`);
  const ended = once(child, "exit");
  return {
    url,
    /** Ends it; returns its exit status. */
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      return (await ended)[0];
    },
  };
}

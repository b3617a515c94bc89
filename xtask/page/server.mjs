// Servers that run for a test.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Starts `wsproto serve`, on a port of its own unless `args` has one; `url` is what it prints. */
export async function start(binary, ...args) {
  const port = args.includes("--port") ? [] : ["--port", "0"];
  const child = spawn(binary, ["serve", ...port, ...args], { stdio: ["ignore", "inherit", "pipe"] });
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

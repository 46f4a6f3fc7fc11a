/**
 * The end of `serve` and of commands does not depend on their output: it may fail, or nobody may read it.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NoProducersAction } from "ate-dispatcher-client/internal";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { createProcesses, type RunningProcess } from "../support/processes.js";
import { ROOT } from "../support/root.js";
import { connect, duration } from "../support/wire-client.js";

const processes = createProcesses();
afterEach(() => processes.stopAll());

const MAIN = join(ROOT, "dist/main.js");
/** The end of a server with a request that stays pending: its grace and its margin. Far less than the TTL. */
const GRACE = ["--drain-grace-ms", "200ms"];
const PENDING = { topic: "held", noProducersAction: NoProducersAction.WAIT, ttl: duration(600_000) };

/** Starts `serve` with redirections of a shell. `$FULL` is a named pipe that is full and that nobody reads. */
function redirected(
  redirections: string,
  args: readonly string[] = GRACE,
  env: Readonly<Record<string, string>> = {},
): RunningProcess {
  const folder = mkdtempSync(join(tmpdir(), "ate-output-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const script = `exec 9<>"$FULL"; head -c 65536 /dev/zero >&9; exec "$@" ${redirections} 9>&-`;
  const command = [process.execPath, MAIN, "serve", "--listen", "127.0.0.1:0", ...args];
  return processes.start("sh", ["-c", script, "sh", ...command], { env: { ...env, FULL: pipe } });
}

async function addressOf(server: RunningProcess): Promise<string> {
  return (await server.stdout.next(/^listening on /)).replace("listening on ", "");
}

async function leavePending(address: string): Promise<void> {
  await connect(address).gather(PENDING).next("acceptance");
}

/** The redirections after which the server still prints its address to standard output. */
const STDERR = [
  ["a full disk", "2>/dev/full"],
  ["a full pipe that nobody reads", "2>&9"],
  ["closed", "2>&-"],
] as const;

describe("serve with a pending request ends in its grace", () => {
  it.each(STDERR)("if its standard error is %s", async (_, redirections) => {
    const server = redirected(redirections);
    await leavePending(await addressOf(server));
    server.kill("SIGTERM");

    expect(await server.exit()).toEqual({ code: 0, signal: null });
  });

  it("if the reader of its standard error has gone", async () => {
    const server = redirected("", [...GRACE, "--log-level", "trace"]);
    const address = await addressOf(server);
    await server.stopReading("stderr");
    await leavePending(address);
    server.kill("SIGTERM");

    expect(await server.exit()).toEqual({ code: 0, signal: null });
  });

  it("if nobody reads its standard output", async () => {
    const server = redirected("1>&9");
    const { addresses } = JSON.parse(await server.stderr.next(/"serving"/)) as { addresses: string[] };
    await leavePending(addresses[0] ?? "");
    server.kill("SIGTERM");

    expect(await server.exit()).toEqual({ code: 0, signal: null });
  });
});

it.each(STDERR)(
  "serve ends at once at a second signal if its standard error is %s",
  async (_, redirections) => {
    const server = redirected(redirections, ["--drain-grace-ms", "1h"]);
    const client = connect(await addressOf(server));
    const gather = client.gather(PENDING);
    await gather.next("acceptance");
    server.kill("SIGTERM");
    await gather.next("goAway");
    server.kill("SIGTERM");

    expect(await server.exit()).toEqual({ code: 143, signal: null });
  },
);

it("serve goes on with a warning if its standard output fails, and drains at a signal", async () => {
  const server = redirected("1>/dev/full");
  const line = await server.stderr.next(/"serving"|^warning: standard output has failed/);
  const other = await server.stderr.next(/"serving"|^warning: standard output has failed/);
  const serving = [line, other].find((text) => text.includes("serving")) ?? "";
  const { addresses } = JSON.parse(serving) as { addresses: string[] };
  const gather = connect(addresses[0] ?? "").gather(PENDING);
  await gather.next("acceptance");
  server.kill("SIGTERM");
  await gather.next("goAway");

  expect((await gather.ended).code).toBe("OK");
  expect(await server.exit()).toEqual({ code: 0, signal: null });
});

describe("a bug in serve ends it with code 1", () => {
  /** Lets a process throw something as soon as it serves. */
  const throwing = (thrown: string) => {
    const script = `process.once("SIGUSR2", () => { throw ${thrown}; })`;
    return `--import data:text/javascript,${encodeURIComponent(script)}`;
  };

  it.each([
    ["an error", "new TypeError('oops')", /^error: bug in ate-dispatcher: TypeError: oops/],
    ["a hostile text", "new TypeError('\\u001b[2J\\u202e')", /TypeError: \\u001b\[2J\\u202e$/],
    ["a value without a text", "Object.create(null)", /^error: bug in ate-dispatcher: an error whose text/],
  ])("and a word, if it throws %s", async (_, thrown, word) => {
    const server = await processes.serve([], { env: { NODE_OPTIONS: throwing(thrown) } });
    server.kill("SIGUSR2");

    expect(await server.stderr.next(word)).toBeDefined();
    expect(await server.exit()).toEqual({ code: 1, signal: null });
  });

  it.each(STDERR)("although its standard error is %s", async (_, redirections) => {
    const server = redirected(redirections, [], { NODE_OPTIONS: throwing("new TypeError('oops')") });
    await addressOf(server);
    server.kill("SIGUSR2");

    expect(await server.exit()).toEqual({ code: 1, signal: null });
  });
});

describe("on a terminal", () => {
  function onTerminal(args: readonly string[] = GRACE): RunningProcess {
    const command = [process.execPath, MAIN, "serve", "--listen", "127.0.0.1:0", ...args];
    const script = join(ROOT, "test/support/terminal.py");
    return processes.start("python3", [script, "all", ...command], { input: "open" });
  }

  it("serve ends in its grace although the terminal is stopped", async () => {
    const terminal = onTerminal();
    const pid = Number((await terminal.stdout.next(/^pid /)).slice(4));
    await leavePending(await addressOf(terminal));
    terminal.stdin.write("fill\n");
    await terminal.stdout.next(/^filled/);
    process.kill(pid, "SIGTERM");

    expect(await terminal.stdout.next(/^exit/)).toBe("exit 0");
  });

  it("serve drains when the terminal closes, and ends in its grace", async () => {
    const terminal = onTerminal();
    const address = await addressOf(terminal);
    const client = connect(address);
    const gather = client.gather(PENDING);
    await gather.next("acceptance");
    terminal.stdin.write("hangup\n");
    await terminal.stdout.next(/^closed/);

    await gather.next("goAway");
    expect(await terminal.stdout.next(/^exit/)).toBe("exit 0");
  });
});

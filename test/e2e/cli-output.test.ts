import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type DispatcherClient } from "ate-dispatcher-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createProcesses, type RunningProcess } from "../support/processes.js";
import { ROOT } from "../support/root.js";

const MAIN = join(ROOT, "dist/main.js");
const shared = createProcesses();
const processes = createProcesses();
const folder = mkdtempSync(join(tmpdir(), "ate-output-"));
let there: readonly string[];
let client: DispatcherClient;

/** One server serves all tests. Its producer answers at once, on `big.>` with `BIG_BYTES` of text. */
beforeAll(async () => {
  const { address } = await shared.serve();
  there = ["--address", address];
  client = createClient({ address });
  const handler = ({ topic }: { readonly topic: string }) => (topic.startsWith("big") ? BIG : topic);
  await client.createProducer({ id: "p", topics: ["full.>", "big.>"], handler }).ready();
});
afterEach(() => processes.stopAll());
afterAll(async () => {
  await client.close({ graceMs: 0 });
  await shared.stopAll();
  rmSync(folder, { recursive: true });
});

/** More than a pipe holds. */
const BIG_BYTES = 500_000;
const BIG = "x".repeat(BIG_BYTES);

/** Starts the program in a shell, with redirections such as `>/dev/full`. */
function shell(redirections: string, ...args: readonly string[]): RunningProcess {
  return processes.start("bash", ["-c", `exec "$0" "$@" ${redirections}`, process.execPath, MAIN, ...args]);
}

async function ended(started: RunningProcess): Promise<object> {
  const { code } = await started.exit();
  return { code, stdout: started.stdout.all, stderr: started.stderr.all };
}

describe("a command whose standard output fails", () => {
  it.each<[name: string, args: readonly string[]]>([
    ["gather", ["gather", "full.one"]],
    ["gather", ["gather", "full.one", "--json"]],
    ["request", ["request", "full.one"]],
    ["topics", ["topics"]],
    ["producers", ["producers"]],
    ["listeners", ["listeners", "--json"]],
    ["requests", ["requests"]],
    ["show", ["show", "full-shown"]],
    ["cancel", ["cancel", "full-shown"]],
    ["top", ["top"]],
    ["bench", ["bench", "--requests", "1"]],
  ])("exits with code 1 and says so: %s", async (_, args) => {
    const listener = client.createListener({ topics: ["full.>"] });
    await listener.ready();
    await client.dispatch("full.one", { requestId: "full-shown" });
    const started = shell(">/dev/full", ...args, ...there);
    const { code } = await started.exit();
    await listener.close();

    expect(code).toBe(1);
    const last = started.stderr.all.at(-1) ?? "";
    expect(args.includes("--json") ? (JSON.parse(last) as object) : { message: last }).toMatchObject({
      message: expect.stringMatching(/standard output.*ENOSPC.*; redirect it to a place with free space$/),
    });
  });

  it.each([["--help"], ["--version"], ["gather", "--help"]])(
    "exits with code 1 and says so without a dispatcher: %s",
    async (...args) => {
      const started = shell(">/dev/full", ...args);

      expect((await started.exit()).code).toBe(1);
      expect(started.stderr.all.join("\n")).toMatch(/^error: .*standard output.*ENOSPC/m);
    },
  );

  it("ends a listener at its first result", async () => {
    const listener = shell(">/dev/full", "listen", "full.heard", ...there);
    await listener.stderr.next(/^listening/);
    await client.dispatch("full.heard");

    expect(await listener.exit()).toEqual({ code: 1, signal: null });
    expect(listener.stderr.all.at(-1)).toMatch(/^error: .*ENOSPC/);
  });

  it("drains a producer at its first line", async () => {
    const producer = shell(">/dev/full", "produce", "full-produced", "--echo", ...there);
    await producer.stderr.next(/^answering/);
    const { outcomes } = await client.gather("full-produced").summary;

    expect(outcomes).toMatchObject([{ state: "ANSWERED" }]);
    expect(await producer.exit()).toEqual({ code: 1, signal: null });
    expect(producer.stderr.all.at(-1)).toMatch(/^error: .*ENOSPC/);
  });

  it("notices that a file takes only a part of it", async () => {
    const file = join(folder, "short.txt");
    const limited = ["-c", `ulimit -f 1; exec "$0" "$@" >${file}`, process.execPath, MAIN, "serve", "--help"];
    const started = processes.start("bash", limited);

    expect((await started.exit()).code).toBe(1);
    expect(started.stderr.all.at(-1)).toMatch(/^error: .*standard output.*EFBIG/);
    expect(readFileSync(file, "utf8")).toMatch(/^Usage/);
  });

  it("writes a whole file otherwise", async () => {
    const file = join(folder, "whole.txt");
    const started = shell(`>${file}`, "gather", "big.file", ...there);

    expect((await started.exit()).code).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(/x"\nALL_ANSWERED .* satisfied\n {2}p {2}ANSWERED .*\n$/);
  });
});

describe("a command", () => {
  it("does not depend on its standard error", async () => {
    for (const closing of ["2>/dev/full", "2>&-"]) {
      const outcome = await ended(shell(closing, "gather", "full.one", "--json", ...there));
      expect(outcome).toMatchObject({ code: 0, stdout: [/acceptance/, /result/, /summary/].map(matching) });
    }
  });

  it("exits with code 1 if both fail", async () => {
    expect(await ended(shell(">/dev/full 2>/dev/full", "gather", "full.one", ...there))).toEqual({
      ...{ code: 1, stdout: [], stderr: [] },
    });
  });

  it("ends as usual if standard output was closed before the start", async () => {
    expect(await ended(shell(">&-", "gather", "full.one", ...there))).toMatchObject({ code: 0 });
    expect(await ended(shell(">&- 2>&- <&-", "gather", "full.one", ...there))).toMatchObject({ code: 0 });
  });

  it("exits quietly with code 0 if its reader has gone away", async () => {
    const started = shell("| head -n 1", "gather", "big.head", "--json", ...there);
    await started.exit();

    expect(started.stderr.all).toEqual([]);
    expect(started.stdout.all).toMatchObject([/acceptance/].map(matching));
  });

  it("waits for a slow reader, and loses nothing", async () => {
    const { read, exited } = unread("gather", "big.slow", ...there);
    await client.introspect.serverInfo();

    expect(await read()).toMatch(new RegExp(`"x{${BIG_BYTES}}"\nALL_ANSWERED .*\n.*\n$`));
    expect(await exited).toEqual([0, null]);
  });

  it.each([
    ["gather", "big.mute"],
    ["gather", "big.mute", "--json"],
    ["listen", "big.mute", "--count", "1"],
    ["produce", "mute", "--echo"],
  ])("ends at a signal although nobody reads its output: %j", async (...args) => {
    const isSending = args[0] === "gather";
    const seen = eventsOf(args[1] ?? "");
    await seen.next();
    const { child, stderr, exited } = unread(...args, ...there);
    if (!isSending) for await (const text of stderr) if (/ on /.test(String(text))) break;
    if (!isSending) await client.gather(args[1] ?? "", { args: [BIG] }).summary;
    while ((await seen.next()).value?.type !== "requestEnded");
    child.kill("SIGTERM");
    const [code] = (await exited) as [number];

    expect(code).toBe(isSending ? 143 : 0);
  });
});

/** The events of a topic; the first one is there when the watch is open. */
function eventsOf(topic: string) {
  return client.introspect.watch({ topic })[Symbol.asyncIterator]();
}

function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** Starts a command whose standard output is a pipe that nobody reads before `read`. */
function unread(...args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  async function read(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }
  return { child, stderr: child.stderr.iterator({ destroyOnReturn: false }), exited, read };
}

import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/main.js";
import { createProcesses, within } from "../support/processes.js";
import { duration, type ProduceStream, WireClient } from "../support/wire-client.js";

const shared = createProcesses();
const processes = createProcesses();
let there: readonly string[];
let wire: WireClient;
let fast: ProduceStream;

/** The checked fields of a line of JSON. */
interface TopEvent {
  readonly uptime_ms: number;
  readonly rates: { readonly requests: number };
  readonly totals: { readonly accepted_requests: number };
  readonly topics: readonly unknown[];
  readonly producers: readonly unknown[];
}

/** A server with two producers: one is idle, the other has an outstanding assignment and a waiting one. */
beforeAll(async () => {
  const { address } = await shared.serve();
  there = ["--address", address];
  wire = new WireClient(address);
  fast = await wire.producer("fast", ["busy"]);
  const slow = await wire.producer("slow", ["slow"], { maxOutstanding: 1 });
  for (let i = 0; i < 2; i++) await wire.dispatch({ topic: "slow", ttl: duration(600_000) });
  await slow.next("assignment");
});
afterEach(() => processes.stopAll());
afterAll(async () => {
  wire.close();
  await shared.stopAll();
});

describe("top", () => {
  it("prints one snapshot into a pipe", async () => {
    const { stdout } = await processes.run(["top", ...there]);

    expect(stdout).toMatch(
      /^ate-dispatcher [\d.]+ {2}127\.0\.0\.1:\d+ {2}up \d+s\nrequests\/s 0 {3}results\/s 0 {3}deliveries\/s 0 {3}late\/s 0 {3}dropped\/s 0\npending 2 {3}outstanding 1 {3}waiting 1 {3}listeners 0 {3}retained .*\n\nTOPIC +RESULTS\/s +PENDING +PRODUCERS +LISTENERS\n/,
    );
    expect(stdout).toMatch(
      /\n\nPRODUCER +ANSWERS\/s +BUSY +WAITING +FAILED +MISSED +P50 +P95\nslow +0 +1\/1 +1 +0 +0 +- +-\nfast +0 +0\/256 +0 +0 +0 +- +-\n$/,
    );
  });

  it("measures rates between two snapshots, and lists the busiest first", async () => {
    const top = processes.cli(["top", "--count", "100", "--rows", "1", "--json", ...there]);
    await top.stdout.next(/"event":"top"/);
    for (let i = 0; i < 20; i++) {
      await wire.dispatch({ topic: "busy" });
      fast.answer(await fast.next("assignment"), i);
    }
    const line = await top.stdout.next(/"requests":(?!0,)/);
    const lineBefore = top.stdout.all[top.stdout.all.indexOf(line) - 1] ?? "";
    const [before, after] = [JSON.parse(lineBefore) as TopEvent, JSON.parse(line) as TopEvent];

    const seconds = (after.uptime_ms - before.uptime_ms) / 1_000;
    const accepted = after.totals.accepted_requests - before.totals.accepted_requests;
    expect(after.rates.requests * seconds).toBeCloseTo(accepted, 1);
    expect(after).toMatchObject({
      rates: { rejected: 0, late: 0, dropped: 0 },
      topics: [{ topic: "busy", results_per_second: expect.any(Number) }],
      producers: [{ producer_id: "slow", outstanding_count: 1, backlog_count: 1 }],
    });
    expect([after.topics, after.producers].map(({ length }) => length)).toEqual([1, 1]);
  });

  it("is live in a terminal until q is pressed", async () => {
    const stdout = Object.assign(new PassThrough(), { isTTY: true, rows: 24, columns: 80 });
    const modes: boolean[] = [];
    const setRawMode = (isRaw: boolean) => void modes.push(isRaw);
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
    let drawn = "";
    const pages = (async () => {
      for await (const chunk of stdout) {
        drawn += String(chunk);
        // The first snapshot has no rates.
        if (/requests\/s \d/.test(drawn)) stdin.write("q");
      }
    })();
    const exitCode = runCli(["top", ...there], {
      ...{ stdin, stdout, stderr: new PassThrough(), environment: {} },
      ...{ stop: new AbortController().signal, atExit: () => {} },
    });

    expect(await within(exitCode, 30_000, () => `top did not exit; output:\n${drawn}`)).toBe(0);
    stdout.end();
    await pages;
    expect(modes).toEqual([true, false]);
    expect([drawn.slice(0, 8), drawn.slice(-8)]).toEqual(["\u001b[?1049h", "\u001b[?1049l"]);
    expect(stripVTControlCharacters(drawn)).toMatch(/PRODUCER +ANSWERS\/s.*q or Ctrl-C ends it/s);
  });

  it("exits after --count snapshots, and with code 130 if it is interrupted before", async () => {
    const [twice, often] = ["2", "100"].map((count) => processes.cli(["top", "--count", count, ...there]));

    expect(await twice?.exit()).toEqual({ code: 0, signal: null });
    expect(twice?.stdout.all.filter((line) => line.startsWith("ate-dispatcher "))).toHaveLength(2);
    await often?.stdout.next(/^ate-dispatcher/);
    often?.kill("SIGINT");
    expect(await often?.exit()).toEqual({ code: 130, signal: null });
  });
});

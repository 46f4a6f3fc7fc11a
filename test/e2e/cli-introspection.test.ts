import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/main.js";
import { type HeldServer, hold } from "../support/held-clock.js";
import { createProcesses } from "../support/processes.js";
import { duration, type ProduceStream, WireClient } from "../support/wire-client.js";

const shared = createProcesses();
const processes = createProcesses();
let server: HeldServer;
let release: () => Promise<void>;
let there: readonly string[];
let wire: WireClient;
/** A producer that replies only when a test tells it to. */
let slow: ProduceStream;

/** A server with two producers, a listener, and requests in every state. */
beforeAll(async () => {
  // The clock is held, so that the load of the machine does not decide which reply is in time.
  ({ server, release } = await hold());
  there = ["--address", server.address];
  const fast = ["produce", "work.*", "--echo", "--id", "fast", "--label", "site=north", "--json", ...there];
  await shared.cli(fast).stderr.next(/"event":"ready"/);
  const listen = ["listen", "work.>", "--id", "archive", "--json", ...there];
  await shared.cli(listen).stderr.next(/"event":"ready"/);
  wire = new WireClient(server.address);
  slow = await wire.producer("slow", ["work.late", "work.open", "lonely"], {
    ...{ reportDispositions: true, displayName: "The slow one", maxOutstanding: 1 },
  });
  await makeLate();
  // The second request waits for credit of the slow producer.
  const open = wire.gather({ topic: "work.open", requestId: "open-1", ttl: duration(600_000) });
  await open.next("delivery");
  await slow.next("assignment");
  await wire.dispatch({ topic: "lonely", requestId: "waiting-1", ttl: duration(600_000) });
  server.advance(100);
  // Changes nothing, but makes the core process its deadlines.
  await wire.cancelRequest("late-1");
});
afterEach(() => processes.stopAll());
afterAll(async () => {
  wire.close();
  await shared.stopAll();
  await release();
});

/** A request to which one producer replies in time and the other too late. */
async function makeLate(): Promise<void> {
  const gather = wire.gather({ topic: "work.late", requestId: "late-1", ttl: duration(500) });
  const assignment = await slow.next("assignment");
  await gather.next("delivery");
  server.advance(500);
  await gather.next("summary");
  server.advance(200);
  slow.answer(assignment, "at last");
  await slow.next("disposition");
}

/** Runs a command in a process of its own and expects success. @returns its standard output. */
async function outputOf(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await processes.run([...args, ...there]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

/** Runs a command in this process, which is faster than starting one. */
async function run(...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCli([...args, ...there], {
    ...{ stdin: new PassThrough(), stdout, stderr, environment: {} },
    ...{ stop: new AbortController().signal, atExit: () => {} },
  });
  return { code, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

/** The events that a command has printed with --json. */
function eventsIn(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the introspection commands", () => {
  it.each(["topics", "producers", "listeners", "requests", "show", "top"])(
    "print a help text with examples: %s",
    async (command) => {
      const { code, stdout } = await run(command, "--help");

      expect(code).toBe(0);
      expect(stdout).toMatch(
        new RegExp(
          `^Usage: ate-dispatcher ${command} .*Examples:\n {2}\\$ ate-dispatcher ${command}\\b`,
          "s",
        ),
      );
    },
  );

  it("print one line if no dispatcher answers", async () => {
    const command = ["requests", "--address", "127.0.0.1:9", "--connect-timeout", "200ms"];
    const { code, stdout, stderr } = await processes.run(command);

    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toMatch(/^error: no dispatcher answers at 127\.0\.0\.1:9 within .*; .*\n$/);
  });
});

describe("topics", () => {
  it("are printed as a table", async () => {
    const stdout = await outputOf("topics", "work.*");

    expect(stdout).toMatch(
      /^TOPIC +PRODUCERS +LISTENERS +PENDING +SEQUENCE +RETAINED +SIZE\nwork\.late +2 +1 +0 +1 +1 +\d+ B\nwork\.open +2 +1 +1 +1 +1 +\d+ B\n$/,
    );
  });

  it("are printed as JSON lines with --json", async () => {
    expect(eventsIn(await outputOf("topics", "--json"))).toMatchObject([
      { event: "topic", topic: "lonely", producer_count: 1, pending_count: 1, sequence: "0" },
      { event: "topic", topic: "work.late", producer_count: 2, listener_count: 1, retained_count: 1 },
      { event: "topic", topic: "work.open", pending_count: 1, epoch: expect.stringMatching(/./) },
    ]);
  });

  it("that do not exist yield a message", async () => {
    const nothing = { code: 0, stdout: "" };
    expect(await run("topics", "other.*")).toEqual({ ...nothing, stderr: "no topics on other.*\n" });
    expect(await run("topics", "other.*", "--json")).toEqual({
      ...{ ...nothing, stderr: '{"event":"empty","topic":"other.*"}\n' },
    });
  });
});

describe("a list", () => {
  it.each([
    ["topics", "topic", ["work.late", "work.open"]],
    ["producers", "producer_id", ["fast", "slow"]],
    ["listeners", "listener_id", ["archive"]],
    ["requests", "topic", ["work.open", "work.late"]],
  ])("of a pattern: %s", async (name, field, values) => {
    const listed = eventsIn(await outputOf(name, "work.*", "--json"));

    expect(listed.map((item) => item[field])).toEqual(values);
  });
});

describe.each(["producers", "listeners", "requests"])("%s that do not exist", (name) => {
  it("yield a message, also for a pattern and with --json", async () => {
    const nothing = { code: 0, stdout: "" };
    expect(await run(name, "other.*")).toEqual({ ...nothing, stderr: `no ${name} on other.*\n` });
    expect(await run(name, "other", "--json")).toEqual({
      ...{ ...nothing, stderr: '{"event":"empty","topic":"other"}\n' },
    });
  });
});

describe("producers", () => {
  it("are printed as a table", async () => {
    const stdout = await outputOf("producers");
    const [titles, fast, theSlow] = stdout.split("\n");

    expect(titles).toMatch(
      /^PRODUCER +TOPICS +BUSY +WAITING +ANSWERED +FAILED +MISSED +P50 +P95 +CONNECTED +FROM +LABELS$/,
    );
    expect(fast).toMatch(
      /^fast +work\.\* +0\/256 +0 +2 +0 +0 +[\d.]+ ms +[\d.]+ ms +[\d: -]{19} +127\.0\.0\.1:\d+ +site=north$/,
    );
    expect(theSlow).toMatch(/^slow "The slow one" +work\.late, work\.open, lonely +1\/1 +1 +0 +0 +1 +- +- /);
  });

  it("of a topic are printed as JSON lines with --json", async () => {
    expect(eventsIn(await outputOf("producers", "lonely", "--json"))).toMatchObject([
      {
        ...{ event: "producer", producer_id: "slow", display_name: "The slow one", labels: {} },
        ...{ max_outstanding: 1, outstanding_count: 1, backlog_count: 1, missed_count: 1 },
        ...{ draining: false, latency_p50_ms: null, connect_time: expect.stringMatching(/^\d{4}-.*Z$/) },
        registrations: expect.arrayContaining([{ topic: "lonely", group: "" }]),
      },
    ]);
  });
});

describe("listeners", () => {
  it("are printed as a table", async () => {
    const stdout = await outputOf("listeners");

    expect(stdout).toMatch(
      /^LISTENER +TOPICS +GROUP +QUEUED +OF +DELIVERED +DROPPED +CONNECTED +FROM\narchive +work\.> +- +0 B +4\.0 MiB +2 +0 +[\d: -]{19} +127\.0\.0\.1:\d+\n$/,
    );
  });

  it("of a topic are printed as JSON lines with --json", async () => {
    expect(eventsIn(await outputOf("listeners", "work.late", "--json"))).toMatchObject([
      {
        ...{ event: "listener", listener_id: "archive", topics: ["work.>"], group: "" },
        ...{ queued_bytes: 0, buffer_bytes: 4_194_304, delivered_count: 2, dropped_count: 0 },
      },
    ]);
    expect((await run("listeners", "lonely", "--json")).stdout).toBe("");
  });
});

describe("requests", () => {
  it("are printed as a table, the newest first", async () => {
    const stdout = await outputOf("requests");
    const [titles, ...rows] = stdout.trimEnd().split("\n");

    expect(titles).toMatch(/^REQUEST +TOPIC +ACCEPTED +TTL +STATE +AFTER +ANSWERED +FAILED +MISSING$/);
    expect(rows).toEqual([
      expect.stringMatching(/^waiting-1 +lonely +[\d: -]{19} +10m +pending +[\d.]+ m?s +0\/1 +0 +1$/),
      expect.stringMatching(/^open-1 +work\.open +[\d: -]{19} +10m +pending +[\d.]+ m?s +1\/2 +0 +1$/),
      expect.stringMatching(/^late-1 +work\.late +[\d: -]{19} +500ms +EXPIRED +[\d.]+ ms +1\/2 +0 +1$/),
    ]);
  });

  it("can be selected by topic, by state and by number", async () => {
    const ids = async (...args: readonly string[]) =>
      eventsIn((await run("requests", "--json", ...args)).stdout).map((event) => event["request_id"]);

    expect(await ids("work.late")).toEqual(["late-1"]);
    expect(await ids("--pending")).toEqual(["waiting-1", "open-1"]);
    expect(await ids("-n", "1")).toEqual(["waiting-1"]);
    expect((await run("requests", "-n", "1")).stderr).toBe(
      "the first 1 are shown; raise --count to see more\n",
    );
    expect((await run("requests", "-n", "3")).stderr).toBe("");
  });

  it("are printed as JSON lines with --json", async () => {
    expect(eventsIn(await outputOf("requests", "work.late", "--json"))).toMatchObject([
      {
        ...{ event: "request", reason: "EXPIRED", pending: false, ttl_ms: 500, satisfied: false },
        ...{ targeted_count: 2, answered_count: 1, missing_count: 1 },
        outcomes: [
          { producer_id: "slow", state: "LATE", latency_ms: null },
          { producer_id: "fast", state: "ANSWERED", result_count: 1 },
        ],
      },
    ]);
    expect(eventsIn((await run("requests", "lonely", "--json")).stdout)).toMatchObject([
      { pending: true, reason: null, outcomes: [{ producer_id: "slow", state: "PENDING" }] },
    ]);
  });
});

describe("a request", () => {
  it("is drawn as a waterfall", async () => {
    const stdout = await outputOf("request", "show", "late-1");
    const [head, picture] = stdout.split("\n\n");

    expect(head).toMatch(/^request {4}late-1\ntopic {6}work\.late\naccepted {3}[\d: -]{19}$/);
    expect(picture?.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^EXPIRED after \d+ ms: 1 of 2 answered, not satisfied$/),
      expect.stringMatching(/^ {2}slow {2}━+┊.*○ +LATE +\d+ ms {2}[\d.]+ ms late$/),
      expect.stringMatching(/^ {2}fast {2}━*● +┊.* ANSWERED +[\d.]+ ms$/),
      expect.stringMatching(/^ +╵ TTL 500ms$/),
    ]);
    expect((await run("show", "late-1")).stdout).toBe(stdout);
  });

  it("is printed as one JSON line with its timeline", async () => {
    const [event, ...more] = eventsIn(await outputOf("request", "show", "late-1", "--json"));

    expect(more).toEqual([]);
    expect(event).toMatchObject({ event: "request", request_id: "late-1", reason: "EXPIRED" });
    const timeline = event?.["timeline"] as readonly { readonly kind: string; readonly at_ms: number }[];
    expect(timeline.map(({ kind }) => kind)).toEqual([
      ...["ACCEPTED", "ASSIGNED", "ASSIGNED", "ANSWERED", "REVOKED", "ENDED", "LATE"],
    ]);
    expect(timeline[3]).toMatchObject({ producer_id: "fast", attempt: 1, at_ms: expect.any(Number) });
    expect(timeline.map(({ at_ms }) => at_ms)).toEqual(
      timeline.map(({ at_ms }) => at_ms).sort((a, b) => a - b),
    );
  });

  it("that is pending is drawn up to now, also while an assignment waits", async () => {
    expect((await run("show", "open-1")).stdout).toMatch(
      /pending for .*\n {2}slow {2}━+▸ +PENDING .*\n {2}fast {2}● /,
    );
    expect((await run("show", "waiting-1")).stdout).toMatch(
      /0 of 1 answered\n {2}slow {2}·+▸ +PENDING +[\d.]+ m?s {2}queued [\d.]+ m?s, never assigned/,
    );
  });

  it("that is unknown is an error with both commands", async () => {
    for (const command of [["show"], ["request", "show"]]) {
      expect(await run(...command, "unknown")).toMatchObject({
        ...{ code: 1, stdout: "", stderr: expect.stringMatching(/^error: NOT_FOUND: no request unknown/) },
      });
    }
  });

  it("can be sent to a topic that is called show", async () => {
    const { stdout } = await run("request", "show", "late-1", "--ttl", "1s", "--json");

    expect(eventsIn(stdout)).toMatchObject([{ event: "acceptance", targets: [] }]);
    expect((await run("request", "--help")).stdout).toContain("request show <request-id>");
  });
});

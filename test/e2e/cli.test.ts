import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createProcesses, type RunningProcess, type ServerProcess } from "../support/processes.js";

const shared = createProcesses();
const processes = createProcesses();
let server: ServerProcess;
/** Options that point to the shared server. */
let there: readonly string[];

/**
 * One server and its producers serve all tests, each on topics of its own: `fast` replies at once, `slow` after 20 s,
 * `cat` echoes its input, and `faulty` fails.
 */
beforeAll(async () => {
  server = await shared.serve(["--max-ttl-ms", "1m", "--default-ttl-ms", "1m"]);
  there = ["--address", server.address];
  await Promise.all([
    produce("fast", ["fast.>", "race.>"], "--echo"),
    produce("slow", ["slow.>", "race.>"], "--echo", "--delay", "20s"),
    produce("cat", ["cat.>"], "--exec", "cat", "--group", "g"),
    produce("faulty", ["faulty.>"], "--exec", "echo broken >&2; exit 3"),
  ]);
});
afterEach(() => processes.stopAll());
afterAll(() => shared.stopAll());

async function produce(id: string, topics: readonly string[], ...args: readonly string[]): Promise<void> {
  const producer = shared.cli(["produce", ...topics, "--id", id, ...args, ...there, "--json"]);
  await producer.stderr.next(/"event":"ready"/);
  producers.set(id, producer);
}

const producers = new Map<string, RunningProcess>();

/** Starts a listener and waits until it is live. */
async function listen(...args: readonly string[]): Promise<RunningProcess> {
  const started = processes.cli(["listen", ...args, ...there, "--json"]);
  await started.stderr.next(/"event":"ready"/);
  return started;
}

function events(text: string): readonly Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("request and listen", () => {
  it("deliver every producer's result to every listener, unchanged", async () => {
    const listeners = await Promise.all([listen("fast.all"), listen("fast.*")]);
    const kwargs = ["ttl=1", "topic=x", "uuid=null", 'reply_to={"a":[1,null]}', "__proto__=p"];
    const { code, stdout } = await processes.run([
      ...[
        "request",
        "fast.all",
        "3",
        "-5",
        "b",
        "[null, [1.5]]",
        "12345678901234567890",
        "--ttl",
        "4s",
        "--json",
      ],
      ...kwargs.flatMap((pair) => ["--kw", pair]),
      ...there,
    ]);

    expect(code).toBe(0);
    const [acceptance] = events(stdout);
    expect(acceptance).toMatchObject({
      ...{ event: "acceptance", targets: [{ producer_id: "fast", group: "" }] },
      ...{ listener_count: 2, ttl_ms: 4_000 },
    });
    for (const listener of listeners) {
      const line = await listener.stdout.next();
      expect(JSON.parse(line)).toMatchObject({
        ...{ event: "result", topic: "fast.all", request_id: acceptance?.["request_id"] },
        ...{ producer_id: "fast", ordinal: 1, more: false, sequence: "1", late: false },
      });
      expect(line).toContain(
        '"value":{"id":"fast","some_key":"fast.all",' +
          '"args":[3,-5,"b",[null,[1.5]],"12345678901234567890"],' +
          '"kwargs":{"ttl":1,"topic":"x","uuid":null,"reply_to":{"a":[1,null]},"__proto__":"p"}}',
      );
    }
  });

  it("print text without --json", async () => {
    const listener = processes.cli(["listen", "fast.people", ...there]);
    await listener.stderr.next(/^listening on fast.people as listener-/);
    const { stdout } = await processes.run(["request", "fast.people", "1", ...there]);

    expect(stdout).toMatch(
      /^request {4}[0-9a-f-]{36}\nasked {6}fast\nlisteners {2}1\nuntil {6}[\d:.]{12} \(1m\)\n$/,
    );
    expect(await listener.stdout.next()).toMatch(
      /^fast.people {2}fast +[\d.]+ ms {2}\{"id":"fast","some_key":"fast.people","args":\[1\],"kwargs":\{\}\}$/,
    );
  });

  it("carry bytes", async () => {
    const listener = await listen("cat.bytes");
    const options = ["--data-file", "-", "--content-type", "text/x", "--attribute", "k=v", "--id", "bytes-1"];
    const input = new Uint8Array([0, 255]);
    await processes.run(["request", "cat.bytes", ...options, ...there], { input });

    expect(JSON.parse(await listener.stdout.next())).toMatchObject({
      ...{ request_id: "bytes-1", group: "g" },
      value: { data: "AP8=", content_type: "text/x", attributes: { k: "v" }, topic: "cat.bytes" },
    });
  });

  it("only print the targets with --validate-only", async () => {
    const { stdout } = await processes.run(["request", "cat.quiet", "--validate-only", "--json", ...there]);

    expect(events(stdout)[0]).toMatchObject({ targets: [{ producer_id: "cat", group: "g" }] });
    expect(producers.get("cat")?.stdout.all.join()).not.toContain("cat.quiet");
  });
});

describe("a command that cannot", () => {
  it.each<[args: string[], code: number, message: RegExp]>([
    [["bad topic"], 1, /^error: INVALID_ARGUMENT: request.topic is "bad topic"/],
    [["topic1", "--ttl", "2m"], 1, /^error: INVALID_ARGUMENT: request.ttl/],
    [["nobody", "--no-producers", "fail"], 3, /^error: FAILED_PRECONDITION: no producer/],
  ])("send the request %j exits with its code and prints one line", async (args, code, message) => {
    const outcome = await processes.run(["request", ...args, ...there]);

    expect(outcome).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
    expect(outcome.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("reach a dispatcher prints one line with a remedy", async () => {
    const command = ["request", "topic1", "--connect-timeout", "300ms"];
    const { code, stdout, stderr } = await processes.run(command, {
      env: { ATE_DISPATCHER_ADDRESS: "127.0.0.1:9" },
    });

    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toMatch(
      /^error: no dispatcher answers at 127\.0\.0\.1:9 within 300ms \(connect ECONNREFUSED 127\.0\.0\.1:9\); start one with .* --address .*\n$/,
    );
  });
});

describe("listen", () => {
  it("exits after --count results", async () => {
    const listener = await listen("fast.counted", "--count", "2", "--for", "30s");
    const request = () => processes.run(["request", "fast.counted", ...there]);
    await Promise.all([request(), request(), request()]);

    expect(await listener.exit()).toEqual({ code: 0, signal: null });
    expect(listener.stdout.all).toHaveLength(2);
  });

  it("exits with code 3 if --for is over before", async () => {
    const { code } = await processes.run(["listen", "silent", "--count", "1", "--for", "50ms", ...there]);

    expect(code).toBe(3);
  });

  it("prints summaries after the results of their requests", async () => {
    const listener = await listen("fast.summed", "--summaries");
    await processes.run(["request", "fast.summed", ...there]);

    expect(await listener.stdout.next()).toContain('"event":"result"');
    expect(JSON.parse(await listener.stdout.next())).toMatchObject({
      ...{ event: "summary", reason: "ALL_ANSWERED", satisfied: true, answered_count: 1 },
      outcomes: [{ producer_id: "fast", state: "ANSWERED", result_count: 1, error: null }],
    });
  });

  it("exits quietly when its reader closes the pipe, as head does", async () => {
    const listener = await listen("fast.piped");
    await listener.stopReading("stdout");
    await processes.run(["request", "fast.piped", ...there]);

    expect(await listener.exit()).toEqual({ code: 0, signal: null });
    expect(listener.stderr.all).toHaveLength(1);
  });

  it("exits with code 0 at Ctrl-C", async () => {
    const listener = await listen("topic1");
    listener.kill("SIGINT");

    expect(await listener.exit()).toEqual({ code: 0, signal: null });
  });

  it("that is replaced by a newer session of its id prints the reason", async () => {
    const older = await listen("topic1", "--id", "twin");
    await listen("topic1", "--id", "twin");

    expect(await older.exit()).toEqual({ code: 1, signal: null });
    expect(JSON.parse(older.stderr.all.at(-1) ?? "")).toEqual({
      ...{ event: "error", exit_code: 1 },
      message: expect.stringMatching(/^ABORTED: .*twin connected again/),
    });
  });
});

describe("gather", () => {
  it("prints the results as they arrive, then the summary", async () => {
    const { code, stdout } = await processes.run(["gather", "faulty.once", "1", "--json", ...there]);

    expect(code).toBe(3);
    expect(events(stdout)).toMatchObject([
      { event: "acceptance", listener_count: 0 },
      { event: "result", producer_id: "faulty", error: { code: 2, reason: "COMMAND_FAILED" } },
      { event: "summary", reason: "ALL_ANSWERED", satisfied: false, answered_count: 0, failed_count: 1 },
    ]);
  });

  it.each<[args: string[], code: number, summary: object]>([
    [["--first"], 0, { reason: "POLICY_MET", satisfied: true }],
    [["--count", "1"], 0, { reason: "POLICY_MET", satisfied: true }],
    [["--quorum", "50%"], 0, { reason: "POLICY_MET", satisfied: true }],
    [["--stall", "50ms", "--min", "1"], 0, { reason: "STALLED", satisfied: true }],
  ])("with %j ends by its completion policy", async (args, code, summary) => {
    const outcome = await processes.run(["gather", "race.one", "--json", ...args, ...there]);

    expect(events(outcome.stdout).at(-1)).toMatchObject({ ...summary, answered_count: 1 });
    expect(outcome.code).toBe(code);
  });

  it("cancels its request at Ctrl-C, prints the summary, and exits with code 130", async () => {
    const gather = processes.cli(["gather", "slow.given-up", "--ttl", "30s", "--json", ...there]);
    await gather.stdout.next(/"acceptance"/);
    gather.kill("SIGINT");

    expect(await gather.exit()).toEqual({ code: 130, signal: null });
    expect(gather.stdout.all.at(-1)).toContain('"reason":"CANCELLED"');
    expect(await producers.get("slow")?.stdout.next(/given-up/)).toContain('"event":"revoked"');
  });
});

describe("cancel", () => {
  it("ends a request and revokes its assignments", async () => {
    await processes.run(["request", "slow.cancelled", "--ttl", "30s", "--id", "to-cancel", ...there]);
    const { code, stdout } = await processes.run(["cancel", "to-cancel", "--json", ...there]);

    expect(code).toBe(0);
    expect(events(stdout)).toMatchObject([
      { reason: "CANCELLED", outcomes: [{ producer_id: "slow", state: "CANCELLED" }] },
    ]);
    expect(await producers.get("slow")?.stdout.next(/cancelled/)).toMatch(
      /"event":"revoked".*"message":"REQUESTED"/,
    );
  });

  it("of an unknown request fails", async () => {
    expect(await processes.run(["cancel", "unknown", ...there])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: NOT_FOUND: /),
    });
  });
});

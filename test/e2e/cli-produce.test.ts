import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createClient,
  type DispatcherClient,
  type Json,
  type ResultDelivery,
  type Summary,
} from "ate-dispatcher-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { allEnded, longRunningCommand } from "../support/long-running-command.js";
import { createProcesses, type RunningProcess, type ServerProcess } from "../support/processes.js";

const shared = createProcesses();
const processes = createProcesses();
const folder = mkdtempSync(join(tmpdir(), "ate-produce-"));
let server: ServerProcess;
let there: readonly string[];
let client: DispatcherClient;

beforeAll(async () => {
  server = await shared.serve();
  there = ["--address", server.address];
  client = createClient({ address: server.address });
});
afterEach(() => processes.stopAll());
afterAll(async () => {
  await client.close({ graceMs: 0 });
  await shared.stopAll();
  rmSync(folder, { recursive: true });
});

async function ready(...args: readonly string[]): Promise<RunningProcess> {
  const started = processes.cli([...args, ...there, "--json"]);
  await started.stderr.next(/"event":"ready"/);
  return started;
}

/** Gathers from a topic with one producer until the end. */
async function gather(
  topic: string,
  ttlMs = 60_000,
): Promise<{ readonly result: ResultDelivery | undefined; readonly summary: Summary }> {
  const gathered = client.gather(topic, { ttlMs });
  let result: ResultDelivery | undefined;
  for await (const delivery of gathered) result = delivery;
  return { result, summary: await gathered.summary };
}

describe("produce --exec", () => {
  it("turns any program into a producer", async () => {
    await ready(
      "produce",
      "exec",
      "--exec",
      'printf \'{"topic": "%s", "ttl": %s}\' $ATE_TOPIC $ATE_TTL_MS',
      "--id",
      "p1",
    );
    const { result, summary } = await gather("exec");
    const { topic, ttl } = (result?.value ?? {}) as { readonly topic?: Json; readonly ttl?: Json };

    expect(topic).toBe("exec");
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(60_000);
    expect(summary.reason).toBe("ALL_ANSWERED");
  });

  it("replies with an error if the command fails, and stays connected", async () => {
    const producer = await ready(
      "produce",
      "failing",
      "--exec",
      "echo no such sku >&2; exit 4",
      "--id",
      "p1",
    );
    for (const _ of [1, 2]) {
      const { result } = await gather("failing");
      expect(result?.error).toMatchObject({
        ...{ code: 2, reason: "COMMAND_FAILED", metadata: { exit_code: "4" } },
        details: "the command exited with code 4: no such sku",
      });
      expect(await producer.stdout.next()).toContain('"event":"failed"');
    }
  });

  it("carries bytes", async () => {
    await ready("produce", "bytes", "--exec", "printf '\\377\\000'", "--id", "p1");
    await ready("produce", "bytes", "--exec", "echo 7", "--content-type", "image/x", "--id", "p2");
    const results: unknown[] = [];
    for await (const { producerId, data, contentType } of client.gather("bytes", { ttlMs: 60_000 })) {
      results.push([producerId, contentType, Buffer.from(data ?? []).toString("hex")]);
    }

    expect(results.sort()).toEqual([
      ["p1", "application/octet-stream", "ff00"],
      ["p2", "image/x", "370a"],
    ]);
  });

  it("fails a result that exceeds the dispatcher's limit, and stays connected", async () => {
    const big = "head -c 1500000 /dev/zero | tr '\\0' x";
    const command = `if grep -q big; then ${big}; else echo 7; fi`;
    await ready("produce", "large", "--exec", command, "--max-output", "2MiB", "--id", "p1");
    const gathered = client.gather("large", { ttlMs: 60_000, args: ["big"] });
    for await (const { error } of gathered) expect(error?.reason).toBe("RESULT_TOO_LARGE");
    const { result } = await gather("large");

    expect((await gathered.summary).outcomes).toMatchObject([{ state: "FAILED" }]);
    expect(result?.value).toBe(7);
  });

  it("kills the command when the connection is lost", async () => {
    const own = await processes.serve();
    const { command, started } = longRunningCommand(join(folder, "lost"));
    const producer = processes.cli(["produce", "losing", "--exec", command, "--address", own.address]);
    await producer.stderr.next(/^answering on/);
    const other = createClient({ address: own.address });
    await other.dispatch("losing", { ttlMs: 30_000 });
    const pids = await started;
    own.kill("SIGKILL");
    await other.close({ graceMs: 0 });

    expect(await producer.stdout.next()).toMatch(/revoked .* SESSION_LOST$/);
    expect(await producer.stderr.next(/^disconnected/)).toContain("reconnecting in");
    await allEnded(pids);
  });

  it("finishes its assignments at SIGTERM, then exits with code 0", async () => {
    const producer = await ready("produce", "draining", "--echo", "--delay", "600ms", "--id", "p1");
    const gathered = client.gather("draining", { ttlMs: 60_000 });
    await gathered.acceptance;
    producer.kill("SIGTERM");
    await producer.stderr.next(/"draining"/);

    expect((await gathered.summary).outcomes).toMatchObject([{ producerId: "p1", state: "ANSWERED" }]);
    expect(await producer.exit()).toEqual({ code: 0, signal: null });
  });

  it("exits at once and kills its commands at the second signal", async () => {
    const { command, started } = longRunningCommand(join(folder, "forced"));
    const producer = await ready("produce", "forcing", "--exec", command);
    await client.dispatch("forcing", { ttlMs: 30_000 });
    const pids = await started;
    producer.kill("SIGTERM");
    await producer.stderr.next(/"draining"/);
    producer.kill("SIGTERM");

    expect(await producer.exit()).toEqual({ code: 143, signal: null });
    await allEnded(pids);
  });

  it("runs at most --concurrency commands at a time", async () => {
    const path = join(folder, "parallel");
    const command = `echo start >> ${path}; sleep 0.1; echo end >> ${path}`;
    await ready("produce", "one-by-one", "--exec", command, "--concurrency", "1");
    await Promise.all([gather("one-by-one"), gather("one-by-one")]);

    expect(readFileSync(path, "utf8")).toBe("start\nend\nstart\nend\n");
  });
});

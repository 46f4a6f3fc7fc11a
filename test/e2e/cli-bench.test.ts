import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createProcesses } from "../support/processes.js";

const shared = createProcesses();
const processes = createProcesses();
let there: readonly string[];
/** A dispatcher that accepts five requests per second. */
let fenced: readonly string[];

beforeAll(async () => {
  const [server, narrow] = await Promise.all([
    shared.serve(),
    shared.serve(["--max-requests-per-second", "5"]),
  ]);
  there = ["--address", server.address];
  fenced = ["--address", narrow.address];
});
afterEach(() => processes.stopAll());
afterAll(() => shared.stopAll());

/** The checked fields of the line of JSON. */
interface BenchEvent {
  readonly event: string;
  readonly completed_count: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

describe("bench", () => {
  it("reports the number of delivered results and their rate", async () => {
    const shape = [
      "--producers",
      "3",
      "--listeners",
      "2",
      "--topics",
      "5",
      "--size",
      "1KiB",
      "--window",
      "8",
    ];
    const { code, stdout } = await processes.run(["bench", "-n", "60", ...shape, ...there, "--json"]);

    expect(code).toBe(0);
    const event = JSON.parse(stdout) as BenchEvent;
    expect(event).toMatchObject({
      event: "bench",
      request_count: 60,
      completed_count: 60,
      delivery_count: 60 * 3 * 2,
      lost_count: 0,
      errors: {},
      requests_per_second: expect.any(Number),
      deliveries_per_second: expect.any(Number),
    });
    expect(event.p50_ms).toBeGreaterThan(0);
    expect(event.p99_ms).toBeGreaterThanOrEqual(event.p50_ms);
    expect(event.max_ms).toBeGreaterThanOrEqual(event.p99_ms);
  });

  it("prints the report as text, with --rate", async () => {
    const { code, stdout } = await processes.run(["bench", "--rate", "200", "-n", "20", ...there]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^requests {4}20 of 20 in [\d.]+ m?s\nrate {8}[\d.,]+ requests\/s, [\d.,]+ deliv/);
    expect(stdout).toMatch(/\nlatency {5}p50 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms\nerrors {6}none\n$/);
  });

  it("counts rejected requests and fails", async () => {
    const { code, stdout } = await processes.run(["bench", "-n", "40", ...fenced, "--json"]);

    expect(code).toBe(1);
    const { completed_count, errors } = JSON.parse(stdout) as BenchEvent;
    expect(completed_count).toBeGreaterThan(0);
    expect(errors).toEqual({ RATE_LIMIT: 40 - completed_count });
  });

  it("accepts a window or a rate, not both", async () => {
    const { code, stderr } = await processes.run(["bench", "--rate", "5", "--window", "5", ...there]);

    expect(code).toBe(2);
    expect(stderr).toContain("cannot be used with option");
  });
});

/** The bytes of peers reach a log only escaped, cut and counted. grpc-js writes them to standard error as they are. */
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Logger } from "../../src/ports/logger.js";
import { startServer } from "../support/in-process.js";
import { createProcesses } from "../support/processes.js";
import { callRaw, connectRaw, framed } from "../support/raw-call.js";
import { bytesField } from "../support/wire-bytes.js";

const processes = createProcesses();
afterEach(() => processes.stopAll());

const REQUEST = framed(bytesField(1, bytesField(1, "t")));
const CALLS = 100;
/** Looks like a line of the log if it is printed as it is. */
const FORGED = '\u0085{"level":50,"msg":"forged"}\u009b2J';

/** Makes calls with 12 KiB of invalid metadata each: more than 1 MiB in all. */
async function sendInvalidMetadata(address: string): Promise<void> {
  const session = connectRaw(address);
  for (let i = 0; i < CALLS; i++) {
    const headers = { [`x-n*me-${i}`]: "v".repeat(4_000), "x-line": FORGED + "\u00e4".repeat(4_000) };
    const { code } = await callRaw(session, "Dispatch", REQUEST, {
      ...headers,
      "x-long": "\u00ff".repeat(4_000),
    });
    expect(code).toBe(0);
  }
}

describe("metadata that gRPC does not allow", () => {
  it("is named by an embedded dispatcher, in few short lines, and never written to standard error", async () => {
    const written: unknown[] = [];
    const spy = vi.spyOn(console, "error").mockImplementation((...args) => void written.push(args));
    onTestFinished(() => spy.mockRestore());
    const lines: string[] = [];
    const record: Logger["info"] = (_fields, text) => void lines.push(text);
    const logger = { debug: record, info: record, warn: record, error: record };
    const { address } = await startServer({ logger });
    await sendInvalidMetadata(address);

    expect(written).toEqual([]);
    const named = lines.filter((line) => line.startsWith("metadata that gRPC does not allow is ignored: x-"));
    expect(named.length).toBeGreaterThan(0);
    expect(named.length).toBeLessThan(3 * CALLS);
    for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]{1,1024}$/);
    expect(lines.join()).not.toContain("forged");
  });

  it("does not make the log of a process grow with it", async () => {
    const server = await processes.serve(["--log-level", "info"]);
    await sendInvalidMetadata(server.address);
    server.kill("SIGTERM");
    await server.exit();

    const log = server.stderr.all.join("\n");
    expect(log).toContain("is ignored: x-");
    expect(log).not.toContain('"level":50');
    for (const line of log.split("\n")) expect(line).toMatch(/^[\x20-\x7e]{1,2048}$/);
    expect(log.length).toBeLessThan(CALLS * 1_024);
  });
});

describe("the log of grpc-js", () => {
  it("goes through the log of a process, as JSON lines", async () => {
    const { address } = await processes.serve();
    const { stderr } = await processes.run(["serve", "--listen", address]);
    const lines = stderr.split("\n").filter((line) => line.startsWith("{") && line.includes("No address"));

    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 40, msg: expect.stringMatching(/^grpc-js: No address/) },
    ]);
  });

  it("stays as it is in a program that embeds a dispatcher", async () => {
    const written: string[] = [];
    const spy = vi.spyOn(console, "error").mockImplementation((text) => void written.push(String(text)));
    onTestFinished(() => spy.mockRestore());
    const { address } = await startServer();

    await expect(startServer({ listen: [address] })).rejects.toThrow("cannot listen");
    expect(written).toEqual([expect.stringContaining("No address added")]);
  });
});

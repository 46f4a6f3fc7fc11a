import { PassThrough } from "node:stream";
import { type AssignmentContext, DispatcherError } from "ate-dispatcher-client";
import { describe, expect, it } from "vitest";
import { createOutput } from "./output.js";
import { OutputStream } from "./output-stream.js";
import { createWorkLog } from "./work-log.js";

function setUp(highWaterMark = 65_536) {
  const [stdout, stderr] = [new PassThrough({ highWaterMark }), new PassThrough()];
  const output = createOutput(streamTo(stdout), streamTo(stderr), {}, true);
  const read = (stream: PassThrough) =>
    String(stream.read() ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log: createWorkLog(output), lines: () => read(stdout), remarks: () => read(stderr) };
}

function streamTo(stream: PassThrough): OutputStream {
  return new OutputStream(stream, new AbortController().signal, () => {});
}

/** An error whose texts throw when they are read. */
function unreadable(): Error {
  const error = new Error("hidden");
  Object.defineProperty(error, "message", {
    get() {
      throw new Error("getter");
    },
  });
  return error;
}

function assignment(assignmentId: string, signal = new AbortController().signal): AssignmentContext {
  const fields = { topic: "topic1", requestId: `r-${assignmentId}`, assignmentId, signal };
  return fields as unknown as AssignmentContext;
}

describe("the log of a producer", () => {
  it.each([
    ["ACCEPTED", { event: "answered", topic: "topic1", request_id: "r-a1", assignment_id: "a1" }],
    ["LATE", { event: "late" }],
    ["DUPLICATE", { event: "refused", message: "DUPLICATE" }],
  ] as const)("has a line for an answer after the disposition %s", async (state, line) => {
    const { log, lines } = setUp();
    await log.watch(() => 1)(assignment("a1"));
    expect(lines()).toEqual([]);
    log.onDisposition("a1", state);

    expect(lines()).toMatchObject([line]);
  });

  it("distinguishes a failure from an answer, and gives its text", async () => {
    const { log, lines } = setUp();
    const failing = log.watch(() => {
      throw new DispatcherError({ code: 5, details: "no such sku" });
    });

    await expect(failing(assignment("a1"))).rejects.toThrow("no such sku");
    log.onDisposition("a1", "ACCEPTED");
    expect(lines()).toMatchObject([{ event: "failed", message: "no such sku" }]);
  });

  it.each([
    ["an error whose message is an object", () => Object.assign(new Error(), { message: { toString: 5 } })],
    ["an object without a prototype", () => Object.create(null)],
    ["an error whose message cannot be read", unreadable],
  ])("has a line for %s, and throws it on", async (_, create) => {
    const { log, lines } = setUp();
    const thrown: unknown = create();
    const failing = log.watch(() => {
      throw thrown;
    });

    const caught: unknown = await Promise.resolve(failing(assignment("a1"))).catch((error: unknown) => error);
    expect(caught === thrown).toBe(true);
    log.onDisposition("a1", "ACCEPTED");
    expect(lines()).toMatchObject([{ event: "failed", message: expect.any(String) }]);
  });

  it("cuts the text of a failure, which it keeps until the disposition arrives", async () => {
    const { log, lines } = setUp();
    const failing = log.watch(() => {
      throw new Error("x".repeat(1_000_000));
    });

    await expect(failing(assignment("a1"))).rejects.toThrow("x");
    log.onDisposition("a1", "ACCEPTED");
    expect(lines()).toMatchObject([{ message: `${"x".repeat(1_021)}...` }]);
  });

  it("reports a revocation at once, with its reason", async () => {
    const { log, lines } = setUp();
    const signal = AbortSignal.abort(new DispatcherError({ code: 4, reason: "EXPIRED", details: "over" }));
    const revoked = log.watch(({ signal }) => signal.throwIfAborted());

    await expect(revoked(assignment("a1", signal))).rejects.toThrow("over");
    expect(lines()).toMatchObject([{ event: "revoked", message: "EXPIRED" }]);
  });

  it("skips lines while its reader is slow, and says how many", async () => {
    const { log, lines, remarks } = setUp(16);
    const answer = log.watch(() => 1);
    for (const id of ["a1", "a2", "a3"]) {
      await answer(assignment(id));
      log.onDisposition(id, "ACCEPTED");
    }
    expect(lines()).toMatchObject([{ assignment_id: "a1" }]);
    await new Promise((resolve) => setImmediate(resolve));
    await answer(assignment("a4"));
    log.onDisposition("a4", "ACCEPTED");

    expect(lines()).toMatchObject([{ assignment_id: "a4" }]);
    expect(remarks()).toMatchObject([
      { event: "warning", message: expect.stringMatching(/^2 requests are not shown/) },
    ]);
  });
});

import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import { RevocationReason } from "../src/gen/ate/dispatcher/v1/producer.js";
import { type AssignmentContext, type ProducerOptions, ResultInit } from "../src/index.js";
import { aborted, answer, connectProducer, greetProducer } from "./connected-producer.js";
import { assignment, toProducer } from "./messages.js";
import { usePeers } from "./peers.js";

const peers = usePeers();

describe("a handler", () => {
  it("gets the request and answers with a value", async () => {
    const seen = createDeferred<AssignmentContext>();
    const { call, sent } = await connectProducer(peers, {
      handler: (request) => {
        seen.resolve(request);
        return { id: 1, args: request.args };
      },
    });

    const result = await answer(call, sent, "a1", {
      args: [3, null],
      kwargs: { ttl: 1, topic: "x" },
      data: Uint8Array.of(1, 2),
      contentType: "image/png",
      attributes: { k: "v" },
    });

    expect(result?.outcome).toEqual({ $case: "value", value: { id: 1, args: [3, null] } });
    const request = await seen.promise;
    expect(request).toMatchObject({
      topic: "topic1",
      requestId: "request-of-a1",
      assignmentId: "a1",
      attempt: 1,
      kwargs: { ttl: 1, topic: "x" },
      contentType: "image/png",
      attributes: { k: "v" },
    });
    expect([...request.data]).toEqual([1, 2]);
    expect(request.remainingMs()).toBeGreaterThan(50_000);
    expect(request.remainingMs()).toBeLessThanOrEqual(60_000);
  });

  it.each<[what: string, value: ReturnType<ProducerOptions["handler"]>, expected: unknown]>([
    ["nothing", undefined, { outcome: { $case: "value", value: null } }],
    ["bytes", Uint8Array.of(7), { outcome: { $case: "data", value: Buffer.of(7) }, contentType: "" }],
    [
      "bytes with a type",
      new ResultInit({ data: Uint8Array.of(7), contentType: "image/png" }),
      { outcome: { $case: "data", value: Buffer.of(7) }, contentType: "image/png" },
    ],
    [
      "a value with annotations",
      Promise.resolve(new ResultInit({ value: [1], attributes: { unit: "ms" } })),
      { outcome: { $case: "value", value: [1] }, attributes: { unit: "ms" } },
    ],
  ])("may answer with %s", async (_, value, expected) => {
    const { call, sent } = await connectProducer(peers, { handler: () => value });

    expect(await answer(call, sent, "a1")).toMatchObject(expected as object);
  });

  it("answers all assignments of one message in one message", async () => {
    const { call } = await connectProducer(peers, { handler: ({ assignmentId }) => assignmentId });

    call.send(toProducer(assignment("a1"), assignment("a2"), assignment("a3")));

    expect((await call.next()).messages).toHaveLength(3);
  });

  it.each<[what: string, thrown: unknown, expected: object]>([
    ["an Error", new Error("no stock"), { code: status.UNKNOWN, message: "no stock", details: [] }],
    [
      "an error with a gRPC code",
      Object.assign(new Error("no"), { code: status.NOT_FOUND }),
      { code: status.NOT_FOUND, message: "no" },
    ],
    [
      "an error with another code",
      Object.assign(new Error("x"), { code: "ENOENT" }),
      { code: status.UNKNOWN, message: "x" },
    ],
    ["half an emoji", "\ud83d", { code: status.UNKNOWN, message: "\ufffd" }],
  ])("that throws %s answers with an error and stays registered", async (_, thrown, expected) => {
    const { call, sent } = await connectProducer(peers, {
      handler: ({ args }) => {
        if (args[0] === "fail") throw thrown;
        return "fine";
      },
    });

    const failed = await answer(call, sent, "a1", { args: ["fail"] });
    const fine = await answer(call, sent, "a2");

    expect(failed?.outcome).toMatchObject({ $case: "error", value: expected });
    expect(fine?.outcome).toEqual({ $case: "value", value: "fine" });
  });

  it("that answers with a value that JSON cannot represent sends an error with its path", async () => {
    const { call, sent } = await connectProducer(peers, {
      handler: () => ({ rows: [{ at: new Date(0) }] }) as never,
    });

    expect((await answer(call, sent, "a1"))?.outcome).toMatchObject({
      $case: "error",
      value: {
        code: status.INTERNAL,
        message: "result.rows[0].at is a Date instance; use toISOString()",
      },
    });
  });

  it("is not called for a request that cannot be decoded, which gets an error result", async () => {
    const { call, sent } = await connectProducer(peers, { handler: () => "fine" });
    const batch = Buffer.concat([malformedAssignment("bad"), malformedAssignment("worse")]);

    call.sendRaw(batch);

    for (const assignmentId of ["bad", "worse"]) {
      const reply = await sent.next("reply");
      expect(reply).toMatchObject({ assignmentId, result: { outcome: { value: { code: 3 } } } });
    }
    expect((await answer(call, sent, "a1"))?.outcome).toMatchObject({ value: "fine" });
  });

  it("may send partial results before the final one", async () => {
    const { call, sent } = await connectProducer(peers, {
      handler: async ({ send, remainingMs }) => {
        await send(1);
        await send(2);
        return remainingMs() > 0 ? 3 : 0;
      },
    });

    call.send(toProducer(assignment("a1")));

    const replies = [await sent.next("reply"), await sent.next("reply"), await sent.next("reply")];
    expect(replies.map(({ more, result }) => [more, result?.outcome?.value])).toEqual([
      [true, 1],
      [true, 2],
      [false, 3],
    ]);
  });

  it("sends an error instead of a message above the server's limit, which would end the session", async () => {
    const { call, sent } = await connectProducer(
      peers,
      { handler: () => "x".repeat(2000) },
      { maxMessageBytes: 1000 },
    );

    expect((await answer(call, sent, "a1"))?.outcome).toMatchObject({
      $case: "error",
      value: {
        code: status.RESOURCE_EXHAUSTED,
        message: expect.stringContaining("the server's limit is 1000"),
      },
    });
  });

  it.each(["EXPIRED", "COMPLETED", "REQUESTED", "CALLER_GONE"] as const)(
    "whose assignment is revoked as %s gets the reason, and its results are still sent",
    async (reason) => {
      const busy = await connectBusyProducer();

      const why = await busy.revoke(RevocationReason[reason]);
      await busy.request.send("a part");
      busy.release.resolve("too late");

      const code = reason === "EXPIRED" ? status.DEADLINE_EXCEEDED : status.CANCELLED;
      expect(why).toMatchObject({ reason, code });
      expect(await busy.sent.next("reply")).toMatchObject({ more: true, result: valueResult("a part") });
      expect(await busy.sent.next("reply")).toMatchObject({ more: false, result: valueResult("too late") });
    },
  );

  it.each<[what: string, thrown: (request: AssignmentContext) => unknown]>([
    ["the reason of its revocation", ({ signal }) => signal.reason],
    ["anything else after its revocation", () => new Error("stopped")],
  ])("that throws %s sends nothing", async (_, thrown) => {
    const busy = await connectBusyProducer();

    await busy.revoke(RevocationReason.EXPIRED);
    busy.release.reject(thrown(busy.request));

    await busy.sendsNothingMore();
  });

  it("that is revoked by a shutdown sends nothing more", async () => {
    const busy = await connectBusyProducer();

    await busy.revoke(RevocationReason.SHUTDOWN);
    await busy.request.send("a part");
    busy.release.resolve("too late");

    await busy.sendsNothingMore();
  });

  it("that outlasts its session sends nothing to the next one", async () => {
    const busy = await connectBusyProducer();
    await busy.revoke(RevocationReason.EXPIRED);

    busy.call.fail(status.UNAVAILABLE, "gone");
    const next = await greetProducer(peers);
    busy.release.resolve("too late");

    expect((await answer(next.call, next.sent, "a2"))?.outcome).toMatchObject({ value: "another" });
    expect(busy.request.signal.reason).toMatchObject({ reason: "EXPIRED" });
  });

  it("gets SESSION_LOST when its session is lost", async () => {
    const begun = createDeferred<AssignmentContext>();
    const { call } = await connectProducer(peers, {
      handler: (request) => {
        begun.resolve(request);
        return new Promise(() => {});
      },
    });
    call.send(toProducer(assignment("a1")));
    const { signal } = await begun.promise;

    call.fail(status.UNAVAILABLE, "gone");

    expect(await aborted(signal)).toMatchObject({ reason: "SESSION_LOST" });
  });

  it("gets the dispositions of its replies", async () => {
    const dispositions: unknown[] = [];
    const reported = createDeferred<void>();
    const { call, hello } = await connectProducer(peers, {
      onDisposition: (...disposition) => {
        dispositions.push(disposition);
        reported.resolve();
      },
    });

    call.send(toProducer({ $case: "disposition", value: { assignmentId: "a1", state: 2 } }));
    await reported.promise;

    expect(hello.reportDispositions).toBe(true);
    expect(dispositions).toEqual([["a1", "LATE"]]);
  });
});

/** Creates a producer whose handler has assignment a1 and returns when `release` settles. */
async function connectBusyProducer() {
  const begun = createDeferred<AssignmentContext>();
  const release = createDeferred<string>();
  const { call, sent } = await connectProducer(peers, {
    handler: (request) => {
      if (request.assignmentId !== "a1") return "another";
      begun.resolve(request);
      return release.promise;
    },
  });
  call.send(toProducer(assignment("a1")));
  const request = await begun.promise;
  return {
    ...{ call, sent, request, release },
    async revoke(reason: RevocationReason): Promise<unknown> {
      call.send(toProducer({ $case: "revocation", value: { assignmentIds: ["a1"], reason } }));
      return await aborted(request.signal);
    },
    async sendsNothingMore(): Promise<void> {
      expect((await answer(call, sent, "a2"))?.outcome).toMatchObject({ value: "another" });
    },
  };
}

function valueResult(value: string): object {
  return { outcome: { $case: "value", value } };
}

/** A ProduceResponse with an assignment whose request is not valid protobuf. */
function malformedAssignment(id: string): Buffer {
  const assignmentBytes = Buffer.concat([
    Buffer.from([10, id.length]),
    Buffer.from(id),
    Buffer.from([58, 1, 0xff]),
  ]);
  const message = Buffer.concat([Buffer.from([10, assignmentBytes.length]), assignmentBytes]);
  return Buffer.concat([Buffer.from([10, message.length]), message]);
}

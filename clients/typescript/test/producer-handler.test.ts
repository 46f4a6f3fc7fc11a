import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/deferred.js";
import { RevocationReason } from "../src/gen/ate/dispatcher/v1/producer.js";
import { type AssignmentContext, type ProducerOptions, ResultInit } from "../src/index.js";
import { aborted, answer, connectProducer, greetProducer } from "./connected-producer.js";
import { assignment, toProducer } from "./messages.js";
import { usePeers } from "./peers.js";

const peers = usePeers();

describe("a handler", () => {
  it("sees the request and answers with a value", async () => {
    const seen = createDeferred<AssignmentContext>();
    const { call, said } = await connectProducer(peers, {
      handler: (request) => {
        seen.resolve(request);
        return { id: 1, args: request.args };
      },
    });

    const result = await answer(call, said, "a1", {
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
    const { call, said } = await connectProducer(peers, { handler: () => value });

    expect(await answer(call, said, "a1")).toMatchObject(expected as object);
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
    const { call, said } = await connectProducer(peers, {
      handler: ({ args }) => {
        if (args[0] === "fail") throw thrown;
        return "fine";
      },
    });

    const failed = await answer(call, said, "a1", { args: ["fail"] });
    const fine = await answer(call, said, "a2");

    expect(failed?.outcome).toMatchObject({ $case: "error", value: expected });
    expect(fine?.outcome).toEqual({ $case: "value", value: "fine" });
  });

  it("that answers with what JSON cannot say answers with an error that says where", async () => {
    const { call, said } = await connectProducer(peers, {
      handler: () => ({ rows: [{ at: new Date(0) }] }) as never,
    });

    expect((await answer(call, said, "a1"))?.outcome).toMatchObject({
      $case: "error",
      value: {
        code: status.INTERNAL,
        message: "result.rows[0].at is a Date instance; use toISOString()",
      },
    });
  });

  it("is not run for a request that cannot be decoded, which is answered with an error", async () => {
    const { call, said } = await connectProducer(peers, { handler: () => "fine" });
    const batch = Buffer.concat([malformedAssignment("bad"), malformedAssignment("worse")]);

    call.sendRaw(batch);

    for (const assignmentId of ["bad", "worse"]) {
      const reply = await said.next("reply");
      expect(reply).toMatchObject({ assignmentId, result: { outcome: { value: { code: 3 } } } });
    }
    expect((await answer(call, said, "a1"))?.outcome).toMatchObject({ value: "fine" });
  });

  it("may send partial results before the final one", async () => {
    const { call, said } = await connectProducer(peers, {
      handler: async ({ send, remainingMs }) => {
        await send(1);
        await send(2);
        return remainingMs() > 0 ? 3 : 0;
      },
    });

    call.send(toProducer(assignment("a1")));

    const replies = [await said.next("reply"), await said.next("reply"), await said.next("reply")];
    expect(replies.map(({ more, result }) => [more, result?.outcome?.value])).toEqual([
      [true, 1],
      [true, 2],
      [false, 3],
    ]);
  });

  it("answers with an error instead of a message that the server would end the session for", async () => {
    const { call, said } = await connectProducer(
      peers,
      { handler: () => "x".repeat(2000) },
      { maxMessageBytes: 1000 },
    );

    expect((await answer(call, said, "a1"))?.outcome).toMatchObject({
      $case: "error",
      value: { code: status.RESOURCE_EXHAUSTED, message: expect.stringContaining("the server takes 1000") },
    });
  });

  it.each(["EXPIRED", "COMPLETED", "REQUESTED", "CALLER_GONE"] as const)(
    "hears that its work is revoked as %s, and what it still says is sent",
    async (reason) => {
      const work = await connectWorker();

      const why = await work.revoke(RevocationReason[reason]);
      await work.request.send("a part");
      work.release.resolve("too late");

      const code = reason === "EXPIRED" ? status.DEADLINE_EXCEEDED : status.CANCELLED;
      expect(why).toMatchObject({ reason, code });
      expect(await work.said.next("reply")).toMatchObject({ more: true, result: said("a part") });
      expect(await work.said.next("reply")).toMatchObject({ more: false, result: said("too late") });
    },
  );

  it.each<[what: string, giveUp: (request: AssignmentContext) => unknown]>([
    ["the reason of its revocation", ({ signal }) => signal.reason],
    ["anything else after its revocation", () => new Error("gave up")],
  ])("that throws %s sends nothing", async (_, giveUp) => {
    const work = await connectWorker();

    await work.revoke(RevocationReason.EXPIRED);
    work.release.reject(giveUp(work.request));

    await work.saysNothingMore();
  });

  it("that is revoked by a shutdown is not heard any more", async () => {
    const work = await connectWorker();

    await work.revoke(RevocationReason.SHUTDOWN);
    await work.request.send("a part");
    work.release.resolve("too late");

    await work.saysNothingMore();
  });

  it("that outlasts its session is not heard by the next one", async () => {
    const work = await connectWorker();
    await work.revoke(RevocationReason.EXPIRED);

    work.call.fail(status.UNAVAILABLE, "gone");
    const next = await greetProducer(peers);
    work.release.resolve("too late");

    expect((await answer(next.call, next.said, "a2"))?.outcome).toMatchObject({ value: "another" });
    expect(work.request.signal.reason).toMatchObject({ reason: "EXPIRED" });
  });

  it("hears that its session is lost", async () => {
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

  it("is told what became of its replies", async () => {
    const dispositions: unknown[] = [];
    const told = createDeferred<void>();
    const { call, hello } = await connectProducer(peers, {
      onDisposition: (...disposition) => {
        dispositions.push(disposition);
        told.resolve();
      },
    });

    call.send(toProducer({ $case: "disposition", value: { assignmentId: "a1", state: 2 } }));
    await told.promise;

    expect(hello.reportDispositions).toBe(true);
    expect(dispositions).toEqual([["a1", "LATE"]]);
  });
});

/** A producer whose handler was assigned a1, and holds its answer back until it is released. */
async function connectWorker() {
  const begun = createDeferred<AssignmentContext>();
  const release = createDeferred<string>();
  const { call, said } = await connectProducer(peers, {
    handler: (request) => {
      if (request.assignmentId !== "a1") return "another";
      begun.resolve(request);
      return release.promise;
    },
  });
  call.send(toProducer(assignment("a1")));
  const request = await begun.promise;
  return {
    ...{ call, said, request, release },
    async revoke(reason: RevocationReason): Promise<unknown> {
      call.send(toProducer({ $case: "revocation", value: { assignmentIds: ["a1"], reason } }));
      return await aborted(request.signal);
    },
    async saysNothingMore(): Promise<void> {
      expect((await answer(call, said, "a2"))?.outcome).toMatchObject({ value: "another" });
    },
  };
}

function said(value: string): object {
  return { outcome: { $case: "value", value } };
}

/** A ProduceResponse with an assignment whose request is no protobuf. */
function malformedAssignment(id: string): Buffer {
  const assignmentBytes = Buffer.concat([
    Buffer.from([10, id.length]),
    Buffer.from(id),
    Buffer.from([58, 1, 0xff]),
  ]);
  const message = Buffer.concat([Buffer.from([10, assignmentBytes.length]), assignmentBytes]);
  return Buffer.concat([Buffer.from([10, message.length]), message]);
}

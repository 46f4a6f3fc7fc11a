import { status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import { ErrorInfo } from "../src/gen/google/rpc/error_details.js";
import { DispatcherError, type HandlerResult, ResultInit, type SessionStatus } from "../src/index.js";
import { answer, connectProducer } from "./connected-producer.js";
import { toProducer } from "./messages.js";
import { ODD_FAILURES, throwingProperty } from "./odd-failures.js";
import { usePeers } from "./peers.js";

const peers = usePeers();

describe("a handler that fails", () => {
  for (const [how, fail] of [
    ["at once", (thrown: unknown) => raise(thrown)],
    ["later", (thrown: unknown) => Promise.reject(thrown)],
    ["as a thenable", (thrown: unknown) => thenable((_, reject) => reject(thrown))],
  ] as const) {
    it.each(ODD_FAILURES)(
      `${how} with %s answers with a short error and stays registered`,
      async (_, thrown) => {
        const { call, sent } = await connectProducer(peers, {
          handler: ({ args }) => (args[0] === "fail" ? (fail(thrown) as Promise<null>) : "fine"),
        });

        const failed = await answer(call, sent, "a1", { args: ["fail"] });
        const fine = await answer(call, sent, "a2");

        expect(failed?.outcome?.$case).toBe("error");
        const message = failed?.outcome?.$case === "error" ? failed.outcome.value.message : "";
        expect(message.length).toBeGreaterThan(0);
        expect(message.length).toBeLessThanOrEqual(1024);
        expect(fine?.outcome).toEqual({ $case: "value", value: "fine" });
      },
    );
  }

  it.each<[what: string, metadata: unknown]>([
    ["of 2 MB", { big: "x".repeat(2_000_000) }],
    ["with 65 entries", Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, "v"]))],
    ["with values that cannot be read", throwingProperty({}, "k")],
    ["with values that are no text", { k: { toString: null } }],
  ])("drops error metadata %s, and says so", async (_, metadata) => {
    const { call, sent } = await connectProducer(peers, {
      handler: () => {
        const code = status.NOT_FOUND;
        throw new DispatcherError({ code, reason: "NO_STOCK", details: "none", metadata: metadata as never });
      },
    });

    const failed = await answer(call, sent, "a1");

    expect(failed?.outcome).toMatchObject({
      $case: "error",
      value: { code: status.NOT_FOUND, message: expect.stringMatching(/^none \(its metadata .+\)$/) },
    });
    expect(infoOf(failed)).toMatchObject({ reason: "NO_STOCK", metadata: {} });
  });

  it("passes on metadata that fits, whatever its keys", async () => {
    const metadata = Object.fromEntries([
      ["constructor", "b"],
      ["k", "x".repeat(16_000)],
    ]);
    const { call, sent } = await connectProducer(peers, {
      handler: () => {
        throw new DispatcherError({ code: status.NOT_FOUND, reason: "NO_STOCK", details: "none", metadata });
      },
    });

    const info = infoOf(await answer(call, sent, "a1"));

    expect(Object.entries(info?.metadata ?? {}).sort()).toEqual(Object.entries(metadata).sort());
  });
});

describe("a result that cannot be sent", () => {
  it.each<[what: string, result: () => unknown]>([
    ["a getter that throws", () => throwingProperty({}, "k")],
    ["an element whose class cannot be read", () => [new Proxy({}, { getPrototypeOf: () => raise("x") })]],
    ["a revoked proxy", () => revoked()],
    ["a thenable whose then throws", () => throwingProperty({}, "then")],
    ["a thenable that throws", () => thenable(() => raise(Object.create(null)))],
    ["a ResultInit without parts", () => new ResultInit(null as never)],
    ["a ResultInit with attributes that are no text", () => attributes({ k: Symbol("x") })],
    ["a ResultInit with an attribute that is an object", () => attributes({ k: {} })],
    [
      "a ResultInit with a content type that is no text",
      () => new ResultInit({ data: new Uint8Array(1), contentType: 1 as never }),
    ],
  ])("because of %s fails, and the producer stays registered", async (_, result) => {
    const { call, sent } = await connectProducer(peers, {
      handler: ({ args }) => (args[0] === "fail" ? (result() as HandlerResult) : "fine"),
    });

    const failed = await answer(call, sent, "a1", { args: ["fail"] });
    const fine = await answer(call, sent, "a2");

    expect(failed?.outcome).toMatchObject({ $case: "error", value: { message: expect.stringMatching(/./) } });
    expect(fine?.outcome).toEqual({ $case: "value", value: "fine" });
  });

  it("resolves a thenable that gives a promise", async () => {
    const { call, sent } = await connectProducer(peers, {
      handler: () => thenable((resolve) => resolve(Promise.resolve("fine"))) as Promise<string>,
    });

    expect((await answer(call, sent, "a1"))?.outcome).toEqual({ $case: "value", value: "fine" });
  });
});

describe("a callback of a producer that fails", () => {
  it.each(ODD_FAILURES)("with %s is reported, and the producer stays registered", async (_, thrown) => {
    const faults: SessionStatus[] = [];
    for (const fail of [() => raise(thrown), () => Promise.reject(thrown)]) {
      const reported = createDeferred<void>();
      const { producer, call, sent } = await connectProducer(peers, {
        handler: () => "fine",
        onDisposition: fail as () => void,
        onStatus: (change) => {
          if (change.type !== "fault") return;
          faults.push(change);
          reported.resolve();
        },
      });

      call.send(toProducer({ $case: "disposition", value: { assignmentId: "a1", state: 1 } }));
      await reported.promise;

      expect((await answer(call, sent, "a2"))?.outcome).toMatchObject({ value: "fine" });
      await producer.close({ graceMs: 0 });
    }
    expect(faults).toMatchObject(
      Array(2).fill({
        error: { reason: "CALLBACK_FAILED", details: expect.stringContaining("onDisposition failed: ") },
      }),
    );
  });

  it.each(ODD_FAILURES)("is a warning if it is onStatus, with %s", async (_, thrown) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    for (const fail of [() => raise(thrown), () => Promise.reject(thrown)]) {
      const { producer, call, sent } = await connectProducer(peers, {
        handler: () => "fine",
        onStatus: fail as () => void,
      });
      expect((await answer(call, sent, "a2"))?.outcome).toMatchObject({ value: "fine" });
      await producer.close({ graceMs: 0 });
    }
    expect(warnings.length).toBeGreaterThan(0);
    for (const { message } of warnings) expect(message).toMatch(/^onStatus failed: ./);
  });

  it("holds no character that a terminal obeys if it becomes a warning", async () => {
    const hostile = String.fromCharCode(...HOSTILE);
    const warned = new Promise<Error & { detail?: string }>((resolve) => process.once("warning", resolve));
    const onStatus = () => raise(new Error(hostile));
    const { producer } = await connectProducer(peers, { handler: () => "fine", onStatus });
    await producer.close({ graceMs: 0 });
    const { message, detail } = await warned;
    for (const text of [message, detail]) {
      expect(text).toContain("\\u001b.");
      expect(text?.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    }
  });
});

/** Controls, DEL, C1, separators of lines, and changes of direction, each followed by a full stop. */
const HOSTILE = Array.from({ length: 0x10000 }, (_, code) => code)
  .filter((code) => /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(String.fromCharCode(code)))
  .flatMap((code) => [code, 0x2e]);

type Settle = (value: unknown) => void;

function thenable(run: (resolve: Settle, reject: Settle) => void): object {
  // biome-ignore lint/suspicious/noThenProperty: the tests are about objects with this property
  return { then: run };
}

function raise(thrown: unknown): never {
  throw thrown;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function attributes(value: object): ResultInit {
  return new ResultInit({ value: 1, attributes: value as Record<string, string> });
}

function infoOf(result: Awaited<ReturnType<typeof answer>>): ErrorInfo | undefined {
  if (result?.outcome?.$case !== "error") return undefined;
  const [detail] = result.outcome.value.details;
  return detail && ErrorInfo.decode(detail.value);
}

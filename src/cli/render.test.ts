import { DispatcherError, type ResultDelivery, type Summary } from "ate-dispatcher-client";
import { describe, expect, it } from "vitest";
import type { Paint } from "./output.js";
import { acceptanceLines, createResultLine, resultEvent, summaryLines } from "./render.js";

const plain: Paint = (_, text) => text;
const ESCAPE = "\u001b]0;owned\u0007";

function delivery(fields: Partial<ResultDelivery>): ResultDelivery {
  return {
    ...{
      requestId: "r1",
      requester: "",
      topic: "topic1",
      producerId: "p1",
      principal: "",
      group: "",
      ordinal: 1,
      more: false,
    },
    ...{ sequence: 1n, late: false, latencyMs: 1, receiveTime: new Date(0), context: {} },
    ...{ kind: "value", value: null, data: undefined, error: undefined, contentType: "", attributes: {} },
    ...fields,
  };
}

describe("a result", () => {
  it.each(["kind", "error", "value", "data", "contentType", "attributes"])(
    "whose %s cannot be decoded is an event and a line of its own",
    (field) => {
      const broken = Object.defineProperty(delivery({}), field, {
        get: () => {
          throw new DispatcherError({ code: 15, reason: "UNDECODABLE_RESULT", details: "bad bytes" });
        },
      });

      expect(resultEvent(broken)).toMatchObject({
        ...{ event: "undecodable", producer_id: "p1", ordinal: 1 },
        error: { code: 15, reason: "UNDECODABLE_RESULT", message: "DATA_LOSS: bad bytes" },
      });
      expect(createResultLine(plain)(broken)).toBe("topic1  p1     1.0 ms  error: bad bytes");
    },
  );

  it("that the client delivers as undecodable is an event of its own, unlike an error that a producer sent", () => {
    const init = { code: 15, reason: "UNDECODABLE_RESULT", details: "bad bytes" };
    const own = delivery({
      kind: "error",
      error: new DispatcherError({ ...init, cause: new Error("varint") }),
    });
    const sent = delivery({ kind: "error", error: new DispatcherError(init) });

    expect(resultEvent(own)).toMatchObject({ event: "undecodable", error: { reason: "UNDECODABLE_RESULT" } });
    expect(resultEvent(sent)).toMatchObject({ event: "result", error: { reason: "UNDECODABLE_RESULT" } });
  });

  it("whose times cannot be decoded is shown without them", () => {
    const broken = delivery({ receiveTime: new Date(Number.NaN) });
    Object.defineProperty(broken, "latencyMs", {
      get: () => {
        throw new DispatcherError({ code: 15, reason: "UNDECODABLE_RESULT", details: "bad latency" });
      },
    });

    expect(resultEvent(broken)).toMatchObject({ event: "result", latency_ms: null, receive_time: null });
    expect(createResultLine(plain)(broken)).toBe("topic1  p1          -  null");
  });

  it("with an error is an event with the error", () => {
    const error = new DispatcherError({ code: 2, reason: "PRODUCER_ERROR", details: "größer" });
    const failed = Object.defineProperty(delivery({ kind: "error", error }), "value", {
      get: () => {
        throw error;
      },
    });

    expect(resultEvent(failed)).toMatchObject({ event: "result", error: { message: "UNKNOWN: größer" } });
  });

  it("writes no control characters of a peer to a terminal", () => {
    const line = createResultLine(plain)(
      delivery({ topic: `t${ESCAPE}`, producerId: `p${ESCAPE}`, group: `g${ESCAPE}`, value: `v${ESCAPE}` }),
    );

    expect(line).not.toContain("\u001b");
    expect(line).toContain("t\\u001b]0;owned\\u0007");
  });
});

describe("an acceptance and a summary", () => {
  it("write no control characters of a peer to a terminal", () => {
    const target = { producerId: `p${ESCAPE}`, principal: "", group: `g${ESCAPE}` };
    const acceptance = {
      ...{ requestId: `r${ESCAPE}`, targets: [target], listenerCount: 0, ttlMs: 1 },
      expireTime: new Date(0),
    };
    const outcome = { ...target, state: `S${ESCAPE}`, latencyMs: 1, resultCount: 1, error: undefined };
    const summary = { reason: `R${ESCAPE}`, outcomes: [outcome], elapsedMs: 1 } as unknown as Summary;

    expect(acceptanceLines(acceptance, `t${ESCAPE}`, plain)).not.toContain("\u001b");
    expect(summaryLines(summary, plain)).not.toContain("\u001b");
  });

  it("can name any number of producers", () => {
    const outcomes = Array.from({ length: 200_000 }, (_, i) => ({
      producerId: `p${i}`,
      group: "",
      state: "MISSED",
    }));
    const summary = { reason: "EXPIRED", outcomes, elapsedMs: 1 } as unknown as Summary;

    expect(summaryLines(summary, plain).split("\n")).toHaveLength(200_001);
  });
});

import { describe, expect, it } from "vitest";
import { submitted } from "../../../test/support/submitted.js";
import { Dispatcher } from "../dispatcher.js";
import type { Effect } from "../vocabulary/effect.js";
import type { Input } from "../vocabulary/input.js";

const PRODUCER = 1;
const opened: Input = {
  ...{ kind: "producerOpened", session: PRODUCER, sessionId: "s", producerId: "p", mintedId: "m" },
  ...{ displayName: "", labels: [], registrations: [{ topic: "t", group: "" }] },
  ...{ maxOutstanding: 0, maxBacklog: 0, reportDispositions: false, peer: "" },
};
const wrong: Input = { kind: "messageMisunderstood", session: PRODUCER };

/** A producer that sends one input again and again; by default a wrong message. @returns the names of the effects. */
function setUp(input: Input = wrong) {
  const core = new Dispatcher("test");
  core.step(opened, 0);
  const nameOf = (effect: Effect): string =>
    effect.kind === "close" ? `close ${effect.refusal?.reason}` : effect.kind;
  return (count: number, now: number): readonly string[] =>
    Array.from({ length: count }, () => core.step(input, now).map(nameOf))
      .flat()
      .filter((name) => name !== "heartbeat");
}

describe("a session", () => {
  it("may cause 1,000 faults at once, and ends with the next one", () => {
    const send = setUp();
    expect(send(1_000, 0)).toEqual(Array(1_000).fill("fault"));
    expect(send(1, 0)).toEqual(["close FAULT_LIMIT"]);
    expect(send(10, 0)).toEqual([]);
  });

  it("may cause 100 faults a second for ever", () => {
    const send = setUp();
    for (let second = 1; second <= 30; second++) {
      expect(send(100, second * 1_000)).toEqual(Array(100).fill("fault"));
    }
  });

  it("may reply to unknown assignments at any rate, but gets no more faults for that", () => {
    const send = setUp({
      ...{ kind: "resultReturned", session: PRODUCER, assignment: 7, assignmentText: undefined },
      ...{ more: false, failure: undefined, payload: new Uint8Array(0) },
    });
    expect(send(3_000, 0)).toEqual(Array(1_000).fill("fault"));
    expect(send(200, 1_000)).toEqual(Array(100).fill("fault"));
  });

  it("that causes more than that on average ends", () => {
    const send = setUp();
    const effects: string[] = [];
    for (let second = 1; second <= 30; second++) effects.push(...send(200, second * 1_000));
    expect(effects.filter((name) => name === "fault")).toHaveLength(1_900);
    expect(effects.at(-1)).toBe("close FAULT_LIMIT");
  });
});

describe("a Submit stream", () => {
  const CALLER = 1;

  /** A caller that submits a request again and again. @returns the names of the effects, with their reasons. */
  function setUp(limits: ConstructorParameters<typeof Dispatcher>[1] = {}) {
    const core = new Dispatcher("test", limits);
    core.step({ kind: "callerOpened", session: CALLER }, 0);
    const nameOf = (effect: Effect): string =>
      "refusal" in effect ? `${effect.kind} ${effect.refusal?.reason}` : effect.kind;
    const send = (count: number, now: number, topic = "", correlationId = "c"): readonly string[] => {
      const input = submitted({ session: CALLER, correlationId, gather: topic !== "", spec: { topic } });
      return Array.from({ length: count }, () => core.step(input, now).map(nameOf))
        .flat()
        .filter((name) => name !== "heartbeat");
    };
    return { core, send };
  }

  it("may have 1,000 invalid requests at once, and ends with the next one", () => {
    const { core, send } = setUp();
    expect(send(1_000, 0)).toEqual(Array(1_000).fill("reject INVALID_FIELD"));
    expect(core.snapshot().counts.callers).toBe(1);
    expect(send(1, 0)).toEqual(["close FAULT_LIMIT"]);
    expect(send(10, 0)).toEqual([]);
    expect(core.snapshot().counts.callers).toBe(0);
  });

  it("may have 100 invalid requests a second for ever", () => {
    const { send } = setUp();
    for (let second = 1; second <= 30; second++) {
      expect(send(100, second * 1_000)).toEqual(Array(100).fill("reject INVALID_FIELD"));
    }
  });

  it("may have any number of requests that a limit rejects", () => {
    const { send } = setUp({ maxPendingRequests: 1, maxRequestsPerSecond: 1 });
    expect(send(5_000, 0, "t").slice(-4_999)).toEqual(Array(4_999).fill("reject RATE_LIMIT"));
  });
});

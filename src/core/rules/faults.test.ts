import { describe, expect, it } from "vitest";
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

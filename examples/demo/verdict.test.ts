import { describe, expect, it } from "vitest";
import type { Expectation } from "./scenario.js";
import { differences, type Observation } from "./verdict.js";

const EXPECTED: Expectation = {
  ...{ topic: "my_topic", ttlMs: 300, asked: ["p1", "p2"], late: ["p2"], reason: "EXPIRED" },
  heard: { l1: ["p1"], l2: [] },
};
const VALUE = { id: "p1", some_key: "my_topic", args: [3, 4, 5], kwargs: { keyword: "b" } };
const HEARD = { producer: "p1", latencyMs: 200, value: VALUE };
const LATE = { producer: "p2", wouldBeAtMs: 500, toldAtMs: 300 };
const SEEN: Observation = {
  asked: ["p2", "p1"],
  heard: { l1: [HEARD], l2: [] },
  late: [LATE],
  reason: "EXPIRED",
};

describe("the verdict of the demo", () => {
  it("is content if all came as it must", () => {
    expect(differences(EXPECTED, SEEN)).toEqual([]);
  });

  it.each<[what: string, change: Partial<Observation>, text: string]>([
    ["somebody else was asked", { asked: ["p1"] }, 'who was asked is ["p1"], must be ["p1","p2"]'],
    ["a result is missing", { heard: { l1: [], l2: [] } }, 'what l1 heard is [], must be ["p1"]'],
    ["a result came twice", { heard: { l1: [HEARD, HEARD], l2: [] } }, 'what l1 heard is ["p1","p1"]'],
    ["a listener heard what it should not", { heard: { l1: [HEARD], l2: [HEARD] } }, "what l2 heard"],
    [
      "a value was changed",
      { heard: { l1: [{ ...HEARD, value: { ...VALUE, args: ["3", 4, 5] } }], l2: [] } },
      "what p1 said to l1",
    ],
    ["nobody was late", { late: [] }, 'who was late is [], must be ["p2"]'],
    ["it ended otherwise", { reason: "ALL_ANSWERED" }, 'the end is "ALL_ANSWERED", must be "EXPIRED"'],
  ])("tells that %s", (_, change, text) => {
    const found = differences(EXPECTED, { ...SEEN, ...change });

    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`my_topic: ${text}`);
  });

  it("minds the order", () => {
    const expected = { ...EXPECTED, heard: { l1: ["p1", "p2"] } };
    const second = { producer: "p2", latencyMs: 250, value: { ...VALUE, id: "p2" } };

    expect(differences(expected, { ...SEEN, heard: { l1: [HEARD, second] } })).toEqual([]);
    expect(differences(expected, { ...SEEN, heard: { l1: [second, HEARD] } })).toHaveLength(1);
  });
});

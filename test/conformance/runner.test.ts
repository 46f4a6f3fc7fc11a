/**
 * Tests the runner: it must find every difference between a run and its scenario, and describe it readably.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "./build.js";
import { differences } from "./diff.js";
import { LANGUAGES } from "./languages.js";
import { sameLanguage } from "./role-languages.js";
import { runScenario } from "./runner.js";
import { type Scenario, scenarioSchema } from "./scenario.js";
import { TestBed } from "./test-bed.js";

const PREPARE_TIMEOUT_MS = 60_000;
/** Short, because an event that is missing here never arrives. */
const EVENT_TIMEOUT_MS = 500;

let bed: TestBed;
beforeAll(async () => {
  await compile();
  const [typescript] = LANGUAGES;
  if (typescript) bed = await TestBed.start(sameLanguage(typescript));
}, PREPARE_TIMEOUT_MS);
afterAll(() => bed?.stop());

const PART = { of: "g1", from: "p1", value: { part: 1 }, more: true };

/** A scenario that passes: one producer, one listener, one answered request. */
const PASSING = {
  name: "a listener receives a result",
  producers: { p1: { topics: ["t"], behaviour: { value: { a: [1, 2] }, partials: 1 } } },
  listeners: { l1: { topics: ["t"], summaries: true } },
  steps: [{ gather: { topic: "t", args: [7] }, as: "g1", targets: ["p1"] }],
  expect: {
    listeners: {
      l1: [PART, ["g1", "p1", { a: [1, 2] }], { summary: { of: "g1", reason: "ALL_ANSWERED" } }],
    },
    gathers: {
      g1: { summary: { reason: "ALL_ANSWERED", outcomes: { p1: { state: "ANSWERED", results: 2 } } } },
    },
    producers: { p1: { assignments: [{ of: "g1", args: [7] }] } },
  },
};

async function whyNot(change: object): Promise<string> {
  const scenario: Scenario = scenarioSchema.parse({ ...PASSING, ...change });
  const outcome = await runScenario(bed, scenario, EVENT_TIMEOUT_MS);
  return outcome.kind === "passed" ? "passed" : outcome.why;
}

const expecting = (change: object) => ({ expect: { ...PASSING.expect, ...change } });

describe("a scenario", () => {
  it("passes if all is as it says", async () => {
    expect(await whyNot({})).toBe("passed");
  });

  it.each<[what: string, change: object, told: string]>([
    [
      "a value differs",
      expecting({
        gathers: { g1: { results: [{ of: "g1", from: "p1", more: true }, ["g1", "p1", { a: [1] }]] } },
      }),
      '  - {"from":"p1","of":"g1","value":{"a":[1]}}\n  + {"from":"p1","of":"g1","value":{"a":[1,2]}}',
    ],
    [
      "a listener receives an event that is not expected",
      expecting({ listeners: {} }),
      "l1 received (- expected, + actual):\n  + ",
    ],
    [
      "an event is missing",
      expecting({ listeners: { l1: [...PASSING.expect.listeners.l1, ["g1", "p2"]] } }),
      '  - {"from":"p2","of":"g1"}',
    ],
    [
      "the order differs",
      expecting({ listeners: { l1: [...PASSING.expect.listeners.l1].reverse() } }),
      "l1 received (- expected, + actual):",
    ],
    [
      "a partial result is not expected as one",
      expecting({
        gathers: {
          g1: {
            results: [
              ["g1", "p1"],
              ["g1", "p1"],
            ],
          },
        },
      }),
      '  + {"from":"p1","more":true,"of":"g1","value":{"part":1}}',
    ],
    [
      "an outcome differs",
      expecting({ gathers: { g1: { summary: { reason: "ALL_ANSWERED", outcomes: {} } } } }),
      "g1",
    ],
    ["a gather is not expected", expecting({ gathers: {} }), "does not say what the gather g1 should get"],
    [
      "a handler sees other arguments",
      expecting({ producers: { p1: { assignments: [{ of: "g1", args: [8] }] } } }),
      '  - {"args":[8],"of":"g1"}\n  + {"args":[7],"of":"g1"}',
    ],
    [
      "a revocation is missing",
      expecting({ producers: { p1: { revoked: { g1: "EXPIRED" } } } }),
      'revoked at p1 (- expected, + actual):\n  - "g1: EXPIRED"',
    ],
    [
      "the targets differ",
      { steps: [{ gather: { topic: "t" }, as: "g1", targets: ["p2"] }] },
      'targets: ["p1"]',
    ],
    [
      "something is not refused",
      { steps: [{ dispatch: { topic: "t" }, refused: { code: "NOT_FOUND" } }], expect: {} },
      "it was not refused",
    ],
    [
      "something is refused for another reason",
      { steps: [{ dispatch: { topic: "" }, refused: { code: "NOT_FOUND" } }], expect: {} },
      '  - {"code":"NOT_FOUND"}\n  + {"code":"INVALID_ARGUMENT"}',
    ],
    [
      "something is refused that should not be",
      { steps: [{ dispatch: { topic: "" } }], expect: {} },
      "dispatch was refused",
    ],
  ])("fails if %s", async (_, change, told) => {
    expect(await whyNot(change)).toContain(told);
  });

  it("lists all events when it fails", async () => {
    expect(await whyNot(expecting({ listeners: {} }))).toMatch(/all events:\n {2}assignment \{/);
  });

  it("does not run in a language that lacks a needed feature", async () => {
    expect(await whyNot({ needs: ["magic"] })).toBe("lacks magic");
  });

  it("with an unknown key is rejected", () => {
    expect(() => scenarioSchema.parse({ ...PASSING, steps: [{ dispach: { topic: "t" } }] })).toThrow(
      /dispach/,
    );
  });
});

describe("a difference", () => {
  it("shows common items once", () => {
    expect(differences("lists", ["a", "b", "c"], ["a", "c", "d"])).toBe(
      ["lists (- expected, + actual):", '    "a"', '  + "b"', '    "c"', '  - "d"'].join("\n"),
    );
  });

  it("ignores the order of keys", () => {
    expect(differences("objects", [{ a: 1, b: 2 }], [{ b: 2, a: 1 }])).toBeUndefined();
  });
});

/**
 * The runner itself: what is not as a scenario says must be found, and told readably.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "./build.js";
import { castOf } from "./casts.js";
import { differences } from "./diff.js";
import { LANGUAGES } from "./languages.js";
import { play } from "./runner.js";
import { type Scenario, scenarioSchema } from "./scenario.js";
import { Troupe } from "./troupe.js";

const PREPARE_MS = 60_000;
/** What is missing here never comes. */
const PATIENCE_MS = 500;

let troupe: Troupe;
beforeAll(async () => {
  await compile();
  const [typescript] = LANGUAGES;
  if (typescript) troupe = await Troupe.assemble(castOf(typescript));
}, PREPARE_MS);
afterAll(() => troupe?.disband());

const PART = { of: "g1", from: "p1", value: { part: 1 }, more: true };

/** One producer, one listener, one answered request; true as it is. */
const TRUE = {
  name: "a result is heard",
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
  const scenario: Scenario = scenarioSchema.parse({ ...TRUE, ...change });
  const outcome = await play(troupe, scenario, PATIENCE_MS);
  return outcome.kind === "passed" ? "passed" : outcome.why;
}

const expecting = (change: object) => ({ expect: { ...TRUE.expect, ...change } });

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
      "nobody said what a listener hears",
      expecting({ listeners: {} }),
      "l1 heard (- expected, + actual):\n  + ",
    ],
    [
      "an event is missing",
      expecting({ listeners: { l1: [...TRUE.expect.listeners.l1, ["g1", "p2"]] } }),
      '  - {"from":"p2","of":"g1"}',
    ],
    [
      "the order differs",
      expecting({ listeners: { l1: [...TRUE.expect.listeners.l1].reverse() } }),
      "l1 heard (- expected, + actual):",
    ],
    [
      "partial results are not named so",
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
    [
      "nobody said what a gather gets",
      expecting({ gathers: {} }),
      "does not say what the gather g1 should get",
    ],
    [
      "a handler sees other arguments",
      expecting({ producers: { p1: { assignments: [{ of: "g1", args: [8] }] } } }),
      '  - {"args":[8],"of":"g1"}\n  + {"args":[7],"of":"g1"}',
    ],
    [
      "a revocation does not come",
      expecting({ producers: { p1: { revoked: { g1: "EXPIRED" } } } }),
      'revoked at p1 (- expected, + actual):\n  - "g1: EXPIRED"',
    ],
    [
      "others are asked",
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

  it("is told all that was seen when it fails", async () => {
    expect(await whyNot(expecting({ listeners: {} }))).toMatch(/all events:\n {2}assignment \{/);
  });

  it("is not played by a language that lacks what it needs", async () => {
    expect(await whyNot({ needs: ["magic"] })).toBe("lacks magic");
  });

  it("with a word that means nothing is no scenario", () => {
    expect(() => scenarioSchema.parse({ ...TRUE, steps: [{ dispach: { topic: "t" } }] })).toThrow(/dispach/);
  });
});

describe("a difference", () => {
  it("shows what is common once", () => {
    expect(differences("lists", ["a", "b", "c"], ["a", "c", "d"])).toBe(
      ["lists (- expected, + actual):", '    "a"', '  + "b"', '    "c"', '  - "d"'].join("\n"),
    );
  });

  it("is none between objects with their keys in another order", () => {
    expect(differences("objects", [{ a: 1, b: 2 }], [{ b: 2, a: 1 }])).toBeUndefined();
  });
});

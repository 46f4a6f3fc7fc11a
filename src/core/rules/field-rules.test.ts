import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { invalid } from "../vocabulary/reason.js";
import {
  correlationRule,
  idRule,
  lengthRule,
  patternRule,
  patternsRule,
  rangeRule,
  requiredIdRule,
  topicRule,
  type Verdict,
} from "./field-rules.js";

const MAX_LENGTH_ID = "i".repeat(128);
const INVALID_IDS = [
  "with space",
  "tab\t",
  "line\n",
  "\0",
  "\u00e9",
  "\u{1f600}",
  "\ud800",
  `${MAX_LENGTH_ID}i`,
];

function description(verdict: Verdict): string | undefined {
  return verdict?.description;
}

describe("the rules for fields", () => {
  it.each([["t"], ["a.b"], ["x".repeat(255)]])("accept the topic %s", (topic) => {
    expect(topicRule("f", topic)).toBeUndefined();
    expect(patternRule("f", topic)).toBeUndefined();
  });

  it("tell missing topics, patterns and malformed topics apart", () => {
    expect(topicRule("f", "")).toEqual({ field: "f", description: "is required; name the topic to ask" });
    expect(description(topicRule("f", "a.*"))).toContain("wildcards are allowed only in registrations");
    expect(description(topicRule("f", "a..b"))).toContain('is "a..b", not a topic;');
    expect(description(topicRule("f", "x".repeat(256)))).toContain("of 256 characters");
  });

  it("allow wildcards in a registration, but no empty topic", () => {
    expect(patternRule("f", "a.*.>")).toBeUndefined();
    expect(description(patternRule("f", ""))).toContain("not a topic or pattern");
    expect(description(patternRule("f", ">.a"))).toContain("not a topic or pattern");
  });

  it("bound the tokens of a pattern, but not those of a topic", () => {
    const topic = `${"x.".repeat(127)}x`;
    const pattern = `${"x.".repeat(16)}*`;

    expect(patternRule("f", topic)).toBeUndefined();
    expect(patternRule("f", `${"x.".repeat(15)}*`)).toBeUndefined();
    expect(description(patternRule("f", pattern))).toContain(
      `is "${pattern}", a pattern of 17 tokens; use at most 16`,
    );
    expect(patternRule("f", `${"*.".repeat(4)}x.>`)).toBeUndefined();
    expect(description(patternRule("f", `${"*.".repeat(5)}x`))).toContain(
      `is "*.*.*.*.*.x", a pattern with 5 *; use at most 4, with > for the rest`,
    );
    expect(description(topicRule("f", pattern))).toContain("wildcards are allowed only in registrations");
  });

  it("name the first invalid pattern of a list", () => {
    expect(patternsRule("f", ["a", "b.*"])).toBeUndefined();
    expect(patternsRule("f", [])).toBeUndefined();
    expect(patternsRule("f", ["a", "b c", "d e"])?.field).toBe("f[1]");
  });

  it("accept an id of 1 to 128 printable ASCII characters, and an empty one", () => {
    for (const id of ["", "!", "~", "a:b/c", MAX_LENGTH_ID]) expect(idRule("f", id)).toBeUndefined();
    for (const id of INVALID_IDS) expect(idRule("f", id)?.field).toBe("f");
  });

  it("can require an id", () => {
    expect(requiredIdRule("f", "")).toEqual({ field: "f", description: "is required" });
    expect(requiredIdRule("f", "x")).toBeUndefined();
    expect(requiredIdRule("f", "x y")?.field).toBe("f");
  });

  it("require a correlation id of 1 to 64 printable ASCII characters", () => {
    expect(correlationRule("f", "c".repeat(64))).toBeUndefined();
    expect(correlationRule("f", "c".repeat(65))?.field).toBe("f");
    expect(correlationRule("f", "")?.field).toBe("f");
    expect(correlationRule("f", "c 1")?.field).toBe("f");
  });

  it("accept 0 for the default of a range, and otherwise only values within its bounds", () => {
    const isAllowed = (value: number) => rangeRule("f", value, 2, 4) === undefined;

    expect([0, 1, 2, 3, 4, 5].map(isAllowed)).toEqual([true, false, true, true, true, false]);
  });

  it("accept a length up to and including its maximum", () => {
    expect(lengthRule("f", 3, 3, "entries")).toBeUndefined();
    expect(lengthRule("f", 4, 3, "entries")).toEqual({
      field: "f",
      description: "has 4 entries; at most 3 are allowed",
    });
  });

  it("quote a peer's text only truncated and readable", () => {
    const rules = [topicRule, patternRule, idRule, requiredIdRule, correlationRule];
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400, size: "max" }), (text) => {
        for (const rule of rules) {
          const verdict = rule("f", text);
          if (!verdict) continue;
          const { message } = invalid([verdict]);
          expect(message).toMatch(/^[ \p{L}\p{M}\p{N}\p{P}\p{S}]{1,600}$/u);
          expect(verdict.description).toMatch(/^[ \p{L}\p{M}\p{N}\p{P}\p{S}]{1,600}$/u);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

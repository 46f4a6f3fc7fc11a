import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { invalid } from "../vocabulary/reason.js";
import {
  correlationRule,
  idRule,
  lengthRule,
  patternRule,
  patternsRule,
  requiredIdRule,
  topicRule,
  type Verdict,
  windowRule,
} from "./field-rules.js";

const LONGEST_ID = "i".repeat(128);
const NO_IDS = ["with space", "tab\t", "line\n", "\0", "\u00e9", "\u{1f600}", "\ud800", `${LONGEST_ID}i`];

function description(verdict: Verdict): string | undefined {
  return verdict?.description;
}

describe("the rules for fields", () => {
  it.each([["t"], ["a.b"], ["x".repeat(255)]])("let the topic %s pass", (topic) => {
    expect(topicRule("f", topic)).toBeUndefined();
    expect(patternRule("f", topic)).toBeUndefined();
  });

  it("say of a topic whether it is missing, a pattern or malformed", () => {
    expect(topicRule("f", "")).toEqual({ field: "f", description: "is required; name the topic to ask" });
    expect(description(topicRule("f", "a.*"))).toContain("wildcards are only for registrations");
    expect(description(topicRule("f", "a..b"))).toContain('is "a..b", not a topic;');
    expect(description(topicRule("f", "x".repeat(256)))).toContain("of 256 characters");
  });

  it("let a registration use wildcards, and not leave its topic out", () => {
    expect(patternRule("f", "a.*.>")).toBeUndefined();
    expect(description(patternRule("f", ""))).toContain("not a topic or pattern");
    expect(description(patternRule("f", ">.a"))).toContain("not a topic or pattern");
  });

  it("name the first wrong one of a list of patterns", () => {
    expect(patternsRule("f", ["a", "b.*"])).toBeUndefined();
    expect(patternsRule("f", [])).toBeUndefined();
    expect(patternsRule("f", ["a", "b c", "d e"])?.field).toBe("f[1]");
  });

  it("take 1 to 128 printable ASCII characters for an id, and nothing for none", () => {
    for (const id of ["", "!", "~", "a:b/c", LONGEST_ID]) expect(idRule("f", id)).toBeUndefined();
    for (const id of NO_IDS) expect(idRule("f", id)?.field).toBe("f");
  });

  it("may require an id", () => {
    expect(requiredIdRule("f", "")).toEqual({ field: "f", description: "is required" });
    expect(requiredIdRule("f", "x")).toBeUndefined();
    expect(requiredIdRule("f", "x y")?.field).toBe("f");
  });

  it("require 1 to 64 printable ASCII characters of a correlation id", () => {
    expect(correlationRule("f", "c".repeat(64))).toBeUndefined();
    expect(correlationRule("f", "c".repeat(65))?.field).toBe("f");
    expect(correlationRule("f", "")?.field).toBe("f");
    expect(correlationRule("f", "c 1")?.field).toBe("f");
  });

  it("take 0 for the default of a window, and else what lies within its bounds", () => {
    const isAllowed = (value: number) => windowRule("f", value, 2, 4) === undefined;

    expect([0, 1, 2, 3, 4, 5].map(isAllowed)).toEqual([true, false, true, true, true, false]);
  });

  it("bound a length, inclusively", () => {
    expect(lengthRule("f", 3, 3, "entries")).toBeUndefined();
    expect(lengthRule("f", 4, 3, "entries")).toEqual({
      field: "f",
      description: "has 4 entries; at most 3 are allowed",
    });
  });

  it("never repeat a peer's text but in printable ASCII and shortened", () => {
    const rules = [topicRule, patternRule, idRule, requiredIdRule, correlationRule];
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400, size: "max" }), (text) => {
        for (const rule of rules) {
          const verdict = rule("f", text);
          if (!verdict) continue;
          const { message } = invalid([verdict]);
          expect(message).toMatch(/^[\x20-\x7e]{1,600}$/);
          expect(verdict.description).toMatch(/^[\x20-\x7e]{1,600}$/);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

import { describe, expect, it } from "vitest";
import { checkPattern, matchesPattern } from "./topic-pattern.js";

describe("a pattern", () => {
  it.each([
    ...["a", "a.b_c-D9", "*", "*.a.*", ">", "a.>", "a".repeat(255)],
    ...[`${"a.".repeat(127)}a`, `${"a.".repeat(15)}*`, `${"*.".repeat(4)}>`],
  ])("may be %s", (pattern) => {
    expect(() => checkPattern(pattern)).not.toThrow();
  });

  it.each(["*", ">"])("has at most 16 tokens, %s among them", (wildcard) => {
    expect(() => checkPattern(`${"a.".repeat(16)}${wildcard}`)).toThrow(/at most 16 tokens/);
  });

  it("has at most four stars", () => {
    expect(() => checkPattern("*.*.*.*.*")).toThrow(/at most 16 tokens and 4 \*/);
  });

  it.each(["", ".", "a.", ".a", "a..b", "a b", "a.>.b", "a*", "ä", "a\n", "a".repeat(256)])(
    "may not be %j",
    (pattern) => {
      expect(() => checkPattern(pattern)).toThrow(/INVALID_ARGUMENT: topic/);
    },
  );

  it.each<[pattern: string, topic: string, matches: boolean]>([
    ["a.b", "a.b", true],
    ["a.b", "a.c", false],
    ["a", "a.b", false],
    ["a.b", "a", false],
    ["a.*", "a.b", true],
    ["a.*", "a", false],
    ["a.*", "a.b.c", false],
    ["*.b", "a.b", true],
    [">", "a.b", true],
    ["a.>", "a.b.c", true],
    ["a.>", "a", false],
    ["a.>", "b.c", false],
  ])("%s matches %s: %s", (pattern, topic, matches) => {
    expect(matchesPattern(pattern, topic)).toBe(matches);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers, hasWildcard, overlap } from "./topic.js";
import { TopicFilter } from "./topic-filter.js";

const TOKENS = fc.array(fc.constantFrom("a", "b", "ab", "*"), { minLength: 1, maxLength: 4 });
const PATTERN = fc
  .tuple(TOKENS, fc.boolean())
  .map(([tokens, isOpen]) => [...tokens, ...(isOpen ? [">"] : [])].join("."));

describe("a topic filter", () => {
  it("covers and overlaps what its pattern covers and overlaps", () => {
    fc.assert(
      fc.property(PATTERN, PATTERN, (pattern, name) => {
        const filter = new TopicFilter(pattern);

        expect(filter.overlaps(name)).toBe(overlap(pattern, name));
        if (!hasWildcard(name)) expect(filter.covers(name)).toBe(covers(pattern, name));
        if (!hasWildcard(name) && covers(pattern, name)) expect(name.startsWith(filter.prefix)).toBe(true);
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });

  it.each([
    ["", "", true, false],
    ["a.b", "a.b", false, true],
    ["a.*.c", "a.", false, false],
    ["a.>", "a.", false, false],
    [">", "", false, false],
  ])("of %j begins with %j", (pattern, prefix, isAll, isTopic) => {
    expect(new TopicFilter(pattern)).toMatchObject({ prefix, isAll, isTopic });
  });
});

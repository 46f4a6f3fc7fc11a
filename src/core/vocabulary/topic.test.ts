import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contains, covers, hasWildcard, isPattern, isTopic, overlap } from "./topic.js";

const LONG_TOKEN = "x".repeat(255);

/** Names that are valid in requests and in registrations. */
const TOPICS = [
  "t",
  "topic1",
  "my_topic",
  "a.b.c",
  "A-b_9.Z",
  "-",
  "_._",
  "0",
  "__proto__",
  "constructor",
  "toString.hasOwnProperty",
  LONG_TOKEN,
  `${"x.".repeat(127)}x`,
];

/** Names that are valid in registrations only. */
const WILDCARDS = [
  ...["*", ">", "*.*", "a.*", "*.b", "a.*.c", "a.>", "*.>", "a.b.>"],
  `${"x.".repeat(15)}*`,
  `${"*.".repeat(4)}${"x.".repeat(11)}x`,
  `${"*.".repeat(4)}${"x.".repeat(11)}>`,
];

/** Names that are never valid. */
const MALFORMED = [
  "",
  ".",
  "..",
  ".a",
  "a.",
  "a..b",
  " ",
  "a b",
  " a",
  "a ",
  "\t",
  "\r",
  "\n",
  "a\n",
  "a\r\n",
  "\0",
  "a\0b",
  "$SYS.x",
  "$JS.API.>",
  "a/b",
  "a:b",
  "a,b",
  "a%20b",
  "a**",
  "*a",
  "a*.b",
  "a>",
  ">a",
  ">.a",
  ">.>",
  "a.>.b",
  "*>",
  "\u00e9",
  "e\u0301",
  "\u212b",
  "\u05d0",
  "\u202ea",
  "\uff41",
  "\u0430",
  "a\u200b",
  "\ufeffa",
  "\ud83d\ude00",
  "\ud800",
  "\udc00",
  "a\ud800",
  "x".repeat(256),
  `${"x.".repeat(128)}x`,
  `${LONG_TOKEN}.>`,
  `${"x.".repeat(16)}*`,
  `${"*.".repeat(16)}x`,
  `${"*.".repeat(5)}x`,
  `${"*.".repeat(4)}*`,
  `${"*.x.".repeat(5)}>`,
  `${"x.".repeat(16)}>`,
  `${"*.".repeat(127)}>`,
  "x".repeat(100_000),
  ".".repeat(100_000),
];

const char = fc.constantFrom(..."abzAZ059_-..**>>", " ", "$", "\n", "\0", "\u00e9", "\ud800");
const oddName = fc.oneof(
  fc.string({ unit: char, maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(..."ab."), minLength: 250, maxLength: 260 }),
  fc
    .array(fc.constantFrom("a", "b", "*", ">"), { minLength: 14, maxLength: 18 })
    .map((tokens) => tokens.join(".")),
);
const token = fc.constantFrom("a", "b", "c");
const topic = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join("."));
const pattern = fc
  .tuple(
    fc.array(fc.oneof(token, fc.constant("*")), { maxLength: 4 }),
    fc.constantFrom<readonly string[]>([], [">"]),
  )
  .map(([tokens, rest]) => [...tokens, ...rest].join("."))
  .filter((name) => name !== "");

describe("a topic", () => {
  it.each(TOPICS.map((name) => [name]))("may be named %j", (name) => {
    expect([isTopic(name), isPattern(name), hasWildcard(name)]).toEqual([true, true, false]);
  });

  it.each(WILDCARDS.map((name) => [name]))("may not be named %j, which is a pattern", (name) => {
    expect([isTopic(name), isPattern(name), hasWildcard(name)]).toEqual([false, true, true]);
  });

  it.each(MALFORMED.map((name) => [name]))("may not be named %j, and neither may a pattern", (name) => {
    expect([isTopic(name), isPattern(name)]).toEqual([false, false]);
  });

  it("consists of tokens joined by dots, in at most 255 bytes", () => {
    fc.assert(
      fc.property(fc.oneof(topic, oddName), (name) => {
        const isMadeOfTokens = name.split(".").every((part) => /^[A-Za-z0-9_-]+$/.test(part));
        expect(isTopic(name)).toBe(isMadeOfTokens && Buffer.byteLength(name) <= 255);
      }),
      { numRuns: 5_000, seed: 1 },
    );
  });
});

describe("a pattern", () => {
  it("consists of at most 16 tokens, four of them stars, with a greater-than sign only as its last token", () => {
    fc.assert(
      fc.property(fc.oneof(pattern, oddName), (name) => {
        const tokens = name.split(".");
        const isMadeOfTokens = tokens.every(
          (part, i) =>
            /^[A-Za-z0-9_-]+$/.test(part) || part === "*" || (part === ">" && i === tokens.length - 1),
        );
        const stars = tokens.filter((part) => part === "*").length;
        const isShort = !/[*>]/.test(name) || (tokens.length <= 16 && stars <= 4);
        expect(isPattern(name)).toBe(isMadeOfTokens && isShort && Buffer.byteLength(name) <= 255);
      }),
      { numRuns: 5_000, seed: 1 },
    );
  });

  it.each<[pattern: string, topic: string, isCovered: boolean]>([
    ["a", "a", true],
    ["a", "b", false],
    ["a", "a.b", false],
    ["a.b", "a", false],
    ["*", "a", true],
    ["*", "a.b", false],
    ["a.*", "a", false],
    ["a.*", "a.b", true],
    ["a.*", "a.b.c", false],
    ["*.b", "a.b", true],
    ["*.b", "b.a", false],
    [">", "a", true],
    [">", "a.b.c", true],
    ["a.>", "a", false],
    ["a.>", "a.b", true],
    ["a.>", "a.b.c", true],
    ["a.>", "b.a", false],
    ["*.>", "a", false],
    ["*.>", "a.b", true],
    ["a.*.>", "a.b", false],
    ["a.*.>", "a.b.c", true],
  ])("%s covers %s: %s", (name, of, isCovered) => {
    expect(covers(name, of)).toBe(isCovered);
  });

  it("covers exactly the topics that an equivalent regular expression matches", () => {
    fc.assert(
      fc.property(pattern, topic, (name, of) => {
        const source = name.replaceAll(".", "\\.").replaceAll("*", "[^.]+").replace(">", ".+");
        expect(covers(name, of)).toBe(new RegExp(`^${source}$`).test(of));
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });

  const short = fc
    .tuple(
      fc.array(fc.constantFrom("a", "b", "*"), { maxLength: 3 }),
      fc.constantFrom<readonly string[]>([], [">"]),
    )
    .map(([tokens, rest]) => [...tokens, ...rest].join("."))
    .filter((name) => name !== "");
  // A third token stands for all that no pattern names.
  const lengthen = (topics: readonly string[]) =>
    topics.flatMap((name) => ["a", "b", "c"].map((token) => `${name}.${token}`));
  const ones = ["a", "b", "c"];
  const twos = lengthen(ones);
  const threes = lengthen(twos);
  const topics = [...ones, ...twos, ...threes, ...lengthen(threes)];

  it("overlaps with another pattern if both cover a common topic", () => {
    fc.assert(
      fc.property(short, short, (one, other) => {
        expect(overlap(one, other)).toBe(topics.some((of) => covers(one, of) && covers(other, of)));
      }),
      { numRuns: 1_000, seed: 1 },
    );
  });

  it("contains another pattern if it covers all topics of the other", () => {
    fc.assert(
      fc.property(short, short, (outer, inner) => {
        expect(contains(outer, inner)).toBe(topics.every((of) => !covers(inner, of) || covers(outer, of)));
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});

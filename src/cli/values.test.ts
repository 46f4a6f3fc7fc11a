import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import {
  anyMs,
  bytesFrom,
  collect,
  collectPairs,
  connectAddress,
  jsonOrText,
  percent,
  positiveCount,
  positiveMs,
} from "./values.js";

describe("an argument", () => {
  it.each([
    ["3", 3],
    ["-5", -5],
    ["1.5e3", 1_500],
    ["true", true],
    ["null", null],
    ['"3"', "3"],
    ['{"a": [1, null]}', { a: [1, null] }],
    ["b", "b"],
    ["", ""],
    ["hello world", "hello world"],
    ["{not json", "{not json"],
    ["007", "007"],
  ])("%j means %j", (text, value) => {
    expect(jsonOrText(text)).toEqual(value);
  });

  it.each(["12345678901234567890", "-9007199254740993", "1e999"])(
    "%s stays text, because a number cannot hold it",
    (text) => {
      expect(jsonOrText(text)).toBe(text);
    },
  );
});

describe("a number in an argument", () => {
  it.each<[text: string, value: unknown]>([
    ["[12345678901234567890, 1]", ["12345678901234567890", 1]],
    ['{"a": {"b": -9007199254740993}, "1e999": 1e999}', { a: { b: "-9007199254740993" }, "1e999": "1e999" }],
    ['["12345678901234567890", "\\"9007199254740993"]', ["12345678901234567890", '"9007199254740993']],
    ["9007199254740994", 9_007_199_254_740_994],
    ["[1e21, 1.5, 0.1]", [1e21, 1.5, 0.1]],
    ["-0", -0],
  ])("%s is text exactly if a number cannot hold it", (text, value) => {
    expect(jsonOrText(text)).toEqual(value);
  });

  it("keeps the keys that JavaScript treats specially", () => {
    const value = jsonOrText('{"__proto__": {"constructor": 12345678901234567890}}');

    expect(JSON.stringify(value)).toBe('{"__proto__":{"constructor":"12345678901234567890"}}');
  });
});

describe("a pair", () => {
  it("is split at the first =", () => {
    expect(collectPairs("a=b=c")).toEqual([["a", "b=c"]]);
    expect(collectPairs("b=", [["a", "1"]])).toEqual([
      ["a", "1"],
      ["b", ""],
    ]);
  });

  it.each(["", "a", "=b"])("%j is rejected", (text) => {
    expect(() => collectPairs(text)).toThrow(InvalidArgumentError);
  });

  it("named __proto__ is a key like any other", () => {
    const kwargs = Object.fromEntries(collectPairs("__proto__=1"));

    expect(Object.getPrototypeOf(kwargs)).toBe(Object.prototype);
    expect(JSON.stringify(kwargs)).toBe('{"__proto__":"1"}');
  });
});

describe("other values", () => {
  it("are parsed with their units", () => {
    expect(positiveMs("4s")).toBe(4_000);
    expect(anyMs("0")).toBe(0);
    expect(bytesFrom(1)("64KiB")).toBe(65_536);
    expect(positiveCount("2")).toBe(2);
    expect(percent("80%")).toBe(80);
    expect(connectAddress("[::1]:80")).toBe("[::1]:80");
    expect(collect("b", ["a"])).toEqual(["a", "b"]);
  });

  it.each([
    ["a duration", () => positiveMs("0")],
    ["a duration", () => positiveMs("soon")],
    ["a duration", () => positiveMs("8d")],
    ["a delay", () => anyMs("-1s")],
    ["a size", () => bytesFrom(1)("0")],
    ["a count", () => positiveCount("0")],
    ["a count", () => positiveCount("5000000000")],
    ["a percentage", () => percent("101")],
    ["an address", () => connectAddress("localhost")],
    ["an address", () => connectAddress("localhost:0")],
  ])("are rejected if they are not %s", (_, read) => {
    expect(read).toThrow(InvalidArgumentError);
  });
});

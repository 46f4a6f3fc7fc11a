import { describe, expect, it } from "vitest";
import { jsonText } from "./json-text.js";

describe("a value as JSON text", () => {
  it.each<[value: unknown, text: string]>([
    [Number.NaN, '"NaN"'],
    [Number.POSITIVE_INFINITY, '"Infinity"'],
    [Number.NEGATIVE_INFINITY, '"-Infinity"'],
    [{ a: [Number.NaN, 1.5] }, '{"a":["NaN",1.5]}'],
    [-0, "-0"],
    [[0, -0], "[0,-0]"],
    [2 ** 53 + 2, "9007199254740994"],
    [2 ** 63, "9223372036854775808"],
    [-(2 ** 63), "-9223372036854775808"],
    [1e21, "1e+21"],
    [5e-324, "5e-324"],
    [
      JSON.parse('{"__proto__":{"__proto__":1},"constructor":2,"toString":3}'),
      '{"__proto__":{"__proto__":1},"constructor":2,"toString":3}',
    ],
    [{ toJSON: 1, length: 2 }, '{"toJSON":1,"length":2}'],
    ["\ud83d", '"\\ud83d"'],
    ["ä😀", '"ä😀"'],
    ["\u001b[2J\u009b2J\u202e\u2028\u2029\u007f", '"\\u001b[2J\\u009b2J\\u202e\\u2028\\u2029\\u007f"'],
    [{ "\u009b": 1 }, '{"\\u009b":1}'],
    [{ left: undefined, right: null }, '{"right":null}'],
    [[undefined, true], "[null,true]"],
    ["", '""'],
  ])("%j is %s", (value, text) => {
    expect(jsonText(value)).toBe(text);
  });

  it("holds any nesting that a client decodes", () => {
    let value: unknown = 1;
    for (let i = 0; i < 300; i++) value = [{ value }];

    expect(JSON.parse(jsonText(value))).toEqual(value);
  });
});

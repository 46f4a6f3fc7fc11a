import { describe, expect, it } from "vitest";
import { contextValue } from "./trace-context.js";

const members = (count: number, length: number): string =>
  Array.from({ length: count }, (_, i) => `${i}=`.padEnd(length, "v")).join(",");

describe("a value of trace context", () => {
  it.each([
    ["traceparent", "x".repeat(128)],
    ["tracestate", "x".repeat(512)],
    ["baggage", "x".repeat(8_192)],
    ["tracestate", ""],
  ])("is kept if it has the longest %s", (key, value) => {
    expect(contextValue(key, value)).toBe(value);
  });

  it.each([
    ["a longer traceparent", "traceparent", "x,".repeat(65)],
    ["a longer tracestate of one member", "tracestate", "x".repeat(513)],
    ["a longer baggage of one member", "baggage", "x".repeat(8_193)],
    ["another key", "authorization", "x"],
  ])("is dropped if it is %s", (_, key, value) => {
    expect(contextValue(key, value)).toBeUndefined();
  });

  it("loses the last members of a list that is too long", () => {
    expect(contextValue("tracestate", members(6, 99))).toBe(members(5, 99));
    expect(contextValue("tracestate", `${members(1, 512)},b=1`)).toBe(members(1, 512));
    expect(contextValue("baggage", members(64, 200))).toBe(members(40, 200));
  });
});

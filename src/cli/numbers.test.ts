import { describe, expect, it } from "vitest";
import { age, count, dateTime, rate, size, span } from "./numbers.js";

describe("numbers for display", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1_000, "1,000"],
    [1_234_567, "1,234,567"],
    [12_345_678_901_234_567_890n, "12,345,678,901,234,567,890"],
  ])("shows a count of %s as %s", (value, text) => {
    expect(count(value)).toBe(text);
  });

  it.each([
    [0, "0 B"],
    [1_023, "1023 B"],
    [1_024, "1.0 KiB"],
    [33_554_432, "32.0 MiB"],
    [524_288_000, "500 MiB"],
    [2 ** 41, "2 TiB"],
  ])("shows %s bytes as %s", (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  it.each([
    [undefined, "-"],
    [0, "0"],
    [0.25, "0.3"],
    [9.96, "10.0"],
    [12.4, "12"],
    [12_345.6, "12,346"],
  ])("shows %s per second as %s", (perSecond, text) => {
    expect(rate(perSecond)).toBe(text);
  });

  it.each([
    [0, "0s"],
    [59_999, "59s"],
    [61_000, "1m 1s"],
    [3_600_000, "1h 0m"],
    [90_061_000, "1d 1h"],
  ])("shows an age of %s ms as %s", (ms, text) => {
    expect(age(ms)).toBe(text);
  });

  it.each([
    [0.25, "0.3 ms"],
    [9_999, "9999 ms"],
    [25_865, "25.9 s"],
    [120_000, "2m 0s"],
  ])("shows a span of %s ms as %s", (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it("shows instants in the local time zone", () => {
    expect(dateTime(new Date(2026, 2, 1, 9, 5, 7))).toBe("2026-03-01 09:05:07");
  });
});

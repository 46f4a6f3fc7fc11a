import { describe, expect, it } from "vitest";
import { formatBytes, formatDurationMs, parseBytes, parseCount, parseDurationMs } from "./quantity.js";

describe("durations", () => {
  it.each([
    ["250", 250],
    ["4s", 4_000],
    ["200ms", 200],
    ["1.5h", 5_400_000],
    ["1.1s", 1_100],
    ["2 m", 120_000],
    ["7d", 604_800_000],
    ["1_000ms", 1_000],
    ["0", 0],
  ])("parses %s as %d ms", (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each(["", "s", "soon", "-1s", "4S", "4 parsecs", "0.5", "1e3", "Infinity", "1s 2ms", "9".repeat(20)])(
    "rejects %j",
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined();
    },
  );

  it.each([
    [0, "0"],
    [5_000, "5s"],
    [1_500, "1500ms"],
    [3_600_000, "1h"],
    [604_800_000, "7d"],
  ])("formats %d ms as %s", (ms, text) => {
    expect(formatDurationMs(ms)).toBe(text);
    expect(parseDurationMs(text)).toBe(ms);
  });
});

describe("sizes", () => {
  it.each([
    ["4096", 4_096],
    ["1MiB", 1_048_576],
    ["1mib", 1_048_576],
    ["1.5KiB", 1_536],
    ["64 kB", 64_000],
    ["2GB", 2_000_000_000],
    ["12B", 12],
  ])("parses %s as %d bytes", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(["", "MiB", "1.0001B", "-1", "4s", "1 TiB"])("rejects %j", (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });

  it("uses the largest exact unit", () => {
    expect([0, 1_000, 16_384, 1_048_576, 2 ** 36].map(formatBytes)).toEqual([
      "0",
      "1000B",
      "16KiB",
      "1MiB",
      "64GiB",
    ]);
  });
});

describe("counts", () => {
  it("are whole numbers without a unit", () => {
    expect(["10000", "10_000", "0", "1k", "1.5", "-1", "1s"].map(parseCount)).toEqual([
      10_000,
      10_000,
      0,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

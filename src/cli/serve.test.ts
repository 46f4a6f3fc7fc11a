import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIG } from "../config/schema.js";
import { warningsFor } from "./serve.js";

describe("before the start", () => {
  it("nothing is said about a safe setting", () => {
    expect(warningsFor(DEFAULT_CONFIG, "24.17.0")).toEqual([]);
  });

  it("an address that others can reach is warned of", () => {
    const listen = ["127.0.0.1:0", "0.0.0.0:50051", "[::]:50051", "localhost:0"];
    const [warning] = warningsFor({ ...DEFAULT_CONFIG, listen }, "24.17.0");

    expect(warning).toMatch(/^0\.0\.0\.0:50051, \[::\]:50051 can be reached from other machines/);
  });

  it.each([
    ["20.20.2", true],
    ["22.22.9", true],
    ["22.23.0", false],
    ["23.11.0", true],
    ["24.16.1", true],
    ["24.17.0", false],
    ["25.0.0", false],
  ])("Node %s is warned of: %s", (version, isWarned) => {
    expect(warningsFor(DEFAULT_CONFIG, version)).toHaveLength(isWarned ? 1 : 0);
  });
});

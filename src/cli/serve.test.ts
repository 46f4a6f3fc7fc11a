import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIG } from "../config/schema.js";
import { warningsFor } from "./serve.js";

describe("the warnings at the start", () => {
  it("are none for a safe configuration", () => {
    expect(warningsFor(DEFAULT_CONFIG, "24.17.0")).toEqual([]);
  });

  it("name addresses that other machines can reach", () => {
    const listen = ["127.0.0.1:0", "0.0.0.0:50051", "[::]:50051", "localhost:0"];
    const warnings = warningsFor({ ...DEFAULT_CONFIG, listen }, "24.17.0");

    expect(warnings).toEqual([
      "0.0.0.0:50051, [::]:50051 can be reached from other machines without TLS: insecure is set",
      "0.0.0.0:50051, [::]:50051 can be reached from other machines without authentication: allowAnonymous is set",
    ]);
  });

  it.each([
    ["20.20.2", true],
    ["22.22.9", true],
    ["22.23.0", false],
    ["23.11.0", true],
    ["24.16.1", true],
    ["24.17.0", false],
    ["25.0.0", false],
  ])("name Node.js %s: %s", (version, isWarned) => {
    expect(warningsFor(DEFAULT_CONFIG, version)).toHaveLength(isWarned ? 1 : 0);
  });
});

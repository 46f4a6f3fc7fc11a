import { describe, expect, it } from "vitest";
import { flagOf, nearest, variableOf } from "./names.js";
import { CONFIG_KEYS } from "./schema.js";

describe("the names of a key", () => {
  it("follow from the key", () => {
    expect(flagOf("maxTtlMs")).toBe("--max-ttl-ms");
    expect(variableOf("maxTtlMs")).toBe("ATE_DISPATCHER_MAX_TTL_MS");
    expect(flagOf("listen")).toBe("--listen");
  });

  it("are unique", () => {
    expect(new Set(CONFIG_KEYS.map(variableOf)).size).toBe(CONFIG_KEYS.length);
  });
});

describe("the nearest name", () => {
  it.each([
    ["maxTtl", "maxTtlMs"],
    ["max-ttl-ms", "maxTtlMs"],
    ["MAX_TTL_MS", "maxTtlMs"],
    ["--maxttlms", "maxTtlMs"],
    ["heartbeet", "heartbeatMs"],
    ["reflexion", "reflection"],
    ["loglevel", "logLevel"],
  ])("to %s is %s", (word, key) => {
    expect(nearest(word, CONFIG_KEYS)).toBe(key);
  });
});

import { describe, expect, it } from "vitest";
import { effectsOf } from "../transcript/interpreter.js";

describe("a pending request", () => {
  it("accepts a repeat with the same content, even after the limit of remembered ids has evicted its id", () => {
    const effects = effectsOf(`
      limits rememberedRequestIds=1
      producer p1 topics=t
      request r1 topic=t id=a
      request r2 topic=t id=b
      request r3 topic=t id=a
    `);

    expect(effects.at(-1)).not.toContain("REQUEST_ID_REUSED");
  });
});

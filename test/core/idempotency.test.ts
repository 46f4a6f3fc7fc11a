import { describe, expect, it } from "vitest";
import { effectsOf } from "../transcript/interpreter.js";

describe("a request in flight", () => {
  it("does not say of the same content that it is other content, however many ids came since", () => {
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

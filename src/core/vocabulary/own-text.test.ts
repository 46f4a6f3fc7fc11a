import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../../test/support/collect-garbage.js";
import { ownText } from "./own-text.js";

const MIB = 1_024 ** 2;

describe("the beginning of a text", () => {
  it.each([
    ["", ""],
    ["short", "short"],
    ["exactly8", "exactly8"],
    ["more than that", "more tha"],
    ["seven..\u{1f600}", "seven.."],
    ["sixsix\u{1f600}!", "sixsix\u{1f600}"],
    ["a lone \ud800", "a lone \ud800"],
  ])("of %j has at most 8 units", (text, beginning) => {
    expect(ownText(text, 8)).toBe(beginning);
  });

  it("does not keep the whole text alive", () => {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const kept = Array.from({ length: 32 }, (_, i) =>
      ownText(Buffer.alloc(MIB, 97 + (i % 26)).toString(), 256),
    );
    collectGarbage();

    expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * MIB);
    expect(kept.every((text) => text.length === 256)).toBe(true);
  });
});

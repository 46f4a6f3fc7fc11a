import { describe, expect, it } from "vitest";
import { opaqueId, uuidV7 } from "./ids.js";

const AT = Date.UTC(2026, 10, 25);

describe("a minted request id", () => {
  it("is a UUID of version 7 and the variant of RFC 9562", () => {
    for (let i = 0; i < 1_000; i++) {
      expect(uuidV7(AT + i)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it("begins with the time of day in milliseconds, so that ids sort by it", () => {
    expect(
      Number.parseInt(
        uuidV7(AT + 0.9)
          .replaceAll("-", "")
          .slice(0, 12),
        16,
      ),
    ).toBe(AT);
    expect(uuidV7(AT) < uuidV7(AT + 1)).toBe(true);
  });

  it("is never the same, and uses every digit and variant", () => {
    const ids = Array.from({ length: 20_000 }, () => uuidV7(AT));
    expect(new Set(ids).size).toBe(ids.length);
    for (const place of [19, ...Array.from({ length: 12 }, (_, i) => 24 + i)]) {
      expect(new Set(ids.map((id) => id[place])).size).toBe(place === 19 ? 4 : 16);
    }
  });
});

describe("an opaque id", () => {
  it("is 16 hexadecimal digits", () => {
    expect(opaqueId()).toMatch(/^[0-9a-f]{16}$/);
  });
});

import { describe, expect, it } from "vitest";
import { opaqueId, RequestIds } from "./ids.js";

const AT = Date.UTC(2026, 10, 25);

describe("a generated request id", () => {
  const ids = new RequestIds();

  it("is a UUID of version 7 and the variant of RFC 9562", () => {
    for (let i = 0; i < 1_000; i++) {
      expect(ids.mint(AT + i)).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    }
  });

  it("begins with the time of day in milliseconds, so that ids sort by it", () => {
    expect(
      Number.parseInt(
        ids
          .mint(AT + 0.9)
          .replaceAll("-", "")
          .slice(0, 12),
        16,
      ),
    ).toBe(AT);
    expect(ids.mint(AT) < ids.mint(AT + 1)).toBe(true);
  });

  it("is unique, and uses every digit and variant", () => {
    const minted = Array.from({ length: 20_000 }, () => ids.mint(AT));
    expect(new Set(minted).size).toBe(minted.length);
    for (const place of [19, ...Array.from({ length: 12 }, (_, i) => 24 + i)]) {
      expect(new Set(minted.map((id) => id[place])).size).toBe(place === 19 ? 4 : 16);
    }
  });
});

describe("an opaque id", () => {
  it("is 16 hexadecimal digits", () => {
    expect(opaqueId()).toMatch(/^[0-9a-f]{16}$/);
  });
});

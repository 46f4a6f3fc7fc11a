import { describe, expect, it } from "vitest";
import { drawTimeline } from "./timeline.js";

const plain = (_: string, text: string) => text;

describe("the timeline", () => {
  it("marks the TTL between an answer in time and one that is too late", () => {
    const rows = [
      { producer: "p1", atMs: 200, heardBy: ["l1", "l2"] },
      { producer: "p2", atMs: 500, toldAtMs: 301, heardBy: [] },
    ];

    expect(drawTimeline(rows, 300, plain).join("\n")).toBe(
      [
        "  p1  ━━━━━━━━━━━━━━━━━●        ┊                         200 ms  → l1, l2",
        "  p2  ━━━━━━━━━━━━━━━━━━━━━━━━━━┊╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌✗       500 ms  too late: told after 301 ms, nobody hears it",
        "                                ╵ TTL 300 ms",
      ].join("\n"),
    );
  });

  it("does not press the answers together for a TTL far beyond", () => {
    const [first, mark] = drawTimeline([{ producer: "p1", atMs: 200, heardBy: [] }], 4_000, plain);

    expect(first).toMatch(/^ {2}p1 {2}━{40,}● +200 ms {2}→ nobody$/);
    expect(mark).toMatch(/ ▸ TTL 4000 ms$/);
  });

  it("has a mark even if nobody answered", () => {
    expect(drawTimeline([], 300, plain)).toHaveLength(1);
  });
});

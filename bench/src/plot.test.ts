import { describe, expect, it } from "vitest";
import type { ComparisonRow } from "./compare.js";
import { plot } from "./plot.js";

function row(more: Partial<ComparisonRow>): ComparisonRow {
  return {
    work: "4x4/128 deliveries/s, ours",
    peer: "NATS",
    ours: 2,
    theirs: 1,
    ratio: 2,
    ratioMin: 1,
    ratioMax: 4,
    goal: ">= 1",
    holds: true,
    missing: null,
    ...more,
  };
}

function draw(...rows: ComparisonRow[]): string {
  const machine = { cpu: "<CPU & Co>", cores: 2 };
  return plot({ date: "2026-11-23T12:00:00.000Z", machine, run: { rounds: 5 }, goals: rows });
}

/** The x coordinates of the dots, in the order of the lines. */
function dots(svg: string): readonly number[] {
  return [...svg.matchAll(/<circle class="\w+" cx="([\d.]+)"/g)].map(([, at]) => Number(at));
}

describe("the plot", () => {
  it("has a line for each comparison that has a goal and figures", () => {
    const svg = draw(
      row({}),
      row({ goal: null, holds: null }),
      row({ ratio: null, holds: null }),
      row({ goal: "= 0", ratio: null }),
    );
    expect(dots(svg)).toHaveLength(1);
    expect(svg).toContain("1 of 1 hold");
  });

  it("draws figures that are twice as good as their goals at the same place, whichever direction is better", () => {
    const [high, low] = dots(draw(row({ ratio: 2, goal: ">= 1" }), row({ ratio: 0.5, goal: "<= 1" })));
    expect(high).toBe(low);
  });

  it("draws missed goals left of goals that hold, and nothing beyond the axis", () => {
    const [missed, holds, far] = dots(
      draw(row({ ratio: 0.9, holds: false }), row({ ratio: 1.1 }), row({ ratio: 1_000 })),
    ) as [number, number, number];
    expect(missed).toBeLessThan(holds);
    expect(far).toBeLessThan(1040);
  });

  it("escapes text", () => {
    expect(draw(row({}))).toContain("&lt;CPU &amp; Co&gt;");
  });
});

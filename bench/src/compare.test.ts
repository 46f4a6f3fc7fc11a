import { describe, expect, it } from "vitest";
import { compare as compareAll } from "./compare.js";
import type { FigureName, Measurement } from "./figures.js";
import type { Peer } from "./peer.js";
import type { Cell, Sample } from "./rounds.js";
import { findWork } from "./works.js";

const ours = peer("ours");
const lean = peer("ours-lean");
const naive = peer("naive");
const gone: Peer = { ...peer("nats"), missing: () => "nats-server is not installed" };

function peer(name: string): Peer {
  const connect = () => Promise.reject(new Error("unexpected connect"));
  return { name, title: name, server: { command: [""] }, connect };
}

function cell(peer: Peer, work = "4x4/128"): Cell {
  return { peer, work: findWork(work) };
}

/** One sample per value, in rounds from 1; a failed one where there is no value. */
function samples(cell: Cell, figures: Measurement[] | (number | undefined)[], figure?: FigureName): Sample[] {
  return figures.map((value, index) => {
    const head = { round: index + 1, ...cell };
    if (value === undefined) return { ...head, error: "lost" };
    if (typeof value === "object") return { ...head, measurement: value };
    return { ...head, measurement: { [figure ?? "deliveriesPerSecond"]: value } };
  });
}

function compare(...groups: Sample[][]) {
  const all = groups.flat();
  const cells = [...new Map(all.map(({ work, peer }) => [work.name + peer.name, { work, peer }])).values()];
  return compareAll({ cells, samples: all }, [ours, lean], [naive, gone]);
}

describe("the comparison", () => {
  it("takes the ratio of the medians and its range within the rounds", () => {
    const rows = compare(samples(cell(naive), [10, 20, 60]), samples(cell(ours), [300, 2_000, 600]));

    expect(rows[0]).toEqual({
      work: "4x4/128 deliveries/s, ours",
      peer: "naive",
      ours: 600,
      theirs: 20,
      ratio: 30,
      ratioMin: 10,
      ratioMax: 100,
      goal: ">= 25",
      holds: true,
      missing: null,
    });
  });

  it("reports a missed goal", () => {
    expect(compare(samples(cell(naive), [10]), samples(cell(ours), [249]))).toMatchObject([
      { holds: false },
      { ratio: null, goal: null },
    ]);
  });

  it("has no goal where none is set", () => {
    const [row] = compare(samples(cell(naive), [10]), samples(cell(lean), [10]));
    expect(row).toMatchObject({ ratio: 1, goal: null, holds: null });
  });

  it("leaves failed samples out", () => {
    const [row] = compare(samples(cell(naive), [10]), samples(cell(ours), [undefined]));
    expect(row).toMatchObject({ ours: null, theirs: 10, ratio: null, goal: ">= 25", holds: null });
  });

  it("names a peer whose program is missing", () => {
    const mine = samples(cell(ours), [10]);
    const results = { cells: [cell(ours), cell(gone)], samples: mine };
    expect(compareAll(results, [ours], [gone])[0]).toMatchObject({
      ours: 10,
      theirs: null,
      goal: ">= 1",
      holds: null,
      missing: "nats-server is not installed",
    });
  });

  it("compares a work with another one", () => {
    const few = samples(cell(ours, "pending 100"), [100, 120, 110]);
    const many = samples(cell(ours, "pending 100000"), [99, 100, 120]);
    expect(compare(few, many)[0]).toMatchObject({
      work: "pending 100000 deliveries/s, ours",
      peer: "at pending 100",
      ratio: 100 / 110,
      goal: ">= 0.9",
      holds: true,
    });
  });

  it("compares a figure with a bound, and with another figure", () => {
    const idle = samples(cell(ours, "idle own 1000"), [50], "rssKbPerStream");
    expect(compare(idle)).toMatchObject([{ peer: "bound of 40", ratio: 1.25, goal: "<= 1", holds: false }]);

    const ttl = samples(cell(ours, "ttl 200000"), [
      { expiryP99Ms: 8, tickAndStallMs: 10, deliveredAfterTtl: 0, rejectedBeforeTtl: 0 },
      { expiryP99Ms: 9, tickAndStallMs: 20, deliveredAfterTtl: 1, rejectedBeforeTtl: 0 },
      { expiryP99Ms: 8, tickAndStallMs: 10, deliveredAfterTtl: 0, rejectedBeforeTtl: 0 },
    ]);
    expect(compare(ttl)).toMatchObject([
      // One round above 0 misses the goal.
      { ours: 1, theirs: 0, ratio: null, goal: "= 0", holds: false },
      { ours: 0, theirs: 0, ratio: null, goal: "= 0", holds: true },
      { peer: "tick + longest stall ms", ratio: 0.8, holds: true },
    ]);
  });
});

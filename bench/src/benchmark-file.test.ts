import { describe, expect, it } from "vitest";
import { figureRows, formatBenchmarkFile } from "./benchmark-file.js";
import { findPeer } from "./peers.js";
import type { Sample } from "./rounds.js";
import { findWork } from "./works.js";

const cell = { work: findWork("4x4/128"), peer: findPeer("ours") };
const samples: readonly Sample[] = [
  { ...cell, round: 1, measurement: { deliveriesPerSecond: 100, serverCores: 0.5 } },
  { ...cell, round: 2, error: "a listener lost results" },
  { ...cell, round: 3, measurement: { deliveriesPerSecond: 300, serverCores: 0.123_456_789 } },
];

describe("the rows of the file", () => {
  it("hold median, range and the number of good samples", () => {
    expect(figureRows({ cells: [cell], samples })).toEqual([
      {
        work: "4x4/128",
        peer: "ours",
        rounds: 2,
        figures: {
          deliveriesPerSecond: { median: 200, min: 100, max: 300 },
          serverCores: { median: (0.5 + 0.123_456_789) / 2, min: 0.123_456_789, max: 0.5 },
        },
      },
    ]);
  });

  it("leave out a work and peer without a good sample", () => {
    expect(figureRows({ cells: [cell], samples: samples.slice(1, 2) })).toEqual([]);
  });

  it("are written with six digits, and one line for each figure", () => {
    const text = formatBenchmarkFile({ rows: figureRows({ cells: [cell], samples }) });

    expect(text).toContain('"serverCores": { "median": 0.311728, "min": 0.123457, "max": 0.5 }\n');
    expect(JSON.parse(text)).toMatchObject({ rows: [{ work: "4x4/128", peer: "ours", rounds: 2 }] });
  });
});

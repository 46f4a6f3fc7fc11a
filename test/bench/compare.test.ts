import { describe, expect, it } from "vitest";
import type { Measurement } from "./client-job.js";
import { compare as compareAll } from "./compare.js";
import type { Peer } from "./peer.js";
import type { Sample } from "./rounds.js";
import { findShape } from "./shape.js";

const ours = peer("ours");
const lean = peer("ours-lean");
const naive = peer("naive");
const compare = (samples: readonly Sample[]) => compareAll(samples, [ours, lean], [naive]);

function peer(name: string): Peer {
  return { name, title: name, server: [""], connect: () => Promise.reject(new Error("not to be connected")) };
}

function sample(round: number, peer: Peer, rate: number | undefined): Sample {
  const head = { round, peer, shape: findShape("4x4/128") };
  if (rate === undefined) return { ...head, error: "lost" };
  const measurement: Measurement = {
    deliveriesPerSecond: rate,
    serverCpuUsPerDelivery: null,
    serverCores: null,
    clientCores: 1,
    otherCores: null,
    requestCount: 1,
    measuredMs: 1,
    verifiedCount: 1,
  };
  return { ...head, measurement };
}

describe("the comparison", () => {
  it("takes the ratio of the medians and its range within the rounds", () => {
    const samples = [10, 20, 60].map((rate, index) => sample(index + 1, naive, rate));
    samples.push(...[90, 400, 180].map((rate, index) => sample(index + 1, ours, rate)));

    expect(compare(samples)).toEqual([
      {
        work: "4x4/128 deliveries/s, ours",
        peer: "naive",
        ours: 180,
        theirs: 20,
        ratio: 9,
        ratioMin: 3,
        ratioMax: 20,
        goal: ">= 8",
        holds: true,
      },
    ]);
  });

  it("says that a goal was missed", () => {
    expect(compare([sample(1, naive, 10), sample(1, ours, 79)])).toMatchObject([{ holds: false }]);
  });

  it("has no goal for what has none", () => {
    expect(compare([sample(1, naive, 10), sample(1, lean, 10)])).toMatchObject([{ goal: null, holds: null }]);
  });

  it("leaves failed samples out", () => {
    expect(compare([sample(1, naive, 10), sample(1, ours, undefined)])).toEqual([]);
  });
});

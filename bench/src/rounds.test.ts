import { describe, expect, it } from "vitest";
import { findPeer } from "./peers.js";
import { roundsOf } from "./rounds.js";
import { findWork } from "./works.js";

describe("the rounds of a cell", () => {
  const cell = (work: string, peer: string) => ({ work: findWork(work), peer: findPeer(peer) });

  it.each([
    ["4x4/128", "ours", 5],
    ["4x4/128", "naive", 5],
    ["4x4/128", "ours-lean", 2],
    // Another work has a goal relative to this one.
    ["4x4/4096", "ours-lean", 5],
    ["open 1x1/128", "nats", 2],
    ["ttl 200000", "ours", 3],
  ])("of %s, %s are %i in the table", (work, peer, rounds) => {
    expect(roundsOf(cell(work, peer), { rounds: 5, reducesRounds: true })).toBe(rounds);
  });

  it("are as many as the command line names", () => {
    expect(roundsOf(cell("ttl 200000", "ours"), { rounds: 9, reducesRounds: false })).toBe(9);
  });
});

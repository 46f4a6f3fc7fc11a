/**
 * The interleaved run: every round takes one sample of every work and peer, in an order of its own, so that whatever
 * else the machine does falls on all of them alike.
 */
import type { Measurement } from "./figures.js";
import { isHeldAgainstGoal } from "./goals.js";
import type { Options } from "./options.js";
import type { Peer } from "./peer.js";
import { type Timing, takeSample } from "./sample.js";
import { shuffled } from "./statistics.js";
import type { Work } from "./work.js";

/** One sample of the run. */
export interface Sample {
  /** From 1. */
  readonly round: number;
  readonly work: Work;
  readonly peer: Peer;
  /** Absent if the sample failed. */
  readonly measurement?: Measurement;
  /** Why the sample failed. */
  readonly error?: string;
}

/** A piece of work and who is to do it. */
export interface Cell {
  readonly work: Work;
  readonly peer: Peer;
}

/** How often. */
type RoundCount = Pick<Options, "rounds" | "reducesRounds">;

/** What is to be measured: every work with each of its peers, as far as they were asked for. */
export function cellsOf({ works, peers }: Pick<Options, "works" | "peers">): readonly Cell[] {
  return works.flatMap((work) =>
    peers.filter(({ name }) => work.peers.includes(name)).map((peer) => ({ work, peer })),
  );
}

/** Rounds for what no goal is held against, which leaves the time for what one is. */
const ROUNDS_WITHOUT_GOAL = 2;

/** Rounds in which a work and peer have their turn. */
export function roundsOf({ work, peer }: Cell, { rounds, reducesRounds }: RoundCount): number {
  if (!reducesRounds) return rounds;
  const most = isHeldAgainstGoal(work.name, peer.name) ? rounds : ROUNDS_WITHOUT_GOAL;
  return Math.min(rounds, most, work.mostRounds ?? rounds);
}

/** Takes all samples, one after the other, and tells of each as it comes. A failed one does not end the run. */
export async function runRounds(
  cells: readonly Cell[],
  options: RoundCount & Timing,
  onSample: (sample: Sample) => void,
): Promise<Sample[]> {
  const { warmupMs, measureMs } = options;
  const there = cells.filter(({ peer }) => peer.missing?.() === undefined);
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const cellsOfRound = there.filter((cell) => round <= roundsOf(cell, options));
    for (const { work, peer } of shuffled(cellsOfRound)) {
      const outcome = await takeSample(peer, work, { warmupMs, measureMs }).then(
        (measurement) => ({ measurement }),
        (error: Error) => ({ error: error.message }),
      );
      const sample = { round, work, peer, ...outcome };
      samples.push(sample);
      onSample(sample);
    }
  }
  return samples;
}

/**
 * The interleaved run: every round takes one sample of every work and peer in a new random order, so that other load on
 * the machine affects all of them equally.
 */
import type { Measurement } from "./figures.js";
import { isNeededByGoal } from "./goals.js";
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

/** A work and a peer that does it. */
export interface Cell {
  readonly work: Work;
  readonly peer: Peer;
}

type RoundCount = Pick<Options, "rounds" | "reducesRounds">;

/** The cells to measure: every chosen work with each of its peers that is chosen. */
export function cellsOf({ works, peers }: Pick<Options, "works" | "peers">): readonly Cell[] {
  return works.flatMap((work) =>
    peers.filter(({ name }) => work.peers.includes(name)).map((peer) => ({ work, peer })),
  );
}

/** Rounds of a cell that no goal needs. */
const ROUNDS_WITHOUT_GOAL = 2;

/** The number of rounds in which a cell is measured. */
export function roundsOf({ work, peer }: Cell, { rounds, reducesRounds }: RoundCount): number {
  if (!reducesRounds) return rounds;
  const max = isNeededByGoal(work.name, peer.name) ? rounds : ROUNDS_WITHOUT_GOAL;
  return Math.min(rounds, max, work.maxRounds ?? rounds);
}

/** Takes all samples, one after the other, and reports each to `onSample`. A failed sample does not end the run. */
export async function runRounds(
  cells: readonly Cell[],
  options: RoundCount & Timing,
  onSample: (sample: Sample) => void,
): Promise<Sample[]> {
  const { warmupMs, measureMs } = options;
  const available = cells.filter(({ peer }) => peer.missing?.() === undefined);
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const cellsOfRound = available.filter((cell) => round <= roundsOf(cell, options));
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

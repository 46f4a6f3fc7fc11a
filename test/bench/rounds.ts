/**
 * The interleaved run: every round takes one sample of every peer and shape, in an order of its own, so that whatever
 * else the machine does falls on all of them alike.
 */
import type { Measurement } from "./client-job.js";
import type { Options } from "./options.js";
import type { Peer } from "./peer.js";
import { takeSample } from "./sample.js";
import type { Shape } from "./shape.js";
import { shuffled } from "./statistics.js";

/** One sample of the run. */
export interface Sample {
  /** From 1. */
  readonly round: number;
  readonly shape: Shape;
  readonly peer: Peer;
  /** Absent if the sample failed. */
  readonly measurement?: Measurement;
  /** Why the sample failed. */
  readonly error?: string;
}

/** Takes all samples, one after the other, and tells of each as it comes. A failed one does not end the run. */
export async function runRounds(options: Options, onSample: (sample: Sample) => void): Promise<Sample[]> {
  const cells = options.shapes.flatMap((shape) => options.peers.map((peer) => ({ shape, peer })));
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (const { shape, peer } of shuffled(cells)) {
      const outcome = await takeSample(peer, shape, options).then(
        (measurement) => ({ measurement }),
        (error: Error) => ({ error: error.message }),
      );
      const sample = { round, shape, peer, ...outcome };
      samples.push(sample);
      onSample(sample);
    }
  }
  return samples;
}

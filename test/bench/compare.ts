/**
 * From samples to rows: each of ours beside each other peer, shape by shape and metric by metric.
 */
import type { Measurement } from "./client-job.js";
import { describeGoal, GOALS } from "./goals.js";
import type { Peer } from "./peer.js";
import type { Sample } from "./rounds.js";
import { SHAPES, type Shape } from "./shape.js";
import { type Spread, spread } from "./statistics.js";

/** What is compared of a measurement. */
export interface Metric {
  readonly name: string;
  readonly read: (measurement: Measurement) => number | null;
}

/** The compared metrics, the first one being the figure that users ask for. */
export const METRICS: readonly Metric[] = [
  { name: "deliveries/s", read: ({ deliveriesPerSecond }) => deliveriesPerSecond },
  { name: "server CPU us/delivery", read: ({ serverCpuUsPerDelivery }) => serverCpuUsPerDelivery },
];

/** One comparison. */
export interface Row {
  /** Shape, metric and client of ours. */
  readonly work: string;
  /** Who it is compared with. */
  readonly peer: string;
  /** Our median and theirs. */
  readonly ours: number;
  readonly theirs: number;
  /** `ours / theirs`. */
  readonly ratio: number;
  /** Smallest and largest ratio within one round; null if no round has both. */
  readonly ratioMin: number | null;
  readonly ratioMax: number | null;
  /** As ">= 8"; null if none is set. */
  readonly goal: string | null;
  /** Whether the ratio reaches the goal; null without one. */
  readonly holds: boolean | null;
}

/** Compares each of `ours` with each of `others`, where both have at least one good sample. */
export function compare(samples: readonly Sample[], ours: readonly Peer[], others: readonly Peer[]): Row[] {
  return shapesOf(samples).flatMap((shape) =>
    METRICS.flatMap((metric) =>
      ours.flatMap((mine) => others.flatMap((theirs) => row(samples, shape, metric, mine, theirs) ?? [])),
    ),
  );
}

/** The shapes that were measured, in their usual order. */
export function shapesOf(samples: readonly Sample[]): readonly Shape[] {
  return SHAPES.filter((shape) => samples.some((sample) => sample.shape === shape));
}

function row(
  samples: readonly Sample[],
  shape: Shape,
  metric: Metric,
  ours: Peer,
  theirs: Peer,
): Row | undefined {
  const mine = valuesByRound(samples, shape, ours, metric);
  const others = valuesByRound(samples, shape, theirs, metric);
  if (mine.size === 0 || others.size === 0) return undefined;
  const [ourMedian, theirMedian] = [spread([...mine.values()]).median, spread([...others.values()]).median];
  const ratio = ourMedian / theirMedian;
  const ratios = [...mine].flatMap(([round, value]) => {
    const other = others.get(round);
    return other === undefined ? [] : [value / other];
  });
  const range = ratios.length === 0 ? undefined : spread(ratios);
  const goal = GOALS.find(
    (candidate) =>
      candidate.shape === shape.name &&
      candidate.metric === metric.name &&
      candidate.ours === ours.name &&
      candidate.theirs === theirs.name,
  );
  return {
    work: `${shape.name} ${metric.name}, ${ours.title}`,
    peer: theirs.title,
    ours: ourMedian,
    theirs: theirMedian,
    ratio,
    ratioMin: range?.min ?? null,
    ratioMax: range?.max ?? null,
    goal: goal === undefined ? null : describeGoal(goal),
    holds: goal === undefined ? null : goal.larger ? ratio >= goal.ratio : ratio <= goal.ratio,
  };
}

/** The spread of a metric over a peer's good samples, or undefined if there are none. */
export function spreadOf(
  samples: readonly Sample[],
  shape: Shape,
  peer: Peer,
  read: Metric["read"],
): Spread | undefined {
  const values = [...valuesByRound(samples, shape, peer, { name: "", read }).values()];
  return values.length === 0 ? undefined : spread(values);
}

function valuesByRound(
  samples: readonly Sample[],
  shape: Shape,
  peer: Peer,
  metric: Metric,
): Map<number, number> {
  const values = new Map<number, number>();
  for (const sample of samples) {
    if (sample.shape !== shape || sample.peer !== peer || sample.measurement === undefined) continue;
    const value = metric.read(sample.measurement);
    if (value !== null) values.set(sample.round, value);
  }
  return values;
}

/** Turns samples into comparisons: each peer of ours with each other peer, and everything else that has a goal. */
import { FIGURES, type FigureName } from "./figures.js";
import { type Comparison, describeGoal, GOALS, type Goal, GROWTH } from "./goals.js";
import type { Peer } from "./peer.js";
import type { Cell, Sample } from "./rounds.js";
import { type Spread, spread } from "./statistics.js";
import type { Work } from "./work.js";

/** The figures that are compared between peers, by kind of work. */
export const COMPARED: Readonly<Record<Work["kind"], readonly FigureName[]>> = {
  closed: ["deliveriesPerSecond", "serverCpuUsPerDelivery"],
  open: ["p50Ms", "p99Ms"],
  idle: [],
  ttl: [],
  stalled: [],
};

/** One comparison with its figures; null where there is none. */
export interface ComparisonRow {
  /** Work, figure and our peer. */
  readonly work: string;
  /** The peer, work, figure or bound that it is compared with. */
  readonly peer: string;
  /** Our median and theirs. */
  readonly ours: number | null;
  readonly theirs: number | null;
  /** `ours / theirs`. */
  readonly ratio: number | null;
  /** Smallest and largest ratio within one round. */
  readonly ratioMin: number | null;
  readonly ratioMax: number | null;
  /** Such as ">= 8"; null without a goal. */
  readonly goal: string | null;
  /** Whether the ratio reaches the goal; null without a goal or without figures. */
  readonly holds: boolean | null;
  /** Which program is missing, for a peer that could not be measured. */
  readonly missing: string | null;
}

/** The cells of a run and their samples. */
export interface Results {
  readonly cells: readonly Cell[];
  readonly samples: readonly Sample[];
}

/** Compares each of `ours` with each of `others`, and adds the other comparisons that have a goal. */
export function compare(results: Results, ours: readonly Peer[], others: readonly Peer[]): ComparisonRow[] {
  const between = results.cells.flatMap((mine) =>
    results.cells
      .filter(({ work, peer }) => work === mine.work && ours.includes(mine.peer) && others.includes(peer))
      .flatMap(({ work, peer }) =>
        COMPARED[work.kind].map(
          (figure): Comparison => ({
            work: work.name,
            figure,
            ours: mine.peer.name,
            against: { peer: peer.name },
          }),
        ),
      ),
  );
  const within = [...GOALS.filter(({ against }) => !("peer" in against)), ...GROWTH];
  return [...between, ...within].flatMap((comparison) => rowOf(results, comparison) ?? []);
}

/** Undefined if one of the two cells is not part of the run. */
function rowOf(results: Results, comparison: Comparison): ComparisonRow | undefined {
  const { work, figure, ours, against } = comparison;
  const find = (work: string, peer: string) =>
    results.cells.find((cell) => cell.work.name === work && cell.peer.name === peer);
  const mine = find(work, ours);
  const theirs =
    "peer" in against ? find(work, against.peer) : "work" in against ? find(against.work, ours) : mine;
  if (mine === undefined || theirs === undefined) return undefined;
  const goal = GOALS.find((goal) => isSame(goal, comparison));
  const head = {
    work: `${work} ${FIGURES[figure].title}, ${mine.peer.title}`,
    peer:
      "peer" in against
        ? theirs.peer.title
        : "work" in against
          ? `at ${against.work}`
          : "figure" in against
            ? FIGURES[against.figure].title
            : `bound of ${against.bound}`,
    goal: goal === undefined ? null : "bound" in against && against.bound === 0 ? "= 0" : describeGoal(goal),
    missing: theirs.peer.missing?.() ?? null,
  };
  const our = valuesByRound(results.samples, mine, figure);
  const their =
    "bound" in against
      ? new Map([...our.keys()].map((round) => [round, against.bound]))
      : valuesByRound(results.samples, theirs, "figure" in against ? against.figure : figure);
  return { ...head, ...ratioOf(our, their, goal) };
}

/** Medians, ratio and range; null where either side has no figures. */
function ratioOf(
  our: ReadonlyMap<number, number>,
  their: ReadonlyMap<number, number>,
  goal: Goal | undefined,
) {
  const mine = our.size === 0 ? undefined : spread([...our.values()]);
  const theirs = their.size === 0 ? undefined : spread([...their.values()]);
  const none = { ratio: null, ratioMin: null, ratioMax: null, holds: null };
  const medians = { ours: mine?.median ?? null, theirs: theirs?.median ?? null };
  if (mine === undefined || theirs === undefined) return { ...medians, ...none };
  // With a bound of 0 every round counts, not the median.
  if (theirs.max === 0)
    return { ...none, ours: mine.max, theirs: 0, holds: goal === undefined ? null : mine.max === 0 };
  const ratio = mine.median / theirs.median;
  const ratios = [...our].flatMap(([round, value]) => {
    const other = their.get(round);
    return other === undefined ? [] : [value / other];
  });
  const range = ratios.length === 0 ? undefined : spread(ratios);
  const holds = goal === undefined ? null : goal.larger ? ratio >= goal.ratio : ratio <= goal.ratio;
  return { ...medians, ratio, ratioMin: range?.min ?? null, ratioMax: range?.max ?? null, holds };
}

function isSame(one: Comparison, other: Comparison): boolean {
  return (
    one.work === other.work &&
    one.figure === other.figure &&
    one.ours === other.ours &&
    JSON.stringify(one.against) === JSON.stringify(other.against)
  );
}

/** The spread of a figure over the good samples of a cell, or undefined if there are none. */
export function spreadOf(samples: readonly Sample[], cell: Cell, figure: FigureName): Spread | undefined {
  const values = [...valuesByRound(samples, cell, figure).values()];
  return values.length === 0 ? undefined : spread(values);
}

function valuesByRound(
  samples: readonly Sample[],
  { work, peer }: Cell,
  figure: FigureName,
): Map<number, number> {
  const values = new Map<number, number>();
  for (const sample of samples) {
    if (sample.work !== work || sample.peer !== peer) continue;
    const value = sample.measurement?.[figure];
    if (value !== undefined) values.set(sample.round, value);
  }
  return values;
}

/** The printed report. Programs read the JSON file instead. */
import { type ComparisonRow, type Results, spreadOf } from "./compare.js";
import { FIGURES, type FigureName } from "./figures.js";
import type { Machine } from "./machine.js";
import type { Options } from "./options.js";
import type { Cell, Sample } from "./rounds.js";
import { short, table, whole } from "./table.js";
import type { Work } from "./work.js";

/** A sample is disturbed if other processes used more than this. */
const DISTURBED_CORES = 0.25;

const CORES = ["serverCores", "clientCores", "otherCores"] as const;
/** The columns for each kind of work: figures with their range, and medians alone. */
const SHOWN: Readonly<
  Record<Work["kind"], { spreads: readonly FigureName[]; medians: readonly FigureName[] }>
> = {
  closed: { spreads: ["deliveriesPerSecond", "serverCpuUsPerDelivery"], medians: CORES },
  open: { spreads: ["p50Ms", "p99Ms"], medians: ["sendDelayP99Ms", "requestCount", ...CORES] },
  idle: { spreads: ["rssKbPerStream", "heapKbPerStream"], medians: [] },
  ttl: {
    spreads: ["expiryP99Ms", "tickAndStallMs", "deliveredAfterTtl", "rejectedBeforeTtl"],
    medians: ["requestCount"],
  },
  stalled: { spreads: ["othersRateRatio", "rssGrowthMiB"], medians: ["deliveriesPerSecond"] },
};

/** The progress line of a sample. */
export function describeSample({ round, work, peer, measurement, error }: Sample): string {
  const head = `round ${round}  ${work.name.padEnd(18)}${peer.title.padEnd(28)}`;
  if (measurement === undefined) return `${head}FAILED: ${error}`;
  const [first] = SHOWN[work.kind].spreads;
  const value = first && measurement[first];
  return first === undefined || value === undefined ? head : `${head}${short(value)} ${FIGURES[first].title}`;
}

/** The head of the report: run, machine and versions. */
export function describeRun(
  { rounds, warmupMs, measureMs }: Options,
  machine: Machine,
  versions: Readonly<Record<string, string>>,
): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${rounds} rounds, ${warmupMs} ms warm-up, ${measureMs} ms measured`,
    `${machine.cores} x ${machine.cpu}, ${machine.platform} ${machine.arch}, load before ${machine.loadBefore.toFixed(2)}`,
    named.join(", "),
  ].join("\n");
}

/** A table of figures for each work, and the comparisons. */
export function describeResults({ cells, samples }: Results, rows: readonly ComparisonRow[]): string {
  const works = [...new Set(cells.map(({ work }) => work))];
  const failed = samples.filter(({ error }) => error !== undefined);
  const disturbed = samples.filter(({ measurement }) => (measurement?.otherCores ?? 0) > DISTURBED_CORES);
  return [
    ...works.map((work) =>
      figures(
        work,
        cells.filter((cell) => cell.work === work),
        samples,
      ),
    ),
    comparisons(rows),
    ...(failed.length === 0 ? [] : [`${failed.length} of ${samples.length} samples FAILED and are left out`]),
    ...(disturbed.length === 0 ? [] : [disturbance(disturbed.length, samples.length)]),
  ].join("\n\n");
}

function disturbance(count: number, of: number): string {
  return (
    `${count} of ${of} samples were DISTURBED: other processes used more than ${DISTURBED_CORES} cores. ` +
    "Do not rely on these figures."
  );
}

function figures(work: Work, cells: readonly Cell[], samples: readonly Sample[]): string {
  const { spreads, medians } = SHOWN[work.kind];
  const lines = cells.map((cell) => {
    if (cell.peer.missing?.() !== undefined) return [cell.peer.title, "MISSING"];
    const wide = spreads.map((figure) => {
      const value = spreadOf(samples, cell, figure);
      return value === undefined ? "-" : `${short(value.median)} (${short(value.min)}-${short(value.max)})`;
    });
    const narrow = medians.map((figure) => {
      const value = spreadOf(samples, cell, figure);
      return value === undefined ? "-" : short(value.median);
    });
    return [cell.peer.title, ...wide, ...narrow];
  });
  const missing = cells.flatMap(({ peer }) => {
    const why = peer.missing?.();
    return why === undefined ? [] : [`  ${peer.title} is MISSING: ${why}`];
  });
  const heads = ["", ...[...spreads, ...medians].map((figure) => FIGURES[figure].title)];
  return [`${work.name}: ${work.title}`, table([heads, ...lines]), ...missing].join("\n");
}

function comparisons(rows: readonly ComparisonRow[]): string {
  const lines = rows.map(({ work, peer, ours, theirs, ratio, ratioMin, ratioMax, goal, holds, missing }) => [
    `${work} / ${peer}`,
    figure(ours),
    missing === null ? figure(theirs) : "MISSING",
    figure(ratio),
    ratioMin === null || ratioMax === null ? "" : `(${short(ratioMin)}-${short(ratioMax)})`,
    goal ?? "-",
    goal === null ? "" : holds === null ? "not measured" : holds ? "holds" : "MISSED",
  ]);
  return table([["compared", "ours", "theirs", "ratio", "within a round", "goal", ""], ...lines]);
}

/** A number of any size as tables show it. */
export function figure(value: number | null): string {
  return value === null ? "-" : value >= 1000 ? whole(value) : short(value);
}

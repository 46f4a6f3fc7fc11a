/**
 * The report for people. For programs there is the JSON file.
 */
import { METRICS, type Row, shapesOf, spreadOf } from "./compare.js";
import type { Machine } from "./machine.js";
import type { Options } from "./options.js";
import { PEERS } from "./peers.js";
import type { Sample } from "./rounds.js";
import type { Shape } from "./shape.js";
import type { Spread } from "./statistics.js";

/** A sample beside which this much of the machine did something else is called disturbed. */
const DISTURBED_CORES = 0.25;

/** One line per sample, while the run is under way. */
export function describeSample({ round, shape, peer, measurement, error }: Sample): string {
  const head = `round ${round}  ${shape.name.padEnd(10)}${peer.title.padEnd(26)}`;
  return measurement === undefined
    ? `${head}FAILED: ${error}`
    : `${head}${whole(measurement.deliveriesPerSecond)} deliveries/s`;
}

/** What was run, on what. */
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

/** A table of figures for each shape, and the comparisons. */
export function describeResults(samples: readonly Sample[], rows: readonly Row[]): string {
  const failed = samples.filter(({ error }) => error !== undefined);
  const disturbed = samples.filter(({ measurement }) => (measurement?.otherCores ?? 0) > DISTURBED_CORES);
  return [
    ...shapesOf(samples).map((shape) => figures(shape, samples)),
    comparisons(rows),
    ...(failed.length === 0 ? [] : [`${failed.length} of ${samples.length} samples FAILED and are left out`]),
    ...(disturbed.length === 0 ? [] : [disturbance(disturbed.length, samples.length)]),
  ].join("\n\n");
}

function disturbance(count: number, of: number): string {
  return (
    `${count} of ${of} samples were DISTURBED: something else used more than ${DISTURBED_CORES} cores meanwhile. ` +
    "Do not rely on these figures."
  );
}

function figures(shape: Shape, samples: readonly Sample[]): string {
  const title =
    `${shape.name}: ${shape.producers} producers, ${shape.listeners} listeners, ` +
    `${shape.payloadBytes} bytes, ${shape.window} requests outstanding`;
  const peers = PEERS.filter((peer) => samples.some((sample) => sample.peer === peer));
  const [rate, cpu] = METRICS;
  const cell = (value: Spread | undefined, format: (value: number) => string) =>
    value === undefined ? "-" : `${format(value.median)} (${format(value.min)}-${format(value.max)})`;
  const lines = peers.map((peer) => {
    const read = (metric: typeof rate) => spreadOf(samples, shape, peer, metric?.read ?? (() => null));
    const cores = (name: "serverCores" | "clientCores" | "otherCores") =>
      spreadOf(samples, shape, peer, (measurement) => measurement[name])?.median.toFixed(2) ?? "-";
    return [
      peer.title,
      cell(read(rate), whole),
      cell(read(cpu), short),
      cores("serverCores"),
      cores("clientCores"),
      cores("otherCores"),
    ];
  });
  const heads = ["", "deliveries/s", "server CPU us/delivery", "server cores", "client cores", "other cores"];
  return `${title}\n${table([heads, ...lines])}`;
}

function comparisons(rows: readonly Row[]): string {
  const lines = rows.map(({ work, peer, ratio, ratioMin, ratioMax, goal, holds }) => [
    `${work} / ${peer}`,
    short(ratio),
    ratioMin === null || ratioMax === null ? "" : `(${short(ratioMin)}-${short(ratioMax)})`,
    goal ?? "-",
    holds === null ? "" : holds ? "holds" : "MISSED",
  ]);
  return table([["compared", "ratio", "within a round", "goal", ""], ...lines]);
}

/** Columns as wide as they need be; the first one flush left, figures flush right. */
function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((text, column) =>
          column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join("\n");
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Three significant digits, without an exponent. */
function short(value: number): string {
  return value >= 100 ? whole(value) : String(Number(value.toPrecision(3)));
}

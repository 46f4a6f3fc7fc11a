/** Prints measurements as a table, one line for each attack. */
import type { Measurement, Phases } from "./measurement.js";

const NAME_WIDTH = 32;
const KIB = 1_024;
/** Kinds of statuses that a line shows; the rest is counted. */
const MAX_TOLD = 4;

const COLUMNS: readonly (readonly [title: string, width: number])[] = [
  ["sent", 8],
  ["unpacked", 9],
  ["held ms", 9],
  ["(wall)", 8],
  ["RSS MiB", 17],
  ["p99 ms", 19],
  ["answered", 11],
];

/** The heading of the table. */
export function heading(): string {
  return row(
    "attack",
    COLUMNS.map(([title]) => title),
    "verdict; what the attacker was told",
  );
}

/** The line of one attack. @param broken - the verdict. */
export function lineOf(measurement: Measurement, broken: readonly string[]): string {
  const { honest, isStillHeld } = measurement;
  const sign = isStillHeld ? ">" : "";
  const verdict = broken.length === 0 ? "ok" : `FAIL (${broken.join(", ")})`;
  const cells = [
    size(measurement.sentBytes),
    size(measurement.decompressedBytes),
    `${sign}${Math.round(measurement.heldMs)}`,
    `${sign}${Math.round(measurement.heldWallMs)}`,
    phases(measurement.rss),
    phases(measurement.p99),
    `${honest.answered}/${honest.total}`,
  ];
  return row(measurement.name, cells, `${verdict}; ${toldText(measurement.told)}`);
}

/** What the attacker was told, the most frequent first. */
export function toldText(told: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(told).sort(([, a], [, b]) => b - a);
  if (kinds.length === 0) return "told nothing";
  const shown = kinds.slice(0, MAX_TOLD).map(([what, count]) => (count === 1 ? what : `${count}x ${what}`));
  const more = kinds.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more kinds`] : [])].join(", ");
}

/** A number of bytes in three digits and a unit. */
export function size(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`;
  const [value, unit] = bytes < KIB * KIB ? [bytes / KIB, "KiB"] : [bytes / KIB / KIB, "MiB"];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

function phases({ before, during, after }: Phases): string {
  return [before, during, after].map((value) => Math.round(value)).join("/");
}

function row(name: string, cells: readonly string[], last: string): string {
  const padded = COLUMNS.map(([, width], i) => (cells[i] ?? "").padStart(width));
  return [name.padEnd(NAME_WIDTH), ...padded, last].join("  ").trimEnd();
}

/**
 * The file that `--json` writes: where and with what the figures were measured, one row for each work and peer, and the
 * goals. Raw samples are not in it; `--samples` writes those to a file of their own.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type ComparisonRow, type Results, spreadOf } from "./compare.js";
import { FIGURES, type FigureName } from "./figures.js";
import type { Machine } from "./machine.js";
import type { Spread } from "./statistics.js";
import type { SweepReport } from "./sweep.js";

/** Significant digits of a figure, far more than it is exact. */
const DIGITS = 6;

/** All figures of one work and peer. */
export interface FigureRow {
  readonly work: string;
  readonly peer: string;
  /** Samples that did not fail. */
  readonly rounds: number;
  readonly figures: Readonly<Partial<Record<FigureName, Spread>>>;
}

/** What a run of the table writes. */
export interface TableReport {
  /** When the run began, as an ISO timestamp. */
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly run: { readonly rounds: number; readonly warmupMs: number; readonly measureMs: number };
  readonly rows: readonly FigureRow[];
  /** The comparisons that have a goal. */
  readonly goals: readonly ComparisonRow[];
}

/** The file: a run of the table, a sweep, or both. */
export interface BenchmarkFile extends Partial<TableReport> {
  readonly sweep?: SweepReport;
}

/** One row for each work and peer with at least one good sample. */
export function figureRows({ cells, samples }: Results): readonly FigureRow[] {
  return cells.flatMap((cell) => {
    const good = samples.filter(
      ({ work, peer, measurement }) => work === cell.work && peer === cell.peer && measurement !== undefined,
    );
    if (good.length === 0) return [];
    const figures = Object.fromEntries(
      (Object.keys(FIGURES) as FigureName[]).flatMap((figure) => {
        const value = spreadOf(good, cell, figure);
        return value === undefined ? [] : [[figure, value]];
      }),
    );
    return [{ work: cell.work.name, peer: cell.peer.name, rounds: good.length, figures }];
  });
}

/** Reads a file that `--json` has written; empty if there is none. Throws if the file is not JSON. */
export function readBenchmarkFile(path: string): BenchmarkFile {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as BenchmarkFile) : {};
}

/** Writes the file. */
export function writeBenchmarkFile(path: string, file: BenchmarkFile): void {
  writeFileSync(path, formatBenchmarkFile(file));
}

/** Formats the file as JSON with each median and range on one line, so that changes are easy to review. */
export function formatBenchmarkFile(file: BenchmarkFile): string {
  const round = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  const text = JSON.stringify(file, round, 2);
  return `${text.replaceAll(/\{\s+("median": [^{}]*?)\s+\}/g, (_, inner: string) => `{ ${inner.replaceAll(/\s*\n\s*/g, " ")} }`)}\n`;
}

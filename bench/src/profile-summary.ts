/**
 * A CPU profile as text: where the time went, by file and by function, each counted by itself and not with what it
 * calls.
 */
import { table } from "./table.js";

/** What V8 writes, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** The node of each sample, and the time since the one before in microseconds. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Time by itself, in milliseconds. */
export interface Share {
  readonly name: string;
  readonly ms: number;
  /** Of all time that the process was busy. */
  readonly share: number;
}

/** Where the time went. */
export interface ProfileSummary {
  readonly busyMs: number;
  readonly idleMs: number;
  /** The most first. Garbage collection and native code are among the files. */
  readonly files: readonly Share[];
  readonly functions: readonly Share[];
}

const ROWS = 25;
const IDLE = "(idle)";
/** V8's names for what is no function of anybody's. */
const PSEUDO: Readonly<Record<string, string>> = {
  "(garbage collector)": "garbage collection",
  "(program)": "native code and kernel",
  "(root)": "native code and kernel",
};

/** Sums up the last so many milliseconds of a profile: what comes before is the start of the program. */
export function summarize({ nodes, samples, timeDeltas }: CpuProfile, lastMs: number): ProfileSummary {
  const totalMs = timeDeltas.reduce((sum, delta) => sum + delta, 0) / 1_000;
  let at = 0;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const files = new Map<string, number>();
  const functions = new Map<string, number>();
  let [busyMs, idleMs] = [0, 0];
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    // A clock that is set back makes a negative one.
    const ms = Math.max(0, timeDeltas[index] ?? 0) / 1_000;
    at += (timeDeltas[index] ?? 0) / 1_000;
    if (frame === undefined || at < totalMs - lastMs) continue;
    if (frame.functionName === IDLE) {
      idleMs += ms;
      continue;
    }
    busyMs += ms;
    const file = PSEUDO[frame.functionName] ?? fileOf(frame.url);
    const name =
      PSEUDO[frame.functionName] ?? `${frame.functionName || "(anonymous)"} ${file}:${frame.lineNumber + 1}`;
    files.set(file, (files.get(file) ?? 0) + ms);
    functions.set(name, (functions.get(name) ?? 0) + ms);
  }
  const ranked = (sums: ReadonlyMap<string, number>): Share[] =>
    [...sums].map(([name, ms]) => ({ name, ms, share: ms / busyMs })).sort((a, b) => b.ms - a.ms);
  return { busyMs, idleMs, files: ranked(files), functions: ranked(functions) };
}

/** The summary as tables. */
export function describeProfile(profile: CpuProfile, lastMs: number): string {
  const { busyMs, idleMs, files, functions } = summarize(profile, lastMs);
  const rows = (shares: readonly Share[]) =>
    shares
      .slice(0, ROWS)
      .map(({ name, ms, share }) => [name, ms.toFixed(0), `${(share * 100).toFixed(1)} %`]);
  return [
    `  busy ${busyMs.toFixed(0)} ms, idle ${idleMs.toFixed(0)} ms`,
    table([["by file", "ms", "of busy"], ...rows(files)]),
    table([["by function", "ms", "of busy"], ...rows(functions)]),
  ].join("\n\n");
}

/** From a URL to what a reader looks for: the path from the project's or a package's folder on. */
function fileOf(url: string): string {
  if (url === "") return "native code and kernel";
  return /(?:.*\/node_modules\/|.*\/(?=dist\/))(.*)$/.exec(url)?.[1] ?? url.replace(/^file:\/\//, "");
}

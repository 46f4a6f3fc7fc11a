/** A CPU profile as text: self time by file and by function, without the functions that they call. */
import { table } from "./table.js";

/** The part of V8's profile that is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** The node of each sample, and the time since the previous sample in microseconds. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Self time. */
export interface Share {
  readonly name: string;
  readonly ms: number;
  /** Share of the busy time of the process. */
  readonly share: number;
}

/** Self times, largest first. */
export interface ProfileSummary {
  readonly busyMs: number;
  readonly idleMs: number;
  /** Includes garbage collection and native code. */
  readonly files: readonly Share[];
  readonly functions: readonly Share[];
}

const ROWS = 25;
const IDLE = "(idle)";
/** V8's names for time outside of JavaScript functions. */
const PSEUDO: Readonly<Record<string, string>> = {
  "(garbage collector)": "garbage collection",
  "(program)": "native code and kernel",
  "(root)": "native code and kernel",
};

/** Sums up the last `lastMs` of a profile; the time before includes the start of the program. */
export function summarize({ nodes, samples, timeDeltas }: CpuProfile, lastMs: number): ProfileSummary {
  const totalMs = timeDeltas.reduce((sum, delta) => sum + delta, 0) / 1_000;
  let at = 0;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const files = new Map<string, number>();
  const functions = new Map<string, number>();
  let [busyMs, idleMs] = [0, 0];
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    // A delta is negative if the clock was set back.
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

/** Shortens a URL to the path within the project or the package. */
function fileOf(url: string): string {
  if (url === "") return "native code and kernel";
  return /(?:.*\/node_modules\/|.*\/(?=dist\/))(.*)$/.exec(url)?.[1] ?? url.replace(/^file:\/\//, "");
}

/**
 * The command line.
 */
import { parseArgs } from "node:util";
import type { Peer } from "./peer.js";
import { findPeer, PEERS } from "./peers.js";
import type { Work } from "./work.js";
import { findWork, WORKS } from "./works.js";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "run"; readonly options: Options }
  | { readonly kind: "sweep"; readonly options: Options }
  | { readonly kind: "profile"; readonly options: Options }
  /** Two commits, under any name that git knows. */
  | {
      readonly kind: "compare";
      readonly before: string;
      readonly after: string;
      readonly options: Options;
    }
  | { readonly kind: "plot"; readonly json: string; readonly svg: string };

/** What is measured, for how long, and where the results are written. */
export interface Options {
  readonly rounds: number;
  /** Whether works that are slow and vary little, and cells without a goal, get fewer rounds. */
  readonly reducesRounds: boolean;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly works: readonly Work[];
  readonly peers: readonly Peer[];
  /** File for rows, goals, machine, versions and date; none if undefined. */
  readonly json: string | undefined;
  /** File for every sample; none if undefined. */
  readonly samples: string | undefined;
}

/**
 * The warm-up is long enough for V8 to compile most hot code, and short enough for five rounds in a quarter of an hour.
 * After 1.5, 3 and 6 s a delivery costs our server 5.3, 4.2 and 3.5 us at 4x4/128, and 2.5, 1.5 and 1.4 us at 16x16/128
 * (medians of five). nats-server is compiled ahead of time and takes 1.6, 1.4 and 1.4 us.
 */
const FULL = { rounds: 5, warmupMs: 2500, measureMs: 900, works: WORKS };
/** Enough to see that everything works and roughly how fast; too short to compare two versions. */
const QUICK = { rounds: 2, warmupMs: 400, measureMs: 700, works: WORKS.slice(0, 1) };
/** Beyond the knee it takes a while until the rates of offered, shed and completed requests are in balance. */
const SWEEP = { rounds: 3, warmupMs: 3000, measureMs: 1500, works: [] };
/** Works of `--compare` and `--profile` if no work is named. */
const MAIN_WORKS = WORKS.slice(0, 4);

/** What `--help` prints. */
export const USAGE = `Usage: npm run bench -- [options]

  --quick          ${QUICK.rounds} short rounds of ${QUICK.works[0]?.name}, under a minute in all
  --rounds N       rounds; each takes one sample of every work and peer (default ${FULL.rounds}; fewer for works
                   that are slow and vary little, and for works and peers without a goal)
  --warmup MS      time before each measurement (default ${FULL.warmupMs})
  --measure MS     measured time of a sample (default ${FULL.measureMs})
  --work NAME      only this work; may be repeated; --shape means the same:
                   ${listed(WORKS)}
  --peer NAME      only this peer; may be repeated:
                   ${listed(PEERS)}
  --json FILE      also writes a file: machine, versions, date, and one row for each work and peer; a sweep that
                   the file already holds is kept
  --samples FILE   also writes every sample to a file

Instead of the table:
  --sweep          raises the rate until the server is saturated, then offers three times as much; --json adds the
                   result to the file
  --profile        writes a CPU profile of our server for each --work and prints its top entries
  --compare A B    measures two commits in turn and prints B over A (default: the first four works, peer ours)
  --plot JSON SVG  draws the goals of a file that --json has written

The exit code is 1 if a sample failed, 2 if the command line is wrong. Missed goals do not change it.
bench/README.md explains works, peers and figures.`;

/** Parses the command line. Throws an error that names the mistake. */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      warmup: { type: "string" },
      measure: { type: "string" },
      work: { type: "string", multiple: true },
      shape: { type: "string", multiple: true },
      peer: { type: "string", multiple: true },
      json: { type: "string" },
      samples: { type: "string" },
      sweep: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      compare: { type: "boolean", default: false },
      plot: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return { kind: "help" };
  const [first = "", second = ""] = take(positionals, values.compare || values.plot ? 2 : 0);
  if (values.plot) return { kind: "plot", json: first, svg: second };
  const isNarrow = values.compare || values.profile;
  const regular = values.sweep ? SWEEP : isNarrow ? { ...FULL, works: MAIN_WORKS } : FULL;
  const defaults = values.quick ? QUICK : regular;
  const names = [...(values.work ?? []), ...(values.shape ?? [])];
  const options: Options = {
    rounds: atLeast(1, "rounds", values.rounds, defaults.rounds),
    reducesRounds: values.rounds === undefined,
    warmupMs: atLeast(0, "warmup", values.warmup, defaults.warmupMs),
    measureMs: atLeast(100, "measure", values.measure, defaults.measureMs),
    works: names.length > 0 ? names.map(findWork) : defaults.works,
    peers: values.peer?.map(findPeer) ?? (isNarrow ? [findPeer("ours")] : PEERS),
    json: values.json,
    samples: values.samples,
  };
  if (values.compare) return { kind: "compare", before: first, after: second, options };
  if (values.sweep) return { kind: "sweep", options };
  return values.profile ? { kind: "profile", options } : { kind: "run", options };
}

function take(positionals: readonly string[], count: number): readonly string[] {
  if (positionals.length === count) return positionals;
  throw new Error(`${count} positional arguments are expected, not ${positionals.length}`);
}

function atLeast(min: number, name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isInteger(value) && value >= min) return value;
  throw new Error(`--${name} is ${text}; it takes a whole number from ${min}`);
}

/** Joins names, with line breaks that fit a terminal. */
function listed(entries: readonly { readonly name: string }[]): string {
  const lines: string[] = [""];
  for (const { name } of entries) {
    const last = lines.at(-1) ?? "";
    if (last.length + name.length > 80) lines.push(name);
    else lines[lines.length - 1] = last === "" ? name : `${last}, ${name}`;
  }
  return lines.join(",\n                   ");
}

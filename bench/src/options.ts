/**
 * The command line.
 */
import { parseArgs } from "node:util";
import type { Peer } from "./peer.js";
import { findPeer, PEERS } from "./peers.js";
import type { Work } from "./work.js";
import { findWork, WORKS } from "./works.js";

/** What is to be done. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "run"; readonly options: Options }
  | { readonly kind: "sweep"; readonly options: Options }
  | { readonly kind: "profile"; readonly options: Options }
  /** Two commits, or whatever else git takes for one. */
  | {
      readonly kind: "compare";
      readonly before: string;
      readonly after: string;
      readonly options: Options;
    }
  | { readonly kind: "plot"; readonly json: string; readonly svg: string };

/** What is measured, how long, and where it goes. */
export interface Options {
  readonly rounds: number;
  /** Whether works that take long and hardly vary, and what no goal is held against, have fewer rounds. */
  readonly isSparing: boolean;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly works: readonly Work[];
  readonly peers: readonly Peer[];
  /** Where the JSON report is written, if anywhere. */
  readonly json: string | undefined;
}

/**
 * Long enough for V8 to have compiled most of what runs often, and short enough for five rounds in a quarter of an hour.
 * Measured, medians of five: after 1.5, 3 and 6 s a delivery costs our server 5.3, 4.2 and 3.5 us at 4x4/128, and 2.5, 1.5
 * and 1.4 at 16x16/128; nats-server, which is compiled beforehand, takes 1.6, 1.4 and 1.4.
 */
const FULL = { rounds: 5, warmupMs: 2500, measureMs: 900, works: WORKS };
/** Enough to see that all is in order and roughly how fast; too little to compare two versions. */
const QUICK = { rounds: 2, warmupMs: 400, measureMs: 700, works: WORKS.slice(0, 1) };
/** Beyond the knee it takes a while until what is refused and what comes in are in balance. */
const SWEEP = { rounds: 3, warmupMs: 3000, measureMs: 1500, works: [] };
/** What two commits are compared by, and profiled at, if nothing else is asked for. */
const SHAPES = WORKS.slice(0, 4);

/** What `--help` prints. */
export const USAGE = `Usage: npm run bench -- [options]

  --quick          ${QUICK.rounds} short rounds of ${QUICK.works[0]?.name}, under a minute in all
  --rounds N       rounds; each takes one sample of every work and peer (default ${FULL.rounds}, and fewer for what
                   takes long and hardly varies, and for what no goal is held against)
  --warmup MS      time before each measurement (default ${FULL.warmupMs})
  --measure MS     measured time of a sample (default ${FULL.measureMs})
  --work NAME      only this work; may be repeated; also --shape:
                   ${listed(WORKS)}
  --peer NAME      only this peer; may be repeated:
                   ${listed(PEERS)}
  --json FILE      also writes rows, samples, machine, versions and date to a file

Instead of the table:
  --sweep          raises the rate until the server is saturated, and then offers three times as much
  --profile        leaves a CPU profile of our server at each --work, and prints the top of it
  --compare A B    measures two commits in turn and prints B over A (default: the first four works, peer ours)
  --plot JSON SVG  draws the rows of a file that --json has written

The exit code is 1 if a sample failed, whatever the figures; docs/performance.md says what they mean.`;

/** Reads the command line. Throws an error that says what is wrong with it. */
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
  const hasFewer = values.compare || values.profile;
  const most = values.sweep ? SWEEP : hasFewer ? { ...FULL, works: SHAPES } : FULL;
  const defaults = values.quick ? QUICK : most;
  const names = [...(values.work ?? []), ...(values.shape ?? [])];
  const options: Options = {
    rounds: atLeast(1, "rounds", values.rounds, defaults.rounds),
    isSparing: values.rounds === undefined,
    warmupMs: atLeast(0, "warmup", values.warmup, defaults.warmupMs),
    measureMs: atLeast(100, "measure", values.measure, defaults.measureMs),
    works: names.length > 0 ? names.map(findWork) : defaults.works,
    peers: values.peer?.map(findPeer) ?? (hasFewer ? [findPeer("ours")] : PEERS),
    json: values.json,
  };
  if (values.compare) return { kind: "compare", before: first, after: second, options };
  if (values.sweep) return { kind: "sweep", options };
  return values.profile ? { kind: "profile", options } : { kind: "run", options };
}

function take(positionals: readonly string[], count: number): readonly string[] {
  if (positionals.length === count) return positionals;
  throw new Error(`${count} arguments without a name are expected, not ${positionals.length}`);
}

function atLeast(least: number, name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} is ${text}; it takes a whole number from ${least}`);
}

/** Names in lines of a width that a terminal has. */
function listed(entries: readonly { readonly name: string }[]): string {
  const lines: string[] = [""];
  for (const { name } of entries) {
    const last = lines.at(-1) ?? "";
    if (last.length + name.length > 80) lines.push(name);
    else lines[lines.length - 1] = last === "" ? name : `${last}, ${name}`;
  }
  return lines.join(",\n                   ");
}

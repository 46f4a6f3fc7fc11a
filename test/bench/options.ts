/**
 * The command line.
 */
import { parseArgs } from "node:util";
import type { Peer } from "./peer.js";
import { findPeer, PEERS } from "./peers.js";
import { findShape, SHAPES, type Shape } from "./shape.js";

/** What is measured, how long, and where it goes. */
export interface Options {
  readonly rounds: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly shapes: readonly Shape[];
  readonly peers: readonly Peer[];
  /** Where the JSON report is written, if anywhere. */
  readonly json: string | undefined;
}

const FULL = { rounds: 5, warmupMs: 700, measureMs: 1300, shapes: SHAPES };
/** Enough to see that all is in order and roughly how fast; too little to compare two versions. */
const QUICK = { rounds: 3, warmupMs: 400, measureMs: 700, shapes: SHAPES.slice(0, 1) };

/** What `--help` prints. */
export const USAGE = `Usage: npm run bench -- [options]

  --quick          ${QUICK.rounds} short rounds of ${QUICK.shapes[0]?.name}, under a minute in all
  --rounds N       rounds; each takes one sample of every peer and shape (default ${FULL.rounds})
  --warmup MS      time before each measurement (default ${FULL.warmupMs})
  --measure MS     measured time of a sample (default ${FULL.measureMs})
  --shape NAME     only this shape; may be repeated (${SHAPES.map(({ name }) => name).join(", ")})
  --peer NAME      only this peer; may be repeated (${PEERS.map(({ name }) => name).join(", ")})
  --json FILE      also writes rows, samples, machine, versions and date to a file

The exit code is 1 if a sample failed, whatever the figures; docs/performance.md says what they mean.`;

/** Reads the command line. Throws an error that says what is wrong with it; undefined if help is asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      warmup: { type: "string" },
      measure: { type: "string" },
      shape: { type: "string", multiple: true },
      peer: { type: "string", multiple: true },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const defaults = values.quick ? QUICK : FULL;
  return {
    rounds: atLeast(1, "rounds", values.rounds, defaults.rounds),
    warmupMs: atLeast(0, "warmup", values.warmup, defaults.warmupMs),
    measureMs: atLeast(100, "measure", values.measure, defaults.measureMs),
    shapes: values.shape?.map(findShape) ?? defaults.shapes,
    peers: values.peer?.map(findPeer) ?? PEERS,
    json: values.json,
  };
}

function atLeast(least: number, name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} is ${text}; it takes a whole number from ${least}`);
}

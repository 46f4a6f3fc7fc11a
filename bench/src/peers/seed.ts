import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Measurement } from "../figures.js";
import { findProgram } from "../find-program.js";
import type { ProgramPeer } from "../peer.js";
import { fromProject } from "../project.js";

const PROGRAM = fileURLToPath(fromProject("bench/seed/seed.py"));
const VERSION = "0.1.0";
const VERSION_TIMEOUT_MS = 15_000;
const RUN_TIMEOUT_MS = 60_000;

type Answer =
  | { readonly ok: true; readonly measurement: Measurement }
  | { readonly ok: false; readonly error: string };

const PYTHON = findProgram("python3", "ATE_PYTHON");
let found: string | undefined;

/** The version that this Python has, or why it has none; looked up once. */
function installed(): string {
  found ??= lookUp();
  return found;
}

function lookUp(): string {
  if (PYTHON === undefined) return "no python3 on the PATH";
  try {
    const options = { encoding: "utf8", timeout: VERSION_TIMEOUT_MS, stdio: "pipe" } as const;
    return execFileSync(PYTHON, [PROGRAM, "--version"], options).trim();
  } catch {
    return `${PYTHON} has no ate_dispatcher`;
  }
}

/** The library that this project descends from, in one process: threads and queues, no network. */
export const seed: ProgramPeer = {
  name: "seed",
  title: "the original, in process",
  missing() {
    const version = installed();
    return version === VERSION
      ? undefined
      : `${version}; pip install ate-dispatcher==${VERSION}, and name that Python in ATE_PYTHON`;
  },
  version: installed,
  async run(shape, timing) {
    const spec = JSON.stringify({ ...shape, ...timing });
    const { stdout } = await promisify(execFile)(PYTHON ?? "python3", [PROGRAM, spec], {
      timeout: RUN_TIMEOUT_MS,
    });
    const answer = JSON.parse(stdout) as Answer;
    if (!answer.ok) throw new Error(answer.error);
    return answer.measurement;
  },
};

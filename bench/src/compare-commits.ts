/**
 * Two commits side by side: each in a worktree of its own, built from its own sources and dependencies, driven by the
 * benchmark of the current checkout, and measured in turn.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMPARED } from "./compare.js";
import { FIGURES, type Measurement } from "./figures.js";
import type { Options } from "./options.js";
import { fromProject } from "./project.js";
import { type Spread, shuffled, spread } from "./statistics.js";
import { short, table } from "./table.js";

const ROOT = fileURLToPath(fromProject("."));
/** The workspace that replaces the one of each commit, so that both are measured by the same code. */
const BENCH = "bench";
/** Folders of the workspace that are built or installed in each worktree. */
const NOT_COPIED = new Set(["dist", "node_modules"]);
const COMMAND_TIMEOUT_MS = 600_000;
/** Exit code of a command line that cannot be run. */
const USAGE_ERROR = 2;

interface Side {
  readonly name: string;
  readonly folder: string;
}

/** One sample, as `--samples` writes it. */
interface WrittenSample {
  readonly work: string;
  readonly peer: string;
  readonly measurement?: Measurement;
  readonly error?: string;
}

/** Measurements of one side, by work and peer, then by round. */
type Found = Map<string, Map<number, Measurement>>;

/**
 * Runs the comparison.
 *
 * Sets the exit code to 1 if a sample failed, and to 2 if one of the two is not a commit that this version can measure.
 */
export function runCompare(before: string, after: string, options: Options): void {
  const refusals = [...new Set([before, after])].flatMap((name) => refusalOf(name) ?? []);
  if (refusals.length > 0) {
    console.error(refusals.join("\n"));
    process.exitCode = USAGE_ERROR;
    return;
  }
  const temporary = mkdtempSync(join(tmpdir(), "ate-dispatcher-bench-"));
  const sides = [before, after].map((name, index) => ({ name, folder: join(temporary, `${index}`) }));
  try {
    for (const side of sides) prepare(side);
    const found = sides.map((): Found => new Map());
    for (let round = 1; round <= options.rounds; round++) {
      for (const index of shuffled([0, 1]))
        measure(sides[index] as Side, options, round, found[index] as Found);
    }
    const [first, second] = found as [Found, Found];
    console.log(describe(before, after, first, second, options));
  } finally {
    for (const { folder } of sides) {
      if (existsSync(folder)) run("git", ["worktree", "remove", "--force", folder], ROOT);
    }
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Says why a commit cannot be compared; undefined if it can. */
function refusalOf(name: string): string | undefined {
  if (!succeeds(["rev-parse", "--quiet", "--verify", `${name}^{commit}`])) return `${name} is not a commit`;
  if (succeeds(["cat-file", "-e", `${name}:${BENCH}/package.json`])) return undefined;
  return (
    `${name} cannot be compared by this version: in that commit the benchmark is not yet a workspace (${BENCH}/). ` +
    `Check out ${name} and use its own benchmark: \`npm ci && npm run bench -- --compare A B\` there compares it with ` +
    "earlier commits, and `npm run bench` measures it alone."
  );
}

function succeeds(args: readonly string[]): boolean {
  try {
    execFileSync("git", args, { cwd: ROOT, stdio: "ignore", timeout: COMMAND_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}

/** Checks a commit out, installs its dependencies, and builds it with the current benchmark. */
function prepare({ name, folder }: Side): void {
  console.error(`building ${name}`);
  run("git", ["worktree", "add", "--quiet", "--detach", folder, name], ROOT);
  run("npm", ["ci", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"], folder, "ignore");
  // npm has linked node_modules/ate-dispatcher-bench to this folder and installed the packages that it needs.
  rmSync(join(folder, BENCH), { recursive: true });
  cpSync(join(ROOT, BENCH), join(folder, BENCH), {
    recursive: true,
    filter: (path) => !NOT_COPIED.has(basename(path)),
  });
  run(join(folder, "node_modules/.bin/tsc"), ["-b", BENCH], folder);
}

/** Takes one sample of every work and peer. */
function measure({ name, folder }: Side, options: Options, round: number, found: Found): void {
  const file = join(folder, "samples.json");
  const { warmupMs, measureMs, works, peers } = options;
  const args = [
    ...["--rounds", "1", "--warmup", String(warmupMs), "--measure", String(measureMs), "--samples", file],
    ...works.flatMap((work) => ["--work", work.name]),
    ...peers.flatMap((peer) => ["--peer", peer.name]),
  ];
  writeFileSync(file, "[]");
  try {
    // The samples file replaces its table; progress and errors stay visible.
    run(process.execPath, [join(folder, BENCH, "dist/main.js"), ...args], folder, "ignore");
  } catch {
    // The benchmark has printed the reason; its good samples count.
    process.exitCode = 1;
  }
  const samples = JSON.parse(readFileSync(file, "utf8")) as readonly WrittenSample[];
  for (const { work, peer, measurement, error } of samples) {
    if (measurement === undefined) {
      console.error(`round ${round}  ${name}  ${work}  ${peer}  FAILED: ${error}`);
      continue;
    }
    const key = `${work}, ${peer}`;
    found.set(key, (found.get(key) ?? new Map<number, Measurement>()).set(round, measurement));
    console.error(`round ${round}  ${name}  ${key}`);
  }
}

function describe(
  before: string,
  after: string,
  first: Found,
  second: Found,
  { works, peers }: Options,
): string {
  const lines = works.flatMap((work) =>
    peers.flatMap((peer) =>
      COMPARED[work.kind].map((figure) => {
        const key = `${work.name}, ${peer.name}`;
        const values = (found: Found) =>
          new Map(
            [...(found.get(key) ?? [])].flatMap(([round, m]) =>
              m[figure] === undefined ? [] : [[round, m[figure]]],
            ),
          );
        return [`${key}: ${FIGURES[figure].title}`, ...cells(values(first), values(second))];
      }),
    ),
  );
  return table([["compared", before, after, "ratio", "within a round"], ...lines]);
}

function cells(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): readonly string[] {
  const ratios = [...after].flatMap(([round, value]) => {
    const other = before.get(round);
    return other === undefined ? [] : [value / other];
  });
  if (ratios.length === 0) return ["-", "-", "-", ""];
  const [one, two, range] = [spread([...before.values()]), spread([...after.values()]), spread(ratios)];
  return [text(one), text(two), short(two.median / one.median), `(${short(range.min)}-${short(range.max)})`];
}

function text({ median, min, max }: Spread): string {
  return `${short(median)} (${short(min)}-${short(max)})`;
}

/** Runs a command to its end. Throws if it fails. @param stdout - where its output goes: standard error, or nowhere. */
function run(program: string, args: readonly string[], cwd: string, stdout: 2 | "ignore" = 2): void {
  execFileSync(program, args, { cwd, stdio: ["ignore", stdout, "inherit"], timeout: COMMAND_TIMEOUT_MS });
}

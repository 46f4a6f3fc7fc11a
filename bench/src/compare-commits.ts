/**
 * Two commits side by side: each in a worktree of its own, built from its own sources and dependencies, driven by this
 * benchmark, and measured in turn.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMPARED } from "./compare.js";
import { FIGURES, type Measurement } from "./figures.js";
import type { Options } from "./options.js";
import { fromProject } from "./project.js";
import { type Spread, shuffled, spread } from "./statistics.js";
import { short, table } from "./table.js";

const ROOT = fileURLToPath(fromProject("."));
/** What is taken from here, so that both are measured alike. */
const OVERLAY = ["test/bench", "tsconfig.bench.json"];
/** Packages that only the benchmark needs, and that a commit may not have. */
const PACKAGES = ["node_modules/@nats-io", "node_modules/tweetnacl"];
const COMMAND_TIMEOUT_MS = 600_000;

interface Side {
  readonly name: string;
  readonly folder: string;
}

/** What is read of a file that `--json` has written. */
interface Report {
  readonly samples: readonly {
    readonly work: string;
    readonly peer: string;
    readonly measurement?: Measurement;
    readonly error?: string;
  }[];
}

/** Figures of one side, by work, peer and round. */
type Found = Map<string, Map<number, Measurement>>;

/** Runs it. Sets the exit code to 1 if a sample failed. */
export function runCompare(before: string, after: string, options: Options): void {
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

/** Checks a commit out, installs what it depends on, and builds it with this benchmark. */
function prepare({ name, folder }: Side): void {
  console.error(`building ${name}`);
  run("git", ["worktree", "add", "--quiet", "--detach", folder, name], ROOT);
  run("npm", ["ci", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"], folder);
  for (const path of OVERLAY) {
    rmSync(join(folder, path), { recursive: true, force: true });
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  for (const path of PACKAGES) {
    if (!existsSync(join(folder, path))) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  run(join(folder, "node_modules/.bin/tsc"), ["-b", ".", "tsconfig.bench.json"], folder);
}

/** Takes one sample of every work and peer. */
function measure({ name, folder }: Side, options: Options, round: number, found: Found): void {
  const json = join(folder, "round.json");
  const { warmupMs, measureMs, works, peers } = options;
  const args = [
    "--rounds",
    "1",
    "--warmup",
    String(warmupMs),
    "--measure",
    String(measureMs),
    "--json",
    json,
  ];
  const chosen = [
    ...works.map((work) => ["--work", work.name]),
    ...peers.map((peer) => ["--peer", peer.name]),
  ];
  writeFileSync(json, '{"samples":[]}');
  try {
    run(process.execPath, [join(folder, "dist-test/test/bench/main.js"), ...args, ...chosen.flat()], folder);
  } catch {
    // It has told why; the samples that did not fail count.
    process.exitCode = 1;
  }
  for (const { work, peer, measurement, error } of (JSON.parse(readFileSync(json, "utf8")) as Report)
    .samples) {
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

function run(program: string, args: readonly string[], cwd: string): void {
  execFileSync(program, args, { cwd, stdio: ["ignore", "ignore", "inherit"], timeout: COMMAND_TIMEOUT_MS });
}

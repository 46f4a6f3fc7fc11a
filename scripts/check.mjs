// Runs the gate: the checks that must pass before a change is shared. Prints the duration of each step and stops at the
// first failure.
//
//   node scripts/check.mjs              runs every step
//   node scripts/check.mjs --no-tests   leaves out the tests, for a script that runs them itself
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => `node_modules/.bin/${name}`;

const steps = [
  ["generated code", process.execPath, "scripts/generate.mjs", "--check"],
  ["buf lint", bin("buf"), "lint"],
  ["buf format", bin("buf"), "format", "proto", "--diff", "--exit-code"],
  ["buf breaking", process.execPath, "scripts/breaking.mjs"],
  ["biome", bin("biome"), "check", "--error-on-warnings", "."],
  ["tsc", bin("tsc"), "-b", ".", "tsconfig.test.json", "bench"],
];
if (!process.argv.includes("--no-tests")) {
  steps.push(["tests", bin("vitest"), "run", "--project", "unit", "--project", "e2e", "--reporter=dot"]);
}
/** Lines to print even if a step passes: skipped parts, the version compared with, the number of tests. */
const worthTelling = /^(?:SKIPPED .*|contract compared with .*|no earlier contract.*| *Tests .*)$/gm;

for (const [name, command, ...args] of steps) {
  const begin = performance.now();
  const run = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 });
  const seconds = ((performance.now() - begin) / 1000).toFixed(1).padStart(5);
  const output = stripVTControlCharacters(`${run.stdout ?? ""}${run.stderr ?? ""}${run.error ?? ""}`);
  const notes = (output.match(worthTelling) ?? []).map((note) => note.trim()).join("; ");
  console.log(
    `${run.status === 0 ? "ok  " : "FAIL"} ${seconds} s  ${name}${notes === "" ? "" : ` (${notes})`}`,
  );
  if (run.status !== 0) {
    console.log(output.trimEnd());
    process.exit(1);
  }
}

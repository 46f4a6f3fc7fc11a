// Runs the gate: the checks that must pass before a change is shared. Two steps run at a time, and each prints one line
// when it ends. The first failure prints its output and stops the other steps.
//
//   node scripts/check.mjs              runs every step
//   node scripts/check.mjs --no-tests   skips the tests, for a script that runs them itself
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => `node_modules/.bin/${name}`;
/** The number of cores of the reference machine. The unit tests start two processes themselves and mostly run last. */
const MAX_RUNNING = 2;

/** The steps in the order in which they start. A step waits until the step that it `needs` has passed. */
const steps = [
  { name: "types of the program", command: [bin("tsc"), "-b", "."] },
  { name: "format and lint", command: [bin("biome"), "check", "--error-on-warnings", "."] },
  { name: "buf lint", command: [bin("buf"), "lint"] },
  { name: "buf format", command: [bin("buf"), "format", "proto", "--diff", "--exit-code"] },
  { name: "buf breaking", command: [process.execPath, "scripts/breaking.mjs"] },
  {
    // They include the architecture, documentation and transcript tests. Some run the built program.
    name: "unit tests",
    command: [bin("vitest"), "run", "--project", "unit", "--reporter=dot"],
    needs: "types of the program",
  },
  {
    name: "types of the tests",
    command: [bin("tsc"), "-b", "tsconfig.test.json", "bench"],
    needs: "types of the program",
  },
  { name: "generated code", command: [process.execPath, "scripts/generate.mjs", "--check"] },
].filter(({ name }) => !(process.argv.includes("--no-tests") && name === "unit tests"));

/** Output lines to print even if a step passes: skipped parts, the compared version, the number of tests. */
const NOTES = /^(?:SKIPPED .*|contract compared with .*|no earlier contract.*| *Tests .*)$/gm;

const startedAt = performance.now();
const running = new Set();
// Stops the running steps after a failure or a signal.
process.on("exit", () => {
  for (const child of running) child.kill();
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const passed = new Set();
const progress = new EventEmitter();
const waiting = [...steps];
await Promise.all(Array.from({ length: MAX_RUNNING }, runSteps));
console.log(`ok   ${secondsSince(startedAt)} s  in all`);

/** Runs steps one after the other until none is left. */
async function runSteps() {
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ needs }) => needs === undefined || passed.has(needs));
    if (next === -1) await once(progress, "passed");
    else await run(...waiting.splice(next, 1));
  }
}

async function run({ name, command: [program, ...args] }) {
  const stepStartedAt = performance.now();
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      printed += text;
    });
  }
  const [code] = await once(child, "close").catch((error) => {
    printed += error;
    return [1];
  });
  running.delete(child);
  const output = stripVTControlCharacters(printed);
  const notes = (output.match(NOTES) ?? []).map((note) => note.trim()).join("; ");
  const result = code === 0 ? "ok  " : "FAIL";
  console.log(`${result} ${secondsSince(stepStartedAt)} s  ${name}${notes === "" ? "" : ` (${notes})`}`);
  if (code !== 0) {
    console.log(output.trimEnd());
    process.exit(1);
  }
  passed.add(name);
  progress.emit("passed");
}

function secondsSince(at) {
  return ((performance.now() - at) / 1000).toFixed(1).padStart(5);
}

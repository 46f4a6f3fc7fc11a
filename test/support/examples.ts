import { join } from "node:path";
import { expect } from "vitest";
import type { createProcesses } from "./processes.js";
import { ROOT } from "./root.js";

/** Time limit for compiling the examples, in milliseconds. */
export const BUILD_MS = 60_000;

/** Compiles the examples as their comments describe. The packages that they import are already built. */
export async function buildExamples(processes: ReturnType<typeof createProcesses>): Promise<void> {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const build = processes.start(process.execPath, [tsc, "-p", join(ROOT, "tsconfig.examples.json")]);
  expect(await build.exit(BUILD_MS), build.stdout.all.join("\n")).toEqual({ code: 0, signal: null });
}

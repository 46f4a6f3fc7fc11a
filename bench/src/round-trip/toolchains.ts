/** What the clients in other languages need to be built and started. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Whether a missing toolchain fails the run, as in continuous integration; otherwise its client is skipped. */
export const IS_STRICT = process.env["CI"] === "true";

/** Runs a program to its end. Rejects if it cannot be started or fails. */
export const runProgram = promisify(execFile);

/** Whether a program can be started and succeeds. */
export async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return await runProgram(program, args).then(
    () => true,
    () => false,
  );
}

/** Creates a folder that is removed when this process exits. */
export function createTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ate-dispatcher-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

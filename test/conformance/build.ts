import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./root.js";

/** Compiles the programs that run in their own processes. Vitest does not compile them. */
export async function compile(): Promise<void> {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const project = join(ROOT, "test/conformance/tsconfig.json");
  await promisify(execFile)(process.execPath, [tsc, "-p", project]).catch(
    (error: { readonly stdout?: string }) => {
      throw new Error(error.stdout ?? String(error));
    },
  );
}

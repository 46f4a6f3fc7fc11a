import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root folder of the repository. Test files run from source or, compiled, from dist-test. */
export const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  const file = join(folder, "package.json");
  if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === "ate-dispatcher") return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("not inside the repository");
  return findRoot(parent);
}

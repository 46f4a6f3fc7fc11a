import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { rerun } from "./interpreter.js";

const FOLDER = new URL("cases/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));

/**
 * Each file contains its own expectation: the commands must print the lines below them. `vitest run -u` rewrites the
 * lines. A changed line is a changed behaviour; the commit message explains it.
 */
describe("transcripts", () => {
  it.each(FILES.map((file) => ({ file, behaviour: file.replace(/\.txt$/, "").replaceAll("-", " ") })))(
    "$behaviour",
    async ({ file }) => {
      const path = fileURLToPath(new URL(file, FOLDER));
      await expect(rerun(readFileSync(path, "utf8"))).toMatchFileSnapshot(path);
    },
  );
});

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { rerun } from "./interpreter.js";

const FOLDER = new URL("cases/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));

/**
 * Each file is its own expectation: what its commands print must be what stands below them. `vitest run -u` writes it
 * anew; a changed line is a changed behaviour, and the commit says why.
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

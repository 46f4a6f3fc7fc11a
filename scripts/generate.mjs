// Generates the code for every language from the proto files. The plugins are pinned, and need no network once they are
// installed. If the toolchain of a language is missing, the language is skipped with a message; with CI=true, this fails.
//
//   node scripts/generate.mjs           rewrites the generated folders
//   node scripts/generate.mjs --check   generates into a temporary folder and fails if a file differs, naming the files
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { languages, root } from "./generated-languages.mjs";

const isCheck = process.argv.includes("--check");
const isStrict = process.env["CI"] === "true";

const copy = isCheck ? mkdtempSync(join(tmpdir(), "generate-")) : undefined;
try {
  for (const { name, folders, missing, generate } of languages) {
    // Nothing is committed for this language, so nothing can differ.
    if (isCheck && folders.length === 0) continue;
    const reason = missing();
    if (reason !== undefined) {
      console.log(`${isStrict ? "FAILED" : "SKIPPED"}  generated code of ${name}: ${reason}`);
      if (isStrict) process.exitCode = 1;
      continue;
    }
    generate(copy ?? root);
    if (copy !== undefined) report(folders.flatMap((folder) => differences(folder, copy)));
  }
} finally {
  if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
}

function differences(folder, target) {
  const [committed, fresh] = [join(root, folder), join(target, folder)];
  const names = new Set([...files(committed), ...files(fresh)]);
  return [...names].sort().flatMap((name) => {
    const [before, after] = [join(committed, name), join(fresh, name)];
    if (!existsSync(before)) return [`missing  ${folder}/${name}`];
    if (!existsSync(after)) return [`surplus  ${folder}/${name}`];
    return readFileSync(before).equals(readFileSync(after)) ? [] : [`differs  ${folder}/${name}`];
  });
}

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith("__pycache__"))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function report(lines) {
  if (lines.length === 0) return;
  console.error(
    `Generated code does not match the proto files; run "npm run generate":\n${lines.join("\n")}`,
  );
  process.exitCode = 1;
}

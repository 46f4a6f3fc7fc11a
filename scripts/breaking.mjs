// Checks that the public contract is compatible with an earlier version: the newest release tag, else the commit at which
// this branch left main, else (on main itself) the previous commit. If none of them has a contract, it prints that and
// passes.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const base = findBase();
if (base === undefined) {
  console.log("no earlier contract: no release tag, no main branch, no previous commit");
} else {
  console.log(`contract compared with ${base}`);
  process.exitCode = compareWith(base);
}

function findBase() {
  const tags = (git("tag", "--list", "v*", "--sort=-v:refname") ?? "").split("\n");
  const release = tags.find((tag) => /^v\d+\.\d+\.\d+$/.test(tag));
  const head = git("rev-parse", "--verify", "--quiet", "HEAD");
  const forks = ["main", "origin/main"]
    .map((name) => git("merge-base", "HEAD", name))
    .filter((commit) => commit !== head);
  return [release, ...forks, "HEAD~1"].find((ref) => ref !== undefined && hasProto(ref));
}

function hasProto(ref) {
  return (
    git("cat-file", "-e", `${ref}:proto`) !== undefined &&
    git("cat-file", "-e", `${ref}:buf.yaml`) !== undefined
  );
}

/** Compares with an export of the whole earlier workspace, because buf needs the files that the contract imports. */
function compareWith(ref) {
  const folder = mkdtempSync(join(tmpdir(), "breaking-"));
  try {
    const paths = ["buf.yaml", "proto", "third_party"].filter(
      (p) => git("cat-file", "-e", `${ref}:${p}`) !== undefined,
    );
    const archive = execFileSync("git", ["archive", ref, ...paths], {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
    });
    execFileSync("tar", ["-x", "-C", folder], { input: archive });
    const buf = join(root, "node_modules/.bin/buf");
    const args = ["breaking", "proto", "--against", join(folder, "proto")];
    return spawnSync(buf, args, { cwd: root, stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the trimmed output of git, or undefined if git fails. */
function git(...args) {
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

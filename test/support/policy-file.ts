import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { PatternsByAction } from "../../src/auth/policy.js";

/** One rule of a policy, as its file has it. */
export interface RuleInit {
  readonly principals: readonly string[];
  readonly allow?: PatternsByAction;
  readonly deny?: PatternsByAction;
  readonly shareGroups?: readonly string[];
}

/** Everything on every topic. */
export const EVERYTHING: PatternsByAction = {
  request: [">"],
  produce: [">"],
  listen: [">"],
  introspect: [">"],
  administer: [">"],
};

/** Writes a policy. @returns its path, and functions that replace and remove it. */
export function writePolicy(rules: readonly RuleInit[]): {
  readonly path: string;
  readonly replace: (rules: readonly RuleInit[]) => void;
  readonly remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), "ate-policy-"));
  const path = join(folder, "policy.yaml");
  const replace = (next: readonly RuleInit[]) =>
    writeFileSync(path, stringify({ version: 1, rules: next }, { aliasDuplicateObjects: false }));
  replace(rules);
  return { path, replace, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

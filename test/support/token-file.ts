import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A token, and who has it. */
export interface TokenOf {
  readonly token: string;
  readonly id: string;
  readonly groups?: readonly string[];
  readonly expires?: string;
}

/** Writes a token file. @returns its path, and a function that removes it. */
export function writeTokenFile(tokens: readonly TokenOf[]): {
  readonly path: string;
  readonly remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), "ate-tokens-"));
  const path = join(folder, "tokens.yaml");
  const entries = tokens.map(({ token, ...entry }) => ({
    ...entry,
    sha256: createHash("sha256").update(token).digest("hex"),
  }));
  writeFileSync(path, JSON.stringify(entries));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The metadata of a call with a token. */
export function bearer(token: string) {
  return { metadata: { authorization: `Bearer ${token}` } };
}

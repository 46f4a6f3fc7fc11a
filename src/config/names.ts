/**
 * One key, three spellings: `maxTtlMs` in the file, `ATE_DISPATCHER_MAX_TTL_MS` in the environment, `--max-ttl-ms` as
 * a flag. And which key was meant when none matches.
 */

/** What every environment variable of the dispatcher starts with. */
export const VARIABLE_PREFIX = "ATE_DISPATCHER_";

/** `maxTtlMs` to `--max-ttl-ms`. */
export function flagOf(key: string): string {
  return `--${words(key).join("-")}`;
}

/** `maxTtlMs` to `ATE_DISPATCHER_MAX_TTL_MS`. */
export function variableOf(key: string): string {
  return VARIABLE_PREFIX + words(key).join("_").toUpperCase();
}

/**
 * Finds the candidate that a misspelt name comes nearest to.
 *
 * Letter case, dashes, underscores and leading dashes do not count, so that a flag's spelling in a file finds its key.
 *
 * @param candidates - at least one.
 */
export function nearest(name: string, candidates: readonly string[]): string {
  const wanted = bare(name);
  let best = "";
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const edits = distance(wanted, bare(candidate));
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

function words(key: string): readonly string[] {
  return key.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Insertions, deletions and replacements that turn one text into the other. Only ever sees names. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, left] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...to].entries()) {
      const replaced = (row[j] ?? 0) + (left === right ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

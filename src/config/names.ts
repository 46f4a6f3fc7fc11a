/**
 * The spellings of a key: `maxTtlMs` in the file, `ATE_DISPATCHER_MAX_TTL_MS` in the environment, `--max-ttl-ms` as a
 * flag. Also finds the nearest key for a misspelled one.
 */

/** The prefix of all environment variables of the dispatcher. */
export const VARIABLE_PREFIX = "ATE_DISPATCHER_";

/** Returns the flag of a key: `--max-ttl-ms` for `maxTtlMs`. */
export function flagOf(key: string): string {
  return `--${words(key).join("-")}`;
}

/** Returns the variable of a key: `ATE_DISPATCHER_MAX_TTL_MS` for `maxTtlMs`. */
export function variableOf(key: string): string {
  return VARIABLE_PREFIX + words(key).join("_").toUpperCase();
}

/**
 * Finds the candidate that is nearest to a misspelled name.
 *
 * Ignores case, dashes and underscores, so that a flag's spelling in the file finds its key.
 *
 * @param candidates - at least one.
 */
export function nearest(name: string, candidates: readonly string[]): string {
  const bareName = bare(name);
  let best = "";
  let minDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const candidateDistance = distance(bareName, bare(candidate));
    if (candidateDistance < minDistance) [best, minDistance] = [candidate, candidateDistance];
  }
  return best;
}

function words(key: string): readonly string[] {
  return key.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}

/** The part of a name that is compared, in characters. A longer name is nobody's misspelling. */
const MAX_COMPARED_LENGTH = 64;

function bare(name: string): string {
  return name
    .slice(0, MAX_COMPARED_LENGTH)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
}

/** The Levenshtein distance of two texts. Simple rather than fast, because names are short. */
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

import { isDeepStrictEqual } from "node:util";

/** Maximum characters of a line, and of a string in it. Longer ones are cut. */
const MAX_LINE = 300;
const MAX_TEXT = 40;

/**
 * Returns undefined if both lists are equal, else a diff with one line per item: `-` for a missing item, `+` for an
 * unexpected one.
 */
export function differences(
  what: string,
  actual: readonly unknown[],
  expected: readonly unknown[],
): string | undefined {
  if (isDeepStrictEqual(actual, expected)) return undefined;
  const before = expected.map(line);
  const after = actual.map(line);
  return [`${what} (- expected, + actual):`, ...lineDiff(before, after)].join("\n");
}

/** One line of JSON. Keys are sorted, so that equal items have equal lines. Long lines are cut. */
export function line(item: unknown): string {
  if (item === undefined) return "nothing";
  return cut(JSON.stringify(item, brief), MAX_LINE);
}

function brief(_: string, value: unknown): unknown {
  if (typeof value === "string") return cut(value, MAX_TEXT);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}… ${text.length} characters` : text;
}

function lineDiff(before: readonly string[], after: readonly string[]): string[] {
  const lines: string[] = [];
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of [
    ...inCommon(before.length, after.length, same),
    [before.length, after.length],
  ]) {
    while (i < nextI) lines.push(`  - ${before[i++]}`);
    while (j < nextJ) lines.push(`  + ${after[j++]}`);
    if (i < before.length) lines.push(`    ${before[i]}`);
    i++;
    j++;
  }
  return lines;

  function same(one: number, other: number): boolean {
    return before[one] === after[other];
  }
}

/**
 * Returns the index pairs of a longest common subsequence of two lists. Takes quadratic time; the lists are short.
 *
 * @param same - whether two items are equal, by their indexes.
 */
export function inCommon(
  beforeCount: number,
  afterCount: number,
  same: (before: number, after: number) => boolean,
): readonly (readonly [number, number])[] {
  const counts = Array.from({ length: beforeCount + 1 }, () => new Array<number>(afterCount + 1).fill(0));
  const at = (i: number, j: number) => counts[i]?.[j] ?? 0;
  for (let i = beforeCount - 1; i >= 0; i--) {
    for (let j = afterCount - 1; j >= 0; j--) {
      const row = counts[i] as number[];
      row[j] = same(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: [number, number][] = [];
  let [i, j] = [0, 0];
  while (i < beforeCount && j < afterCount) {
    if (same(i, j)) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

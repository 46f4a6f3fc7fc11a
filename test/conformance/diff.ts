import { isDeepStrictEqual } from "node:util";

/** How much of a line is shown. */
const MAX_LINE = 300;

/**
 * Undefined if both lists are equal; else both as lines, an item each: `-` what was expected and is missing, `+` what
 * came instead.
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

/** With sorted keys, so that equal items are equal lines. */
function line(item: unknown): string {
  if (item === undefined) return "nothing";
  const text = JSON.stringify(item, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
}

/** The shortest way from one list of lines to the other; the lists are short. */
function lineDiff(before: readonly string[], after: readonly string[]): string[] {
  const common = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = common[i] as number[];
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push(`    ${before[i]}`);
      i++;
      j++;
    } else if (i < before.length && (j >= after.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`  - ${before[i++]}`);
    } else {
      lines.push(`  + ${after[j++]}`);
    }
  }
  return lines;
}

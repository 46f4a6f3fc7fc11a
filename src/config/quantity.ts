/**
 * Durations, sizes and counts as people write them: a plain number in the base unit, or a number with a unit.
 */

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_024 ** 2,
  gib: 1_024 ** 3,
};

/** What a duration may be written in, for messages and documentation. */
export const DURATION_UNIT_NAMES = "ms, s, m, h, d";

/** What a size may be written in, for messages and documentation. */
export const SIZE_UNIT_NAMES = "B, KiB, MiB, GiB, kB, MB, GB";

/**
 * Reads a duration such as `4s`, `200ms`, `1.5h` or `250`.
 *
 * @returns milliseconds, a whole number; undefined if it is no duration or not a whole number of milliseconds.
 */
export function parseDurationMs(text: string): number | undefined {
  return parse(text, (unit) => DURATION_UNITS[unit]);
}

/**
 * Reads a size such as `1MiB`, `64 kB` or `4096`; the case of the unit does not matter.
 *
 * @returns bytes, a whole number; undefined if it is no size or not a whole number of bytes.
 */
export function parseBytes(text: string): number | undefined {
  return parse(text, (unit) => SIZE_UNITS[unit.toLowerCase()]);
}

/** Reads a whole number such as `10000` or `10_000`; undefined if it is none. */
export function parseCount(text: string): number | undefined {
  return parse(text, () => undefined);
}

/** Writes milliseconds in the largest unit that holds them exactly, as in `1h` or `1500ms`. */
export function formatDurationMs(ms: number): string {
  return format(ms, [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
    ["ms", 1],
  ]);
}

/** Writes bytes in the largest binary unit that holds them exactly, as in `1MiB` or `1000B`. */
export function formatBytes(bytes: number): string {
  return format(bytes, [
    ["GiB", 1_024 ** 3],
    ["MiB", 1_024 ** 2],
    ["KiB", 1_024],
    ["B", 1],
  ]);
}

function parse(text: string, scaleOf: (unit: string) => number | undefined): number | undefined {
  const match = /^(\d+(?:_\d+)*(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text.trim());
  if (!match) return undefined;
  const [, digits = "", unit = ""] = match;
  const scale = unit === "" ? 1 : scaleOf(unit);
  if (scale === undefined) return undefined;
  // 1.1s is 1100.0000000000002 in binary: what is meant is whole.
  const exact = Number(digits.replaceAll("_", "")) * scale;
  const value = Math.round(exact);
  return Math.abs(exact - value) < 1e-6 && Number.isSafeInteger(value) ? value : undefined;
}

function format(value: number, units: readonly (readonly [name: string, scale: number])[]): string {
  if (value === 0) return "0";
  const [name, scale] = units.find(([, scale]) => value % scale === 0) ?? ["", 1];
  return `${value / scale}${name}`;
}

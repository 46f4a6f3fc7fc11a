/**
 * Parses and formats durations, sizes and counts: a plain number in the base unit, or a number with a unit.
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

/** The units of a duration, for error messages and documentation. */
export const DURATION_UNIT_NAMES = "ms, s, m, h, d";

/** The units of a size, for error messages and documentation. */
export const SIZE_UNIT_NAMES = "B, KiB, MiB, GiB, kB, MB, GB";

/**
 * Parses a duration such as `4s`, `200ms`, `1.5h` or `250`.
 *
 * @returns a whole number of milliseconds; undefined if the text is malformed or the value is not whole.
 */
export function parseDurationMs(text: string): number | undefined {
  return parse(text, (unit) => DURATION_UNITS[unit]);
}

/**
 * Parses a size such as `1MiB`, `64 kB` or `4096`; the case of the unit does not matter.
 *
 * @returns a whole number of bytes; undefined if the text is malformed or the value is not whole.
 */
export function parseBytes(text: string): number | undefined {
  return parse(text, (unit) => SIZE_UNITS[unit.toLowerCase()]);
}

/** Parses a whole number such as `10000` or `10_000`. @returns undefined if the text is malformed. */
export function parseCount(text: string): number | undefined {
  return parse(text, () => undefined);
}

/** Formats milliseconds in the largest unit that holds them exactly, as in `1h` or `1500ms`. */
export function formatDurationMs(ms: number): string {
  return format(ms, [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
    ["ms", 1],
  ]);
}

/** Formats bytes in the largest binary unit that holds them exactly, as in `1MiB` or `1000B`. */
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
  // 1.1 * 1000 is 1100.0000000000002 in floating point, so round before the check for a whole number.
  const exact = Number(digits.replaceAll("_", "")) * scale;
  const value = Math.round(exact);
  return Math.abs(exact - value) < 1e-6 && Number.isSafeInteger(value) ? value : undefined;
}

function format(value: number, units: readonly (readonly [name: string, scale: number])[]): string {
  if (value === 0) return "0";
  const [name, scale] = units.find(([, scale]) => value % scale === 0) ?? ["", 1];
  return `${value / scale}${name}`;
}

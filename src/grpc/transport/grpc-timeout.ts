/** Reads the `grpc-timeout` header of a call. */

const FORM = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Parses a `grpc-timeout`: one to eight digits and a unit.
 *
 * @returns milliseconds, up to 3.6e14; undefined if the text is malformed.
 */
export function parseTimeout(text: string): number | undefined {
  const [, digits, unit] = FORM.exec(text.trim()) ?? [];
  const unitMs = UNIT_MS[unit ?? ""];
  return unitMs === undefined ? undefined : Number(digits) * unitMs;
}

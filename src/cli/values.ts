/**
 * Values on the command line: text to what it means, or an error that says what would be right.
 */
import type { Json } from "ate-dispatcher-client";
import { InvalidArgumentError } from "commander";
import { ADDRESS_FORM, parseAddress } from "../config/address.js";
import {
  DURATION_UNIT_NAMES,
  parseBytes,
  parseCount,
  parseDurationMs,
  SIZE_UNIT_NAMES,
} from "../config/quantity.js";

/**
 * Takes a text as JSON if it is JSON, and as itself otherwise.
 *
 * A number that would change on the way (more digits than a double holds, or beyond its range) stays text.
 */
export function jsonOrText(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return text;
  }
  return isExact(value, text) ? value : text;
}

/** Collects `key=value` pairs of a repeated option; a key that comes twice has the last value. */
export function collectPairs(
  text: string,
  earlier: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Use key=value.");
  return [...earlier, [text.slice(0, at), text.slice(at + 1)]];
}

/** Collects the values of a repeated option. */
export function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/** A duration above zero, in milliseconds. */
export function positiveMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1 || ms > MAX_MS) {
    throw new InvalidArgumentError(`Use 1ms to 7d, such as 4s or 200ms (units: ${DURATION_UNIT_NAMES}).`);
  }
  return ms;
}

/** A duration, in milliseconds; may be zero. */
export function anyMs(text: string): number {
  return parseDurationMs(text) === 0 ? 0 : positiveMs(text);
}

/** A size above zero, in bytes. */
export function positiveBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined || bytes < 1) {
    throw new InvalidArgumentError(`Use a size, such as 64KiB or 1MiB (units: ${SIZE_UNIT_NAMES}).`);
  }
  return bytes;
}

/** A whole number of at least 1. */
export function positiveCount(text: string): number {
  const count = parseCount(text);
  if (count === undefined || count < 1 || count > MAX_COUNT) {
    throw new InvalidArgumentError("Use a whole number of at least 1.");
  }
  return count;
}

/** Percent, 1 to 100, with or without the sign. */
export function percent(text: string): number {
  const value = parseCount(text.replace(/%$/, ""));
  if (value === undefined || value < 1 || value > 100) throw new InvalidArgumentError("Use 1 to 100.");
  return value;
}

/** An address to connect to. */
export function connectAddress(text: string): string {
  const address = parseAddress(text);
  if (address === undefined || address.port === 0) throw new InvalidArgumentError(`Use ${ADDRESS_FORM}.`);
  return text;
}

const MAX_MS = 7 * 86_400_000;
const MAX_COUNT = 0xffff_ffff;

function isExact(value: Json, text: string): boolean {
  if (typeof value !== "number") return true;
  if (!Number.isFinite(value)) return false;
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(text.trim());
}

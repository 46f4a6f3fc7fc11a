/**
 * Parses values of the command line. An error says what would be valid.
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
 * Parses a text as JSON, or returns it unchanged if it is not JSON.
 *
 * A number becomes text if a double cannot hold it: if it has too many digits or is out of range.
 */
export function jsonOrText(text: string): Json {
  try {
    const value = JSON.parse(text) as Json;
    return mayHoldInexact(text) ? (JSON.parse(withInexactAsText(text)) as Json) : value;
  } catch {
    return text;
  }
}

/** Collects the `key=value` pairs of a repeated option. If a key is repeated, the last value counts. */
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

/** Parses a duration above 0. @returns milliseconds. */
export function positiveMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1 || ms > MAX_MS) {
    throw new InvalidArgumentError(`Use 1ms to 7d, such as 4s or 200ms (units: ${DURATION_UNIT_NAMES}).`);
  }
  return ms;
}

/** Parses a duration of 0 or more. @returns milliseconds. */
export function anyMs(text: string): number {
  return parseDurationMs(text) === 0 ? 0 : positiveMs(text);
}

/** Parses a size above 0. @returns bytes. */
export function positiveBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined || bytes < 1) {
    throw new InvalidArgumentError(`Use a size, such as 64KiB or 1MiB (units: ${SIZE_UNIT_NAMES}).`);
  }
  return bytes;
}

/** Parses a whole number of at least 1. */
export function positiveCount(text: string): number {
  const count = parseCount(text);
  if (count === undefined || count < 1 || count > MAX_COUNT) {
    throw new InvalidArgumentError("Use a whole number of at least 1.");
  }
  return count;
}

/** Parses a percentage from 1 to 100, with or without the sign. */
export function percent(text: string): number {
  const value = parseCount(text.replace(/%$/, ""));
  if (value === undefined || value < 1 || value > 100) throw new InvalidArgumentError("Use 1 to 100.");
  return value;
}

/** Checks an address to connect to: like one to listen on, but with a port above 0. */
export function connectAddress(text: string): string {
  const address = parseAddress(text);
  if (address === undefined || address.port === 0) throw new InvalidArgumentError(`Use ${ADDRESS_FORM}.`);
  return text;
}

const MAX_MS = 7 * 86_400_000;
const MAX_COUNT = 0xffff_ffff;

/** The texts and numbers of a valid JSON text. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Whether a JSON text may have a number that a double cannot hold: one with 16 digits or an exponent. */
function mayHoldInexact(text: string): boolean {
  return /\d{16}|\d[eE]/.test(text);
}

/** Quotes the numbers that a double cannot hold. */
function withInexactAsText(json: string): string {
  return json.replace(TOKENS, (token) => (token.startsWith('"') || isExact(token) ? token : `"${token}"`));
}

function isExact(number: string): boolean {
  const value = Number(number);
  if (!Number.isFinite(value)) return false;
  return !/^-?\d+$/.test(number) || Number.isSafeInteger(value) || BigInt(number) === BigInt(value);
}

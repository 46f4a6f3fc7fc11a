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

/** Parses a text that must not be empty. */
export function nonEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("It is empty. Use a text, or leave the option out.");
  return text;
}

/** Parses a duration above 0, with a unit. @returns milliseconds. */
export function positiveMs(text: string): number {
  const ms = parseDurationMs(text);
  // A setting has its unit in its name, an option has not: --ttl 4 would be 4 ms.
  if (ms !== undefined && ms > 0 && /^[\d._ ]+$/.test(text)) {
    throw new InvalidArgumentError(`Add a unit, such as ${text.trim()}s or ${text.trim()}ms.`);
  }
  if (ms === undefined || ms < 1 || ms > MAX_MS) {
    throw new InvalidArgumentError(`Use 1ms to 7d, such as 4s or 200ms (units: ${DURATION_UNIT_NAMES}).`);
  }
  return ms;
}

/** Parses a duration of 0 or more. @returns milliseconds. */
export function anyMs(text: string): number {
  return parseDurationMs(text) === 0 ? 0 : positiveMs(text);
}

/** Creates a parser of sizes from `minBytes` to 64 MiB, the largest message of any server. It returns bytes. */
export function bytesFrom(minBytes: number): (text: string) => number {
  return (text) => {
    const bytes = parseBytes(text);
    if (bytes === undefined || bytes < minBytes || bytes > MAX_DATA_BYTES) {
      throw new InvalidArgumentError(`Use ${minBytes}B to 64MiB, such as 64KiB (units: ${SIZE_UNIT_NAMES}).`);
    }
    return bytes;
  };
}

/** Creates a parser of whole numbers from 1 to `max`. */
export function countUpTo(max: number): (text: string) => number {
  return (text) => {
    const count = parseCount(text);
    if (count === undefined || count < 1 || count > max) {
      throw new InvalidArgumentError(`Use a whole number from 1 to ${max.toLocaleString("en-US")}.`);
    }
    return count;
  };
}

/** Parses a whole number of at least 1. */
export const positiveCount = countUpTo(0xffff_ffff);

/** Parses a percentage from 1 to 100, with or without the sign. */
export function percent(text: string): number {
  const value = parseCount(text.replace(/%$/, ""));
  if (value === undefined || value < 1 || value > 100) throw new InvalidArgumentError("Use 1 to 100.");
  return value;
}

/** Checks an address to connect to: like one to listen on, but with a port above 0. */
export function connectAddress(text: string): string {
  if (text.startsWith("unix:/")) return text;
  const address = parseAddress(text);
  if (address === undefined || address.port === 0) {
    const form = text.includes("://")
      ? ADDRESS_FORM.replace(",", ` without ${schemeOf(text)},`)
      : ADDRESS_FORM;
    throw new InvalidArgumentError(`Use ${form}.`);
  }
  return text;
}

function schemeOf(url: string): string {
  return url.slice(0, url.indexOf("://") + "://".length);
}

/** The largest message limit of any server, in bytes. */
export const MAX_DATA_BYTES = 64 * 1_024 ** 2;

const MAX_MS = 7 * 86_400_000;

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

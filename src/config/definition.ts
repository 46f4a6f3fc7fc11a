/**
 * What a configuration key is made of. One definition gives the check of a value, its default, and the words for
 * help, documentation and error messages.
 */
import { z } from "zod";
import { ADDRESS_FORM, parseAddress } from "./address.js";
import {
  DURATION_UNIT_NAMES,
  formatBytes,
  formatDurationMs,
  parseBytes,
  parseCount,
  parseDurationMs,
  SIZE_UNIT_NAMES,
} from "./quantity.js";

/** What a key's value is; `duration` is in milliseconds, `size` in bytes. */
export type Kind = "duration" | "size" | "count" | "switch" | "choice" | "addresses";

/** One configuration key. */
export interface Definition<T> {
  readonly kind: Kind;
  readonly fallback: T;
  /** The default as people write it. */
  readonly shownDefault: string;
  /** What is allowed, as people write it. */
  readonly range: string;
  /** What it sets. One sentence without a full stop. */
  readonly help: string;
  /** Why the default is what it is, and what happens at the limit. */
  readonly reason: string;
  /** Takes text or a typed value; its issues say what would be right. */
  readonly schema: z.ZodType<T>;
}

/** A duration, from and to inclusive, in milliseconds. */
export function duration(
  fallback: number,
  from: number,
  to: number,
  help: string,
  reason: string,
): Definition<number> {
  const units = `a plain number is in milliseconds; units: ${DURATION_UNIT_NAMES}`;
  return quantity(
    { kind: "duration", fallback, from, to, help, reason },
    formatDurationMs,
    parseDurationMs,
    units,
  );
}

/** A size, from and to inclusive, in bytes. */
export function size(
  fallback: number,
  from: number,
  to: number,
  help: string,
  reason: string,
): Definition<number> {
  const units = `a plain number is in bytes; units: ${SIZE_UNIT_NAMES}`;
  return quantity({ kind: "size", fallback, from, to, help, reason }, formatBytes, parseBytes, units);
}

/** A whole number, from and to inclusive. */
export function count(
  fallback: number,
  from: number,
  to: number,
  help: string,
  reason: string,
): Definition<number> {
  return quantity(
    { kind: "count", fallback, from, to, help, reason },
    formatCount,
    parseCount,
    "whole numbers",
  );
}

/** On or off. */
export function toggle(fallback: boolean, help: string, reason: string): Definition<boolean> {
  const words = new Map<unknown, boolean>([
    ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
    ...["false", "no", "off", "0"].map((word) => [word, false] as const),
  ]);
  const range = "true or false";
  return {
    ...{ kind: "switch", fallback, shownDefault: String(fallback), range, help, reason },
    schema: z.preprocess((value) => words.get(value) ?? value, z.boolean({ error: `use ${range}` })),
  };
}

/** One of some words. */
export function choice<const T extends string>(
  fallback: T,
  words: readonly T[],
  help: string,
  reason: string,
): Definition<T> {
  const range = words.join(", ");
  return {
    ...{ kind: "choice", fallback, shownDefault: fallback, range, help, reason },
    schema: z.enum(words, { error: `use one of ${range}` }),
  };
}

/** One or more addresses: a list, or text with commas. */
export function addresses(
  fallback: readonly string[],
  help: string,
  reason: string,
): Definition<readonly string[]> {
  const one = z.string().refine((text) => parseAddress(text) !== undefined);
  const list = z.array(one).min(1).readonly();
  const split = (value: unknown) =>
    typeof value === "string" ? value.split(",").map((text) => text.trim()) : value;
  const isGood = (value: unknown): value is readonly string[] => list.safeParse(value).success;
  return {
    ...{ kind: "addresses", fallback, shownDefault: fallback.join(", ") },
    range: "host:port, one or more",
    ...{ help, reason },
    schema: z.preprocess(split, z.custom<readonly string[]>(isGood, { error: `use ${ADDRESS_FORM}` })),
  };
}

/** Writes a count with separators, as in `10,000`. */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

interface Bounds {
  readonly kind: Kind;
  readonly fallback: number;
  readonly from: number;
  readonly to: number;
  readonly help: string;
  readonly reason: string;
}

function quantity(
  { from, to, ...rest }: Bounds,
  format: (value: number) => string,
  parse: (text: string) => number | undefined,
  units: string,
): Definition<number> {
  const range = `${format(from)} to ${format(to)}`;
  const error = `use ${range} (${units})`;
  const read = (value: unknown) => (typeof value === "string" ? (parse(value) ?? value) : value);
  return {
    ...rest,
    shownDefault: format(rest.fallback),
    range,
    schema: z.preprocess(read, z.int({ error }).min(from, { error }).max(to, { error })),
  };
}

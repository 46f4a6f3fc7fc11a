/**
 * Definitions of configuration keys. One definition has the validation, the default, and the texts for help,
 * documentation and error messages.
 */
import { z } from "zod";
import { isLoopback, LISTEN_FORM, parseListenAddress } from "./address.js";
import { isNetwork, NETWORK_FORM } from "./network.js";
import {
  DURATION_UNIT_NAMES,
  formatBytes,
  formatDurationMs,
  parseBytes,
  parseCount,
  parseDurationMs,
  SIZE_UNIT_NAMES,
} from "./quantity.js";

/** The kind of a key's value. A `duration` is in milliseconds, a `size` in bytes. */
export type Kind =
  | "duration"
  | "size"
  | "count"
  | "factor"
  | "switch"
  | "choice"
  | "words"
  | "addresses"
  | "networks"
  | "file"
  | "text"
  | "url";

/** One configuration key. */
export interface Definition<T> {
  readonly kind: Kind;
  /** The default. */
  readonly fallback: T;
  /** The default as users write it. */
  readonly shownDefault: string;
  /** The valid values, as users write them. */
  readonly range: string;
  /** What the key sets. One sentence without a full stop. */
  readonly help: string;
  /** The reason for the default, and what happens at the limit. */
  readonly reason: string;
  /** Shows a value in a message or in the log; absent if it can be shown as it is. */
  readonly conceal?: (value: unknown) => string;
  /** Validates a text or a typed value. Its issues say which values are valid. */
  readonly schema: z.ZodType<T>;
}

/** Defines a duration, in milliseconds. The bounds are inclusive. */
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

/** Defines a size, in bytes. The bounds are inclusive. */
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

/** Defines a whole number. The bounds are inclusive. */
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

/** Defines a factor, such as 1 or 0.5. The bounds are inclusive. */
export function factor(
  fallback: number,
  from: number,
  to: number,
  help: string,
  reason: string,
): Definition<number> {
  const range = `${from} to ${to}`;
  const error = `use ${range}, such as ${fallback}`;
  const read = (value: unknown) =>
    typeof value === "string" && /^\d*\.?\d+$/.test(value.trim()) ? Number(value) : value;
  return {
    ...{ kind: "factor", fallback, shownDefault: String(fallback), range, help, reason },
    schema: z.preprocess(read, z.number({ error }).min(from, { error }).max(to, { error })),
  };
}

/** Defines a switch: on or off. */
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

/** Defines a choice: one of several words. */
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

/** Defines a list of one or more addresses to listen on: an array, or a text separated by commas. */
export function addresses(
  fallback: readonly string[],
  help: string,
  reason: string,
): Definition<readonly string[]> {
  const one = z.string().refine((text) => parseListenAddress(text) !== undefined);
  const list = z.array(one).min(1).readonly();
  const isValid = (value: unknown): value is readonly string[] => list.safeParse(value).success;
  return {
    ...{ kind: "addresses", fallback, shownDefault: fallback.join(", ") },
    range: "host:port or unix:/path, one or more",
    ...{ help, reason },
    schema: z.preprocess(split, z.custom<readonly string[]>(isValid, { error: `use ${LISTEN_FORM}` })),
  };
}

/** Defines the path of a file; the empty text means no file. The file itself is read by the part that uses it. */
export function file(help: string, reason: string): Definition<string> {
  const error = "use the path of a file";
  return {
    ...{ kind: "file", fallback: "", shownDefault: "none", range: "a path", help, reason },
    schema: z
      .string({ error })
      .max(4_096, { error })
      .refine((path) => !path.includes("\0"), { error }),
  };
}

/** Defines a text; the empty one means none, if that is the default. */
export function text(fallback: string, help: string, reason: string): Definition<string> {
  const range = "a text";
  const error = "use a text of 1 to 1,024 characters";
  return {
    ...{ kind: "text", fallback, shownDefault: fallback === "" ? "none" : fallback, range, help, reason },
    schema: z
      .string({ error })
      .min(fallback === "" ? 0 : 1, { error })
      .max(1_024, { error }),
  };
}

/** Defines a list of one or more of several words: an array, or a text separated by commas. */
export function words<const T extends string>(
  fallback: readonly T[],
  help: string,
  reason: string,
): Definition<readonly T[]> {
  const list = fallback.join(", ");
  const isValid = (value: unknown): value is readonly T[] =>
    Array.isArray(value) && value.length > 0 && value.every((word) => fallback.includes(word as T));
  return {
    ...{ kind: "words", fallback, shownDefault: list, range: `one or more of ${list}`, help, reason },
    schema: z.preprocess(split, z.custom<readonly T[]>(isValid, { error: `use one or more of ${list}` })),
  };
}

/** Defines a list of texts, which is empty by default: an array, or a text separated by commas. */
export function list(
  range: string,
  isValid: (text: string) => boolean,
  help: string,
  reason: string,
): Definition<readonly string[]> {
  const isList = (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.every((item) => typeof item === "string" && isValid(item));
  return {
    ...{ kind: "words", fallback: [], shownDefault: "none", range, help, reason },
    schema: z.preprocess(split, z.custom<readonly string[]>(isList, { error: `use ${range}` })),
  };
}

/** Defines the URL of a service, https or on loopback; the empty text means none. */
export function url(help: string, reason: string): Definition<string> {
  const range = "https, or http on loopback";
  const error = `use a URL with ${range}, without a user and a password`;
  return {
    ...{ kind: "url", fallback: "", shownDefault: "none", range, help, reason },
    conceal: shownUrl,
    schema: z
      .string({ error })
      .max(2_048, { error })
      .refine((value) => value === "" || isServiceUrl(value), { error }),
  };
}

function isServiceUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== "" || password !== "") return false;
  const isLocal = isLoopback({ host: hostname.replace(/^\[(.*)\]$/, "$1"), port: 0 });
  return protocol === "https:" || (protocol === "http:" && isLocal);
}

/** A URL without the parts that may be secret. */
function shownUrl(value: unknown): string {
  if (value === "") return "none";
  if (typeof value !== "string" || !URL.canParse(value)) return "a value that is not shown";
  const { protocol, host, pathname, search } = new URL(value);
  return host === ""
    ? "a value that is not shown"
    : `${protocol}//${host}${pathname}${search === "" ? "" : "?..."}`;
}

function split(value: unknown): unknown {
  return typeof value === "string" ? value.split(",").map((item) => item.trim()) : value;
}

/** Defines a list of IP addresses and networks, by default empty: an array, or a text separated by commas. */
export function networks(help: string, reason: string): Definition<readonly string[]> {
  const range = "IP addresses or CIDRs, or none";
  const error = `use ${NETWORK_FORM}`;
  const isValid = (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.every((text) => typeof text === "string" && isNetwork(text));
  return {
    ...{ kind: "networks", fallback: [], shownDefault: "none", range, help, reason },
    schema: z.preprocess(splitNetworks, z.custom<readonly string[]>(isValid, { error })),
  };
}

function splitNetworks(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const text = value.trim();
  return text === "" || text === "none" ? [] : text.split(",").map((part) => part.trim());
}

/** Formats a count with separators, as in `10,000`. */
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

// Programs in JavaScript have no compiler that finds a misspelled option or a text in the place of a number. Taken
// silently, such an option has no effect, or one that nobody asked for. So every options object is checked.
import { boundedText, errorText, orUndefined } from "../error-text.js";
import { invalidArgument } from "../errors.js";

/** What a value has to be: a condition, and the words for an error text that complete "use ...". */
export interface Rule {
  readonly use: string;
  /** Whether no text may show the value. Default false. */
  readonly isSecret?: boolean;
  /** Whether the value is allowed. May throw instead, with an error that says more. */
  isValid(value: unknown, path: string): boolean;
}

/** The options that an object may have. */
export type OptionTable = ReadonlyMap<string, Rule>;

/** Creates a table. The type parameter is the options' type, so that the compiler finds options without a rule. */
export function tableOf<T>(rules: { readonly [Key in keyof Required<T>]: Rule }): OptionTable {
  return new Map(Object.entries(rules));
}

/**
 * Checks an options object. An option that is undefined counts as absent.
 *
 * @param what - the object, for error texts, such as `options of a request`.
 * @param path - where the object is inside the options; empty for the options themselves.
 * @throws {DispatcherError} INVALID_ARGUMENT that names the option, its value, what is allowed, and for an unknown
 * option the nearest known one.
 */
export function checkOptions(options: unknown, table: OptionTable, what: string, path = ""): void {
  if (!isRecord(options))
    throw invalidArgument(path || "options", `is ${shown(options)}; use an object of ${what}`);
  for (const key in options) {
    const value = options[key];
    if (value === undefined) continue;
    const rule = table.get(key);
    const name = path === "" ? key : `${path}.${key}`;
    if (rule === undefined) throw unknownOption(name, key, value, table, what);
    checkValue(value, rule, name);
  }
}

/** Checks that an options object has these options. @throws {DispatcherError} INVALID_ARGUMENT if one is missing. */
export function checkPresent(options: object, keys: readonly string[], table: OptionTable): void {
  for (const key of keys) {
    if ((options as Readonly<Record<string, unknown>>)[key] === undefined) {
      throw invalidArgument(key, `is missing; use ${table.get(key)?.use}`);
    }
  }
}

/** Checks one value. @throws {DispatcherError} INVALID_ARGUMENT that names the value and what is allowed. */
export function checkValue(value: unknown, rule: Rule, name: string): void {
  if (!rule.isValid(value, name)) throw invalidArgument(name, `is ${shownBy(rule, value)}; use ${rule.use}`);
}

/** Whether a value is an object other than an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const MAX_SHOWN_LENGTH = 100;

function shownBy(rule: Rule | undefined, value: unknown): string {
  return rule?.isSecret ? "a value that is not shown" : shown(value);
}

/** A value as an error text shows it. Never throws. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  const text = typeof value === "object" ? orUndefined(() => JSON.stringify(value)) : undefined;
  if (typeof value === "string") return boundedText(JSON.stringify(value), MAX_SHOWN_LENGTH);
  return boundedText(text ?? errorText(value), MAX_SHOWN_LENGTH);
}

function unknownOption(name: string, key: string, value: unknown, table: OptionTable, what: string) {
  const known = [...table.keys()];
  const nearest = known.reduce((best, each) => (distance(key, each) < distance(key, best) ? each : best));
  const shownKey = boundedText(name, MAX_SHOWN_LENGTH);
  return invalidArgument(
    shownKey,
    `(${shownBy(table.get(nearest), value)}) is not one of the ${what}; did you mean ${nearest}? Allowed: ${known.join(", ")}`,
  );
}

/** The number of letters to insert, delete or replace between two names; case does not count. */
function distance(from: string, to: string): number {
  const [a, b] = [from.slice(0, MAX_SHOWN_LENGTH).toLowerCase(), to.toLowerCase()];
  // A name without its unit, such as ttl for ttlMs, is nearer than any other short name.
  if (a !== "" && (b.startsWith(a) || a.startsWith(b))) return 0.5;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

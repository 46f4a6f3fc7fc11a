/**
 * Reads settings that a program passes to the library. In JavaScript they may be anything, so their types are checked as
 * well as their keys.
 */
import type { Kind } from "./definition.js";
import { nearest } from "./names.js";
import { CONFIG_KEYS, type ConfigKey, DEFINITIONS, isConfigKey } from "./schema.js";
import { show } from "./show.js";
import type { Layer, SourcedValue } from "./source.js";

/** What a value of each kind is in code. Files and the environment also have texts with units. */
const TYPES: Readonly<Record<Kind, { readonly name: string; readonly has: (value: unknown) => boolean }>> = {
  duration: { name: "a number of milliseconds", has: isNumber },
  size: { name: "a number of bytes", has: isNumber },
  count: { name: "a number", has: isNumber },
  factor: { name: "a number", has: isNumber },
  switch: { name: "a boolean", has: (value) => typeof value === "boolean" },
  choice: { name: "a string", has: isText },
  file: { name: "a string", has: isText },
  addresses: { name: "an array of strings", has: isTextList },
  words: { name: "an array of strings", has: isTextList },
  text: { name: "a string", has: isText },
  url: { name: "a string", has: isText },
  networks: { name: "an array of strings", has: isTextList },
};

/** Options that are no settings, by name: each returns what is wrong with a value, or undefined. */
export type OtherOptions = Readonly<Record<string, (value: unknown) => string | undefined>>;

/** Reads the values of an object. @param others - they are checked, but are not among the values. */
export function readOptions(options: unknown, others: OtherOptions): Layer {
  const values = new Map<ConfigKey, SourcedValue>();
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return {
      values,
      problems: [`options is ${show(options)}; use an object with settings, or leave it out`],
    };
  }
  const given = options as Readonly<Record<string, unknown>>;
  const names = [...CONFIG_KEYS, ...Object.keys(others)];
  const problems = Object.keys(given)
    .filter((name) => given[name] !== undefined && !isConfigKey(name) && !Object.hasOwn(others, name))
    .map((name) => `options: unknown key ${show(name)}; did you mean ${nearest(name, names)}?`);
  for (const [name, check] of Object.entries(others)) {
    const problem = given[name] === undefined ? undefined : check(given[name]);
    if (problem !== undefined) problems.push(`options: ${name} ${problem}`);
  }
  for (const key of CONFIG_KEYS) {
    const value = given[key];
    if (value === undefined) continue;
    const { kind, range, conceal = show } = DEFINITIONS[key];
    const type = TYPES[kind];
    if (type.has(value)) values.set(key, { value, source: "options" });
    else problems.push(`options: ${key} is ${conceal(value)}; use ${type.name}, ${range}`);
  }
  return { values, problems };
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

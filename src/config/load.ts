/**
 * The configuration as it holds: file, overridden by environment, overridden by flags. The only place that reads the
 * process's environment.
 */
import { readFileSync } from "node:fs";
import type { z } from "zod";
import { ConfigError } from "./error.js";
import { flagOf } from "./names.js";
import {
  CONFIG_KEYS,
  CONFIG_SCHEMA,
  type Config,
  type ConfigKey,
  DEFINITIONS,
  isConfigKey,
} from "./schema.js";
import { type Found, type Layer, readVariables, readYaml } from "./source.js";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a configuration comes from; everything may be left out. */
export interface ConfigSources {
  /** Path of the YAML file; ATE_DISPATCHER_CONFIG if left out; no file if that is not set either. */
  readonly file?: string | undefined;
  /** Default: none. The process's own is {@link processEnvironment}. */
  readonly environment?: Environment;
  /** Values of flags by key, as typed; several values of one flag as a list. */
  readonly flags?: { readonly [K in ConfigKey]?: unknown };
}

/** A copy of the process's environment variables. */
export function processEnvironment(): Environment {
  return { ...process.env };
}

/**
 * Merges the sources and checks the outcome.
 *
 * @returns every key, frozen.
 * @throws {@link ConfigError} with one line per mistake, naming source, key, value and what would be right.
 */
export function loadConfig({ file, environment = {}, flags = {} }: ConfigSources): Config {
  const path = file ?? (environment["ATE_DISPATCHER_CONFIG"] || undefined);
  const layers = [
    path === undefined ? NOTHING : readFile(path, file === undefined),
    readVariables(environment),
    readFlags(flags),
  ];
  return check(
    new Map(layers.flatMap(({ values }) => [...values])),
    layers.flatMap((layer) => layer.problems),
  );
}

/**
 * Completes settings given in code with the defaults and checks them.
 *
 * @returns every key, frozen.
 * @throws {@link ConfigError} as {@link loadConfig} does; the source is `options`.
 */
export function completeConfig(options: { readonly [K in ConfigKey]?: Config[K] | undefined }): Config {
  const values = new Map<ConfigKey, Found>();
  for (const key of CONFIG_KEYS) {
    if (options[key] !== undefined) values.set(key, { value: options[key], source: "options" });
  }
  return check(values, []);
}

const NOTHING: Layer = { values: new Map(), problems: [] };

function readFile(path: string, isFromEnvironment: boolean): Layer {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const source = isFromEnvironment ? "ATE_DISPATCHER_CONFIG" : "--config";
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { ...NOTHING, problems: [`${source}: cannot read ${path} (${why}); name a readable YAML file`] };
  }
  return readYaml(text, path);
}

function readFlags(flags: Readonly<Record<string, unknown>>): Layer {
  const values = new Map<ConfigKey, Found>();
  for (const [key, value] of Object.entries(flags)) {
    if (isConfigKey(key) && value !== undefined) values.set(key, { value, source: flagOf(key) });
  }
  return { values, problems: [] };
}

function check(found: ReadonlyMap<ConfigKey, Found>, earlier: readonly string[]): Config {
  const raw = Object.fromEntries([...found].map(([key, { value }]) => [key, value]));
  const outcome = CONFIG_SCHEMA.safeParse(raw);
  if (!outcome.success) {
    const wrong = outcome.error.issues.map((issue) => describe(issue, found));
    throw new ConfigError([...earlier, ...wrong]);
  }
  if (earlier.length > 0) throw new ConfigError(earlier);
  return Object.freeze({ ...outcome.data, listen: Object.freeze([...outcome.data.listen]) });
}

function describe(issue: z.core.$ZodIssue, found: ReadonlyMap<ConfigKey, Found>): string {
  const [key, other] = issue.path as readonly ConfigKey[];
  if (key === undefined) return issue.message;
  const here = found.get(key);
  const is = here === undefined ? `${DEFINITIONS[key].shownDefault} by default` : show(here.value);
  const there = other === undefined ? undefined : found.get(other);
  const origin = there === undefined ? "" : ` (${other} is set by ${there.source})`;
  return `${here?.source ?? "defaults"}: ${key} is ${is}; ${issue.message}${origin}`;
}

const LONGEST_SHOWN = 80;

/** A value in a message: as JSON, shortened. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

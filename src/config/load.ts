/**
 * Loads the configuration. Flags override the environment, which overrides the file. The only file that reads the
 * environment of the process.
 */
import { readFileSync } from "node:fs";
import type { z } from "zod";
import { ConfigError } from "./error.js";
import { flagOf } from "./names.js";
import { type OtherOptions, readOptions } from "./options.js";
import { CONFIG_SCHEMA, type Config, type ConfigKey, DEFINITIONS, isConfigKey } from "./schema.js";
import { show } from "./show.js";
import { type Layer, readVariables, readYaml, type SourcedValue } from "./source.js";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The sources of a configuration; each is optional. */
export interface ConfigSources {
  /** The path of the YAML file. Default: the variable ATE_DISPATCHER_CONFIG; without it, no file. */
  readonly file?: string | undefined;
  /** The environment variables. Default: none; pass {@link processEnvironment} for those of the process. */
  readonly environment?: Environment;
  /** The values of flags by key, as typed. A repeated flag has an array. */
  readonly flags?: { readonly [K in ConfigKey]?: unknown };
}

/** Returns a copy of the environment variables of the process. */
export function processEnvironment(): Environment {
  return { ...process.env };
}

/**
 * Merges the sources and validates the result.
 *
 * @returns a frozen object with every key.
 * @throws {@link ConfigError} with one line per mistake.
 */
export function loadConfig({ file, environment = {}, flags = {} }: ConfigSources): Config {
  const path = file ?? (environment["ATE_DISPATCHER_CONFIG"] || undefined);
  const layers = [
    path === undefined ? EMPTY_LAYER : readFile(path, file === undefined),
    readVariables(environment),
    readFlags(flags),
  ];
  return check(
    new Map(layers.flatMap(({ values }) => [...values])),
    layers.flatMap((layer) => layer.problems),
  );
}

/**
 * Adds the defaults to options that are set in code, and validates the result.
 *
 * @param others - the options that are not settings.
 * @returns a frozen object with every key.
 * @throws {@link ConfigError} as {@link loadConfig} does; the source is `options`.
 */
export function completeConfig(options: unknown, others: OtherOptions = {}): Config {
  const { values, problems } = readOptions(options, others);
  return check(values, problems);
}

const EMPTY_LAYER: Layer = { values: new Map(), problems: [] };

function readFile(path: string, isFromEnvironment: boolean): Layer {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const source = isFromEnvironment ? "ATE_DISPATCHER_CONFIG" : "--config";
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return {
      ...EMPTY_LAYER,
      problems: [`${source}: cannot read ${path} (${why}); name a readable YAML file`],
    };
  }
  return readYaml(text, path);
}

function readFlags(flags: Readonly<Record<string, unknown>>): Layer {
  const values = new Map<ConfigKey, SourcedValue>();
  for (const [key, value] of Object.entries(flags)) {
    if (isConfigKey(key) && value !== undefined) values.set(key, { value, source: flagOf(key) });
  }
  return { values, problems: [] };
}

function check(found: ReadonlyMap<ConfigKey, SourcedValue>, earlier: readonly string[]): Config {
  const raw = Object.fromEntries([...found].map(([key, { value }]) => [key, value]));
  const outcome = CONFIG_SCHEMA.safeParse(raw);
  if (!outcome.success) {
    const invalid = outcome.error.issues.map((issue) => describe(issue, found));
    throw new ConfigError([...earlier, ...invalid]);
  }
  if (earlier.length > 0) throw new ConfigError(earlier);
  const { listen, authJwtAlgorithms, authForwardedFrom } = outcome.data;
  return Object.freeze({
    ...outcome.data,
    listen: Object.freeze([...listen]),
    authJwtAlgorithms: Object.freeze([...authJwtAlgorithms]),
    authForwardedFrom: Object.freeze([...authForwardedFrom]),
  });
}

function describe(issue: z.core.$ZodIssue, found: ReadonlyMap<ConfigKey, SourcedValue>): string {
  const [key, other] = issue.path as readonly ConfigKey[];
  if (key === undefined) return issue.message;
  const here = found.get(key);
  const { shownDefault, conceal = show } = DEFINITIONS[key];
  const is = here === undefined ? `${shownDefault} by default` : conceal(here.value);
  const there = other === undefined ? undefined : found.get(other);
  const origin = there === undefined ? "" : ` (${other} is set by ${there.source})`;
  return `${here?.source ?? "defaults"}: ${key} is ${is}; ${issue.message}${origin}`;
}

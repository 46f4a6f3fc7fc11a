/**
 * Every configuration key: type, range, default, help and reason. The check of values, the flags, the help texts and
 * the tables in docs/configuration.md and docs/limits.md all follow from it.
 */
import { z } from "zod";
import type { Limits } from "../core/limits.js";
import type { EdgeOptions } from "../grpc/options.js";
import type { Definition } from "./definition.js";
import { LIMIT_KEYS } from "./limit-keys.js";
import { contradictions } from "./relations.js";
import { EDGE_KEYS, PROCESS_KEYS, type ProcessOptions } from "./server-keys.js";

/** Every setting of the dispatcher, complete and checked. */
export interface Config extends Limits, EdgeOptions, ProcessOptions {}

/** The name of a key. */
export type ConfigKey = keyof Config;

/** Every key and what is to be known about it, in the order of the documentation. */
export const DEFINITIONS: { readonly [K in ConfigKey]: Definition<Config[K]> } = {
  ...EDGE_KEYS,
  ...PROCESS_KEYS,
  ...LIMIT_KEYS,
};

/** The names of all keys, in the order of the documentation. */
export const CONFIG_KEYS = Object.keys(DEFINITIONS) as readonly ConfigKey[];

/** Whether a name is a key. */
export function isConfigKey(name: string): name is ConfigKey {
  return Object.hasOwn(DEFINITIONS, name);
}

/** The check of one key; what is left out gets its default. */
function checkOf(key: ConfigKey): z.ZodType {
  const { fallback, schema } = DEFINITIONS[key];
  return z.preprocess((value) => value ?? fallback, schema);
}

/** Checks a whole configuration. An issue's path is the key, then the key that it contradicts, if there is one. */
export const CONFIG_SCHEMA = z
  .strictObject(Object.fromEntries(CONFIG_KEYS.map((key) => [key, checkOf(key)])))
  // The table is keyed by Config, and each schema yields the type of its key.
  .transform((values) => values as unknown as Config)
  .superRefine((config, context) => {
    for (const { key, other, message } of contradictions(config)) {
      context.addIssue({ code: "custom", path: [key, other], message });
    }
  });

/** Every default. */
export const DEFAULT_CONFIG: Config = Object.freeze(CONFIG_SCHEMA.parse({}));

/**
 * Every configuration key: type, range, default, help and reason. The validation, the flags, the help texts, and the
 * tables in docs/configuration.md and docs/limits.md are derived from it.
 */
import { z } from "zod";
import type { AuthOptions } from "../auth/options.js";
import type { Limits } from "../core/vocabulary/limits.js";
import type { EdgeOptions } from "../grpc/options.js";
import { AUTH_KEYS } from "./auth-keys.js";
import type { Definition } from "./definition.js";
import { LIMIT_KEYS } from "./limit-keys.js";
import { contradictions } from "./relations.js";
import { EXPOSURE_KEYS, type ExposureOptions } from "./security-keys.js";
import { EDGE_KEYS, PROCESS_KEYS, type ProcessOptions } from "./server-keys.js";

/** Every setting of the dispatcher, complete and valid. */
export interface Config extends Limits, EdgeOptions, AuthOptions, ExposureOptions, ProcessOptions {}

/** The name of a key. */
export type ConfigKey = keyof Config;

/** The definition of every key, in the order of the documentation. */
export const DEFINITIONS: { readonly [K in ConfigKey]: Definition<Config[K]> } = {
  ...EDGE_KEYS,
  ...EXPOSURE_KEYS,
  ...AUTH_KEYS,
  ...PROCESS_KEYS,
  ...LIMIT_KEYS,
};

/** The names of all keys, in the order of the documentation. */
export const CONFIG_KEYS = Object.keys(DEFINITIONS) as readonly ConfigKey[];

/** Whether a name is a configuration key. */
export function isConfigKey(name: string): name is ConfigKey {
  return Object.hasOwn(DEFINITIONS, name);
}

/** The schema of one key. An absent value gets the default. */
function checkOf(key: ConfigKey): z.ZodType {
  const { fallback, schema } = DEFINITIONS[key];
  return z.preprocess((value) => value ?? fallback, schema);
}

/**
 * Validates a whole configuration. The path of an issue is the key, followed by the key that it contradicts, if any.
 */
export const CONFIG_SCHEMA = z
  .strictObject(Object.fromEntries(CONFIG_KEYS.map((key) => [key, checkOf(key)])))
  // Safe: DEFINITIONS has every key of Config, and each schema produces the type of its key.
  .transform((values) => values as unknown as Config)
  .superRefine((config, context) => {
    for (const { key, other, message } of contradictions(config)) {
      context.addIssue({ code: "custom", path: [key, other], message });
    }
  });

/** The defaults of all keys. */
export const DEFAULT_CONFIG: Config = Object.freeze(CONFIG_SCHEMA.parse({}));

/**
 * Checks that the values of related keys do not contradict each other.
 */
import { forwardedContradictions, jwtContradictions } from "./auth-relations.js";
import { exposures, policyContradictions, tlsContradictions } from "./exposure.js";
import { formatBytes, formatDurationMs } from "./quantity.js";
import type { Config, ConfigKey } from "./schema.js";

/** A contradiction between two keys. */
export interface Contradiction {
  /** The key to report first. */
  readonly key: ConfigKey;
  readonly other: ConfigKey;
  /** The rule that is broken, and the remedy. */
  readonly message: string;
}

type NumberKey = { readonly [K in ConfigKey]: Config[K] extends number ? K : never }[ConfigKey];

/** Pairs of keys of which the first must not exceed the second. */
const ASCENDING: readonly (readonly [NumberKey, NumberKey])[] = [
  ["defaultTtlMs", "maxTtlMs"],
  ["defaultOutstanding", "maxOutstanding"],
  ["defaultBacklog", "maxBacklog"],
  ["minBufferBytes", "defaultBufferBytes"],
  ["defaultBufferBytes", "maxBufferBytes"],
];

/** Returns the contradictions in a configuration. */
export function contradictions(config: Config): readonly Contradiction[] {
  return [
    ...numbers(config),
    ...tlsContradictions(config),
    ...policyContradictions(config),
    ...jwtContradictions(config),
    ...forwardedContradictions(config),
    ...exposures(config),
  ];
}

function numbers(config: Config): readonly Contradiction[] {
  const found: Contradiction[] = [];
  for (const [key, other] of ASCENDING) {
    if (config[key] <= config[other]) continue;
    const message = `must not exceed ${other}, which is ${show(other, config)}; lower the one or raise the other`;
    found.push({ key, other, message });
  }
  // PINGs stop when a connection is closed because of idleness or age, so keepalive must detect a dead peer before.
  const pingMs = config.keepaliveTimeMs + config.keepaliveTimeoutMs;
  for (const key of ["maxConnectionIdleMs", "maxConnectionAgeMs"] as const) {
    if (config[key] === 0 || config[key] > pingMs) continue;
    const sum = `keepaliveTimeMs + keepaliveTimeoutMs, which is ${formatDurationMs(pingMs)}`;
    const message = `must exceed ${sum}, else dead peers are never found; raise the one or lower the others`;
    found.push({ key, other: "keepaliveTimeMs", message });
  }
  return found;
}

function show(key: NumberKey, config: Config): string {
  if (key.endsWith("Ms")) return formatDurationMs(config[key]);
  return key.endsWith("Bytes") ? formatBytes(config[key]) : String(config[key]);
}

/**
 * Introspection data as JSON events: names in snake_case, instants as ISO 8601 texts, unknown values as null.
 */

/** Creates an event with the fields of `info`. */
export function infoEvent(event: string, info: object): object {
  return { event, ...withSnakeCaseKeys(info) };
}

/** Renames the fields of an object and converts their values for JSON. Nested objects stay as they are. */
export function withSnakeCaseKeys(info: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(info).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      jsonValue(value),
    ]),
  );
}

function jsonValue(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return String(value);
  // Digits below a microsecond are noise.
  if (typeof value === "number" && !Number.isInteger(value)) return Math.round(value * 1_000) / 1_000;
  return value instanceof Date ? value.toISOString() : value;
}

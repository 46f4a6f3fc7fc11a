/**
 * What was looked up, as a JSON event: names in snake_case, instants as ISO texts, what is unknown as null.
 */

/** Makes the event of a description; only its own fields are renamed, what they hold stays as it is. */
export function lookEvent(event: string, described: object): object {
  return { event, ...snakeCased(described) };
}

/** Renames the fields of an object, and makes their values fit for JSON. */
export function snakeCased(described: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(described).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      plain(value),
    ]),
  );
}

function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return String(value);
  // Microseconds are noise.
  if (typeof value === "number") return Math.round(value * 1_000) / 1_000;
  return value instanceof Date ? value.toISOString() : value;
}

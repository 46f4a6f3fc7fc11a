/**
 * JSON text for values from peers. Unlike JSON.stringify it keeps every number that a peer can send, and never emits a
 * character that a terminal or a reader of lines would interpret.
 */
import { plainText } from "../core/vocabulary/plain-text.js";

/**
 * Formats a value as JSON.
 *
 * NaN and infinities become the texts "NaN", "Infinity" and "-Infinity", as in the JSON format of protobuf. -0 keeps its
 * sign. A whole number below 1e21 has all its digits. Undefined fields are left out, and undefined elements are null, as
 * JSON.stringify does; `toJSON` has no meaning.
 */
export function jsonText(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return numberText(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  const fields: string[] = [];
  for (const [key, field] of Object.entries(value)) {
    if (field !== undefined) fields.push(`${quoted(key)}:${jsonText(field)}`);
  }
  return `{${fields.join(",")}}`;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return "-0";
  // JavaScript prints 2^63 as 9223372036854776000, which another language reads as another number.
  const isLong = Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
  return isLong ? String(BigInt(value)) : String(value);
}

function quoted(text: string): string {
  return plainText(JSON.stringify(text));
}

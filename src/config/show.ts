import { plainText } from "../core/vocabulary/plain-text.js";

/** The maximum length of a value in an error message, in characters. Longer values are cut. */
const MAX_SHOWN_LENGTH = 80;

/** Formats any value for an error message, cut to the maximum length. Never throws. */
export function show(value: unknown): string {
  const text = plainText(textOf(value));
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
}

/** JSON, and the JavaScript spelling of what JSON does not have: NaN, Infinity, undefined, a function, a bigint. */
function textOf(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" && typeof value !== "string") return String(value);
  try {
    return JSON.stringify(value) ?? "a value that cannot be shown";
  } catch {
    // A circular object, for example.
    return Array.isArray(value) ? "an array that cannot be shown" : "an object that cannot be shown";
  }
}

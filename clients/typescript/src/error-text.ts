// A program may throw anything: an Error whose message is an object, an object that cannot be converted to a string, a
// revoked proxy. Reading such a value can itself throw. Every text and field of a thrown value is read here, so that no
// report of a failure can fail.

/** The maximum length of the text of a failure, in UTF-16 units. */
export const MAX_ERROR_TEXT_LENGTH = 1024;

/** The end of a text that was cut. */
const MARK = "...";

/** The maximum length of a class name in a text. */
const MAX_CLASS_NAME_LENGTH = 100;

/**
 * Returns the text of anything that was thrown: the `message` of an object, or the value as a string.
 *
 * @returns a well-formed, non-empty text of at most {@link MAX_ERROR_TEXT_LENGTH}; a longer one is cut and ends with
 * `...`. If the text cannot be had, the class of the value and `(its text cannot be read)`. Never throws.
 */
export function errorText(thrown: unknown): string {
  const text = orUndefined(() => rawText(thrown));
  if (typeof text === "string") return boundedText(text);
  return `${className(thrown)} (its text cannot be read)`;
}

/** Returns the text, well-formed, and cut with a mark if it is longer than `maxLength`. */
export function boundedText(text: string, maxLength: number = MAX_ERROR_TEXT_LENGTH): string {
  if (text.length <= maxLength) return text.toWellFormed();
  const kept = text.slice(0, maxLength - MARK.length);
  // The cut may be in the middle of a surrogate pair.
  const end = /[\ud800-\udbff]$/.test(kept) ? kept.length - 1 : kept.length;
  return `${kept.slice(0, end).toWellFormed()}${MARK}`;
}

/**
 * Returns a text for the log of the process. What a terminal or a reader of lines would obey becomes an escape: control
 * characters except line feeds, separators of lines and paragraphs, and characters that change the direction of text.
 */
export function plainText(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are to be escaped.
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Reads a property of anything that was thrown. @returns undefined if it is absent or cannot be read. */
export function propertyOf(thrown: unknown, name: string): unknown {
  if ((typeof thrown !== "object" && typeof thrown !== "function") || thrown === null) return undefined;
  return orUndefined(() => (thrown as Readonly<Record<string, unknown>>)[name]);
}

/** Whether a thrown value is an Error of this realm. Never throws. */
export function isError(thrown: unknown): thrown is Error {
  return orUndefined(() => thrown instanceof Error) ?? false;
}

/** Calls `read`. @returns its value; undefined if it throws. */
export function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function rawText(thrown: unknown): unknown {
  if (typeof thrown === "string") return thrown === "" ? '""' : thrown;
  if ((typeof thrown !== "object" && typeof thrown !== "function") || thrown === null) return String(thrown);
  const { message } = thrown as { readonly message?: unknown };
  if (message === "") return className(thrown);
  if (typeof message === "string") return message;
  // String would give "[object Object]" for a message that is an object.
  if (thrown instanceof Error) return undefined;
  return String(thrown);
}

function className(thrown: unknown): string {
  const name = propertyOf(propertyOf(thrown, "constructor"), "name");
  return typeof name === "string" && name !== ""
    ? name.slice(0, MAX_CLASS_NAME_LENGTH).toWellFormed()
    : typeof thrown;
}

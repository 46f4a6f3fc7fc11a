/**
 * A peer's text where people read it: what a terminal or a reader of lines would obey is shown as an escape.
 */

/**
 * Control characters (C0, DEL and C1), the line and paragraph separators, which readers of lines may take for the end of
 * a line, and the characters that change the direction of text.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are to be escaped.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Escapes each unsafe character, as in JSON: `\u001b` for the escape character.
 *
 * JSON text in which JSON.stringify has escaped the characters below U+0020 keeps its value.
 */
export function plainText(text: string): string {
  return text.replace(UNSAFE, escapedCharacter);
}

/** The JSON escape of a character. */
export function escapedCharacter(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

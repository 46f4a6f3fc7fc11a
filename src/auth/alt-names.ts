/**
 * Reads the subject alternative names of a certificate in the text that Node makes of them: `DNS:a, URI:b`. A value with a
 * comma, a quote or a control is a JSON string in it, so that no name can pretend to be two.
 */

/** A name and its kind, such as `URI`. */
export interface AltName {
  readonly kind: string;
  readonly value: string;
}

const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, (?!$)|$)/y;

/** The names; undefined if the text cannot be read to its end. */
export function altNamesIn(text: string): readonly AltName[] | undefined {
  const names: AltName[] = [];
  NAME.lastIndex = 0;
  while (NAME.lastIndex < text.length) {
    const match = NAME.exec(text);
    if (!match) return undefined;
    const [, kind = "", value = ""] = match;
    const plain = value.startsWith('"') ? unquoted(value) : value;
    if (plain === undefined) return undefined;
    names.push({ kind, value: plain });
  }
  return names;
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

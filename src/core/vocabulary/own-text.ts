/**
 * The beginning of a text, as a text of its own; a text that is short enough is returned as it is.
 *
 * The natural way is `slice`. But V8 makes the slice refer to the whole text, so a failure of a thousand characters kept
 * the megabyte alive that it was cut from. Joining the characters makes a text that refers to nothing. This can go when V8
 * copies short slices.
 *
 * @param maxLength - in UTF-16 units; a pair of surrogates is not cut in half.
 */
export function ownText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  const isHalved = last >= 0xd800 && last < 0xdc00;
  return text
    .slice(0, isHalved ? maxLength - 1 : maxLength)
    .split("")
    .join("");
}

/**
 * The name of an enum's number; the number in decimal if it is newer than this library.
 *
 * @param names - the generated enum, from name to number.
 */
export function nameOf<E extends Readonly<Record<string, number>>>(
  names: E,
  value: number,
): Exclude<keyof E & string, "UNSPECIFIED"> {
  const name = Object.keys(names).find((key) => names[key] === value) ?? String(value);
  return name as Exclude<keyof E & string, "UNSPECIFIED">;
}

/** {@link nameOf} for an enum that is looked at often: finds a name without a search. */
export function namesOf<E extends Readonly<Record<string, number>>>(
  names: E,
): (value: number) => Exclude<keyof E & string, "UNSPECIFIED"> {
  const byNumber = new Map(Object.values(names).map((value) => [value, nameOf(names, value)]));
  return (value) => byNumber.get(value) ?? nameOf(names, value);
}

/**
 * Returns the name of an enum value. A value that this version of the library does not know gives its decimal number.
 *
 * @param names - the generated enum: numbers by name.
 */
export function nameOf<E extends Readonly<Record<string, number>>>(
  names: E,
  value: number,
): Exclude<keyof E & string, "UNSPECIFIED"> {
  const name = Object.keys(names).find((key) => names[key] === value) ?? String(value);
  return name as Exclude<keyof E & string, "UNSPECIFIED">;
}

/** Creates a {@link nameOf} for one enum. Its lookups take constant time, for enums that are read often. */
export function namesOf<E extends Readonly<Record<string, number>>>(
  names: E,
): (value: number) => Exclude<keyof E & string, "UNSPECIFIED"> {
  const byNumber = new Map(Object.values(names).map((value) => [value, nameOf(names, value)]));
  return (value) => byNumber.get(value) ?? nameOf(names, value);
}

/** Finds the entry with this name. Throws an error that lists all names if there is none. */
export function findNamed<T extends { readonly name: string }>(
  kind: string,
  entries: readonly T[],
  name: string,
): T {
  const found = entries.find((entry) => entry.name === name);
  if (found === undefined) {
    throw new Error(
      `no ${kind} is named ${name}; there are ${entries.map((entry) => entry.name).join(", ")}`,
    );
  }
  return found;
}

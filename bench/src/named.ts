/** Finds the entry of this name, or throws an error that lists the names there are. */
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

/** Whether a pattern matches a topic. A simple implementation for the checker, independent of the server. */
export function covers(pattern: string, topic: string): boolean {
  const tokens = topic.split(".");
  const wanted = pattern.split(".");
  const isOpen = wanted.at(-1) === ">";
  if (isOpen ? tokens.length < wanted.length : tokens.length !== wanted.length) return false;
  return wanted.every((want, i) => want === "*" || want === ">" || want === tokens[i]);
}

/** Whether one of the patterns matches a topic. */
export function isCovered(patterns: Iterable<string>, topic: string): boolean {
  for (const pattern of patterns) if (covers(pattern, topic)) return true;
  return false;
}

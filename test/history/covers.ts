/** Whether a pattern covers a topic; written for the checker alone, as plainly as can be. */
export function covers(pattern: string, topic: string): boolean {
  const tokens = topic.split(".");
  const wanted = pattern.split(".");
  const isOpen = wanted.at(-1) === ">";
  if (isOpen ? tokens.length < wanted.length : tokens.length !== wanted.length) return false;
  return wanted.every((want, i) => want === "*" || want === ">" || want === tokens[i]);
}

/** Whether one of them does. */
export function isCovered(patterns: Iterable<string>, topic: string): boolean {
  for (const pattern of patterns) if (covers(pattern, topic)) return true;
  return false;
}

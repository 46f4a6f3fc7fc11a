/** The topic that all of {@link coveringPatterns} cover. */
export const COVERED_TOPIC = Array(16).fill("a").join(".");

/** Patterns within the limits that cover {@link COVERED_TOPIC}: there are 9,400, so the search for them is the longest. */
export function coveringPatterns(count = Number.POSITIVE_INFINITY): readonly string[] {
  const patterns: string[] = [];
  const grow = (tokens: readonly string[], starCount: number): void => {
    if (patterns.length >= count) return;
    if (tokens.length === 16) {
      if (starCount > 0) patterns.push(tokens.join("."));
      return;
    }
    patterns.push([...tokens, ">"].join("."));
    grow([...tokens, "a"], starCount);
    if (starCount < 4) grow([...tokens, "*"], starCount + 1);
  };
  grow([], 0);
  return patterns;
}

/** Those of them that cover no topic with another first token, such as those of honest peers. */
export function ownCoveringPatterns(count: number): readonly string[] {
  return coveringPatterns()
    .filter((pattern) => pattern.startsWith("a.") && pattern.endsWith(">"))
    .slice(0, count);
}

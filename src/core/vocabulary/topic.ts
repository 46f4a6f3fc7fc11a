/**
 * Topic names and patterns: dot-separated tokens of `[A-Za-z0-9_-]`. In patterns, `*` stands for exactly one token, and
 * `>` as the last token for one or more.
 */

/** Maximum length of a topic or pattern, in bytes. */
export const MAX_TOPIC_BYTES = 255;
/**
 * Maximum number of tokens of a pattern. A topic without wildcards may have more: it costs one entry of a map, whereas
 * each token of a pattern may be a place where the search for the patterns of a topic divides.
 */
export const MAX_PATTERN_TOKENS = 16;
/** Maximum number of `*` in a pattern: at each, the search for the patterns of a topic may divide. */
export const MAX_PATTERN_STARS = 4;

const STAR = 0x2a;
const REST = 0x3e;

const TOPIC = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const PATTERN = /^(?:[A-Za-z0-9_-]+|\*)(?:\.(?:[A-Za-z0-9_-]+|\*))*(?:\.>)?$/;

/** Whether this is a valid topic, which a request may name. */
export function isTopic(name: string): boolean {
  return name.length <= MAX_TOPIC_BYTES && TOPIC.test(name);
}

/** Whether a producer or listener may register it: a valid topic, or a valid pattern. */
export function isPattern(name: string): boolean {
  if (isTopic(name)) return true;
  return (
    isWellFormed(name) && countTokens(name) <= MAX_PATTERN_TOKENS && countStars(name) <= MAX_PATTERN_STARS
  );
}

/** Whether it is a valid topic, or a pattern that is valid but for its number of tokens or of `*`. */
export function isWellFormed(name: string): boolean {
  return name.length <= MAX_TOPIC_BYTES && (name === ">" || PATTERN.test(name));
}

/** Number of tokens of a name. */
export function countTokens(name: string): number {
  return 1 + count(name, ".");
}

/** Number of `*` in a name. */
export function countStars(name: string): number {
  return count(name, "*");
}

function count(name: string, char: string): number {
  let found = 0;
  for (let at = name.indexOf(char); at >= 0; at = name.indexOf(char, at + 1)) found++;
  return found;
}

/** Whether a valid pattern contains a wildcard, and so is not a topic itself. */
export function hasWildcard(pattern: string): boolean {
  return pattern.includes("*") || pattern.endsWith(">");
}

/** Whether two valid patterns cover a common topic. */
export function overlap(a: string, b: string): boolean {
  const left = a.split(".");
  const right = b.split(".");
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [one, other] = [left[i], right[i]];
    if (one === undefined || other === undefined) return false;
    if (one === ">" || other === ">") return true;
    if (one !== other && one !== "*" && other !== "*") return false;
  }
  return true;
}

/** Whether a valid pattern covers every topic that another valid pattern covers. */
export function contains(outer: string, inner: string): boolean {
  const wide = outer.split(".");
  const narrow = inner.split(".");
  for (let i = 0; ; i++) {
    const [one, other] = [wide[i], narrow[i]];
    if (one === ">") return other !== undefined;
    if (one === undefined || other === undefined) return one === other;
    if (other === ">" || (one !== "*" && one !== other)) return false;
  }
}

/** Whether a valid pattern covers a valid topic. */
export function covers(pattern: string, topic: string): boolean {
  let at = 0;
  for (let i = 0; i < pattern.length; i++) {
    const code = pattern.charCodeAt(i);
    if (code === REST) return at < topic.length;
    if (code === STAR) {
      if (at >= topic.length) return false;
      const end = topic.indexOf(".", at);
      at = end < 0 ? topic.length : end;
    } else if (code === topic.charCodeAt(at)) {
      at++;
    } else {
      return false;
    }
  }
  return at === topic.length;
}

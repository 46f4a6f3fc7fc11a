import { invalidArgument } from "./errors.js";

const TOKEN = /^[A-Za-z0-9_-]+$/;
const MAX_LENGTH = 255;

/**
 * Checks a topic or pattern before it is said on a stream that a malformed one would end.
 *
 * @throws {DispatcherError} INVALID_ARGUMENT that names it.
 */
export function checkPattern(pattern: string): void {
  const tokens = pattern.split(".");
  const isValid =
    pattern.length <= MAX_LENGTH &&
    tokens.every(
      (token, index) => TOKEN.test(token) || token === "*" || (token === ">" && index === tokens.length - 1),
    );
  if (isValid) return;
  throw invalidArgument(
    `topic ${JSON.stringify(pattern.slice(0, MAX_LENGTH))}`,
    `is not up to ${MAX_LENGTH} characters of dot-separated tokens of [A-Za-z0-9_-], with * for one token and > at the end for the rest`,
  );
}

/** Whether a pattern covers a topic. */
export function matchesPattern(pattern: string, topic: string): boolean {
  if (pattern === topic) return true;
  const tokens = topic.split(".");
  const wanted = pattern.split(".");
  for (const [index, token] of wanted.entries()) {
    if (token === ">") return tokens.length > index;
    if (index >= tokens.length || (token !== "*" && token !== tokens[index])) return false;
  }
  return tokens.length === wanted.length;
}

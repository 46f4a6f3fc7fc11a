import { invalidArgument } from "../errors.js";
import { checkValue } from "../options/option-check.js";
import { TEXT } from "../options/rules.js";

const TOKEN = /^[A-Za-z0-9_-]+$/;
const MAX_LENGTH = 255;
const MAX_PATTERN_TOKENS = 16;
const MAX_PATTERN_STARS = 4;

/**
 * Checks a topic or pattern. The server would end the stream because of a malformed one.
 *
 * @throws {DispatcherError} INVALID_ARGUMENT that names the pattern and the rule.
 */
export function checkPattern(pattern: string): void {
  checkValue(pattern, TEXT, "topic");
  const tokens = pattern.split(".");
  const hasWildcard = tokens.includes("*") || tokens.at(-1) === ">";
  const isValid =
    pattern.length <= MAX_LENGTH &&
    (!hasWildcard || tokens.length <= MAX_PATTERN_TOKENS) &&
    tokens.filter((token) => token === "*").length <= MAX_PATTERN_STARS &&
    tokens.every(
      (token, index) => TOKEN.test(token) || token === "*" || (token === ">" && index === tokens.length - 1),
    );
  if (isValid) return;
  throw invalidArgument(
    `topic ${JSON.stringify(pattern.slice(0, MAX_LENGTH))}`,
    `is malformed; use at most ${MAX_LENGTH} characters: tokens of [A-Za-z0-9_-] separated by dots; with wildcards, * for one token and > at the end for the rest, at most ${MAX_PATTERN_TOKENS} tokens and ${MAX_PATTERN_STARS} *`,
  );
}

/** Whether a pattern matches a topic. */
export function matchesPattern(pattern: string, topic: string): boolean {
  if (pattern === topic) return true;
  const tokens = topic.split(".");
  const patternTokens = pattern.split(".");
  for (const [index, token] of patternTokens.entries()) {
    if (token === ">") return tokens.length > index;
    if (index >= tokens.length || (token !== "*" && token !== tokens[index])) return false;
  }
  return tokens.length === patternTokens.length;
}

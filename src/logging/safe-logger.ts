/**
 * Keeps the failures of a logger away from the code that logs: no call throws, and no promise is left rejected.
 */
import type { LineLevel, Logger, LogLine, SafeLogger } from "../ports/logger.js";

/** The order of the levels, by which a minimum level is compared. */
const RANKS: Readonly<Record<LineLevel | "fatal" | "silent", number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: 70,
};

/**
 * Wraps a logger.
 *
 * @param minLevel - lines below this level are dropped, whatever the logger wants.
 */
export function createSafeLogger(target: Logger, minLevel: keyof typeof RANKS): SafeLogger {
  let lostCount = 0;
  const lose = (): void => {
    lostCount++;
  };

  /** @returns whether the logger took the line. */
  function call(level: LineLevel, fields: Readonly<Record<string, unknown>>, message: string): boolean {
    try {
      const returned: unknown = target[level]?.(fields, message);
      // A logger in JavaScript may be asynchronous. A rejection that nobody handles would end the process.
      if (returned instanceof Promise) returned.catch(lose);
      return true;
    } catch {
      return false;
    }
  }

  function isLevelEnabled(level: LineLevel): boolean {
    if (RANKS[level] < RANKS[minLevel]) return false;
    try {
      return target.isLevelEnabled?.(level) ?? true;
    } catch {
      return true;
    }
  }

  const lineAt =
    (level: LineLevel): LogLine =>
    (fields, message) => {
      if (!isLevelEnabled(level)) return;
      if (!call(level, fields, message)) {
        lose();
        return;
      }
      if (lostCount === 0) return;
      const count = lostCount;
      lostCount = 0;
      if (!call("warn", { count, error: "the logger failed" }, LOST)) lostCount += count;
    };

  return {
    trace: lineAt("trace"),
    debug: lineAt("debug"),
    info: lineAt("info"),
    warn: lineAt("warn"),
    error: lineAt("error"),
    isLevelEnabled,
  };
}

/** The message of the line that tells how many lines were lost. */
export const LOST = "log lines were lost";

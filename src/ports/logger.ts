/** Writes one structured line; the shape is pino's. */
export type LogLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** The level of a line, the least important first. */
export type LineLevel = "trace" | "debug" | "info" | "warn" | "error";

/**
 * The destination of log lines; a pino logger is one. They never contain payloads or metadata values. The text of a peer
 * in them is cut and escaped.
 */
export interface Logger {
  /** Default: lines of this level are dropped. */
  readonly trace?: LogLine;
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
  /** Whether lines of a level are wanted. Lines that are not wanted are not even formatted. Default: all are. */
  isLevelEnabled?(level: LineLevel): boolean;
}

/** A logger with every method, none of which throws. */
export interface SafeLogger extends Required<Logger> {}

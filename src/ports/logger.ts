/** Writes one structured line; the shape is pino's. */
export type LogLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** The destination of log lines. They never contain payloads or metadata values. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

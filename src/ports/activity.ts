/** What the log says of peers at the level debug. Each message has a bound of lines per second. */
export type ActivityMessage =
  | "session opened"
  | "session identified"
  | "session ended"
  | "call refused"
  | "request refused"
  | "message refused";

/** The log of what peers do. */
export interface ActivityLog {
  /** Whether lines are wanted. Read it before the fields of a line are collected. */
  readonly isEnabled: boolean;
  /** Logs one line. Texts are cut and escaped. */
  write(message: ActivityMessage, fields: ActivityFields): void;
  /** Logs a bug that ended work of the server which belongs to no stream, at the level error. */
  failed(bug: unknown): void;
}

/** The fields of a line; undefined ones are left out. */
export type ActivityFields = Readonly<Record<string, string | number | readonly string[] | undefined>>;

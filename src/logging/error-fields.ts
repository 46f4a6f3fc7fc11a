/** Limit of each text of an error in the log, in characters. A longer text is cut. */
const MAX_TEXT_LENGTH = 16_384;

/** An error as the log shows it. */
export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
}

/**
 * Describes anything that was thrown, for the log. Never throws: a text of the error that cannot be read is replaced by
 * a remark.
 */
export function errorFields(error: unknown): ErrorFields {
  return {
    type: read(() => (error instanceof Error ? error.constructor.name : typeof error)),
    message: read(() => (error instanceof Error ? error.message : error)),
    stack: read(() => (error instanceof Error ? error.stack : undefined)),
  };
}

function read(take: () => unknown): string {
  try {
    const value = take();
    return value === undefined ? "" : String(value).slice(0, MAX_TEXT_LENGTH);
  } catch {
    return "(cannot be read)";
  }
}

/** Logs lines that peers cause. Their text comes from outside and their number has no bound, so both are bounded here. */
import { printable } from "../../core/vocabulary/reason.js";
import type { Clock } from "../../ports/clock.js";
import type { Logger } from "../../ports/logger.js";

/** Lines logged in one second. Further ones are counted. */
const MAX_LINES = 10;
const WINDOW_MS = 1_000;
/** Longest text of a line, in characters. */
const MAX_LINE_LENGTH = 1_024;
const CUT = "...";

/** The levels of a line that a peer causes. None is an error: a peer's mistake is no bug of the server. */
export type PeerLogLevel = "debug" | "info" | "warn";

/** A log of bounded lines: printable ASCII, at most 1 KiB each, at most 10 a second. */
export class PeerLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #windowEndsAt = Number.NEGATIVE_INFINITY;
  #lineCount = 0;
  #suppressedCount = 0;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /**
   * Logs a line. Beyond the limit the line is dropped; the next line that is logged has the number of dropped ones as
   * `suppressedCount`.
   *
   * @param text - longer texts are cut, and characters outside printable ASCII are escaped.
   */
  write(level: PeerLogLevel, text: string): void {
    const now = this.#clock.now();
    if (now >= this.#windowEndsAt) {
      this.#windowEndsAt = now + WINDOW_MS;
      this.#lineCount = 0;
    }
    if (this.#lineCount === MAX_LINES) {
      this.#suppressedCount++;
      return;
    }
    this.#lineCount++;
    const fields = this.#suppressedCount > 0 ? { suppressedCount: this.#suppressedCount } : {};
    this.#suppressedCount = 0;
    this.#logger[level](fields, bounded(text));
  }
}

function bounded(text: string): string {
  // Cut before it is escaped, so that a long text costs no more than a short one.
  const shown = printable(text.slice(0, MAX_LINE_LENGTH));
  const isWhole = text.length <= MAX_LINE_LENGTH && shown.length <= MAX_LINE_LENGTH;
  return isWhole ? shown : shown.slice(0, MAX_LINE_LENGTH - CUT.length) + CUT;
}

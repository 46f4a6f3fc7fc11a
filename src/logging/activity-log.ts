/**
 * Logs what peers do, at the level debug. Peers decide the number of these lines and much of their text, so both are
 * bounded.
 */
import type { ActivityFields, ActivityLog, ActivityMessage } from "../ports/activity.js";
import type { Clock } from "../ports/clock.js";
import type { SafeLogger } from "../ports/logger.js";

/** Lines of one message in one second. Further ones are counted; the next line has their number. */
const MAX_LINES_PER_SECOND = 100;
const SECOND_MS = 1_000;
/** Limit of a text of a peer, in characters. */
const MAX_TEXT_LENGTH = 256;
/** Limit of a list of texts. */
const MAX_TEXTS = 20;

interface Window {
  startedAt: number;
  lineCount: number;
  suppressedCount: number;
}

/** @param logger - its level is asked for each line. */
export function createActivityLog(logger: SafeLogger, clock: Clock): ActivityLog {
  const windows = new Map<ActivityMessage, Window>();
  return {
    get isEnabled() {
      return logger.isLevelEnabled("debug");
    },
    write(message, fields) {
      const now = clock.now();
      const window = windows.get(message) ?? { startedAt: now, lineCount: 0, suppressedCount: 0 };
      windows.set(message, window);
      if (now - window.startedAt >= SECOND_MS) {
        window.startedAt = now;
        window.lineCount = 0;
      }
      if (window.lineCount === MAX_LINES_PER_SECOND) {
        window.suppressedCount++;
        return;
      }
      window.lineCount++;
      const { suppressedCount } = window;
      window.suppressedCount = 0;
      logger.debug({ ...shown(fields), ...(suppressedCount > 0 && { suppressedCount }) }, message);
    },
    failed(bug) {
      logger.error({ err: bug }, "work of the server failed because of a bug");
    },
  };
}

/** The fields of a line with every text cut and escaped. Undefined fields are left out. */
export function shown(fields: ActivityFields): Readonly<Record<string, unknown>> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, shownValue(value)]));
}

function shownValue(value: ActivityFields[string]): unknown {
  if (typeof value === "string") return shownText(value);
  return typeof value === "object" ? value.slice(0, MAX_TEXTS).map(shownText) : value;
}

/** Cuts a text, and escapes every character outside printable ASCII. */
function shownText(text: string): string {
  const cut = text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}...` : text;
  return cut.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * The default logger: it writes JSON lines.
 */
import { pino } from "pino";
import type { Logger } from "../ports/logger.js";
import { errorFields } from "./error-fields.js";
import { type LineStream, LogStream, type Loss } from "./log-stream.js";
import { LOST } from "./safe-logger.js";

/** A logger, and the wait for its lines. */
export interface LineLog {
  readonly logger: Logger;
  /** Resolves when each line is written or lost, and at the latest when `timeout` fires. */
  settled(timeout: AbortSignal): Promise<void>;
}

/** Creates a logger that writes JSON lines to a stream. */
export function createLineLog(stream: LineStream, level: string): LineLog {
  const lossLine = (loss: Loss): string =>
    `${JSON.stringify({ level: WARN, time: Date.now(), ...loss, msg: LOST })}\n`;
  const lines = new LogStream(stream, lossLine);
  const logger = pino({ level, serializers: { err: errorFields } }, lines);
  return { logger, settled: (timeout) => lines.settled(timeout) };
}

/** The number of the level in a line. */
const WARN = 40;

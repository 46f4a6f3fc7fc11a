/**
 * Writes log lines to a stream of the process. No failure of the stream, and no slow reader, can stop the process or
 * keep it from ending: lines that cannot be written are dropped and counted.
 */
import { on } from "node:events";
import { plainText } from "../core/vocabulary/plain-text.js";

/** Limit of lines that wait for a slow reader, in bytes. Further lines are dropped. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** A stream as the log uses it. `process.stderr` is one. */
export interface LineStream extends NodeJS.EventEmitter {
  readonly writableLength: number;
  write(text: string, done: (error?: Error | null) => void): boolean;
}

/** Lines that were lost, and why the last one was. */
export interface Loss {
  readonly count: number;
  readonly error: string;
}

/** The destination of log lines. */
export class LogStream {
  /** Lines given to the stream and not yet written. */
  private waitingCount = 0;
  /** Lines lost since the last line that tells of a loss. */
  private lostCount = 0;
  private lastError = "";
  private resolveSettled: (() => void) | undefined;

  /** @param lossLine - creates the line that tells of a loss; it is written when the stream takes lines again. */
  constructor(
    private readonly stream: LineStream,
    private readonly lossLine: (loss: Loss) => string,
  ) {
    void ignoreErrors(stream);
  }

  /**
   * Writes one line, a JSON text that ends with a line feed. What a terminal or a reader of lines would obey is escaped,
   * which keeps the value of the JSON. Never throws.
   */
  write(line: string): void {
    if (this.stream.writableLength + line.length > MAX_WAITING_BYTES) {
      this.lose(1, "the reader is too slow");
      return;
    }
    this.send(line, 1);
  }

  /** Resolves when each line is written or lost, and at the latest when `timeout` fires. */
  async settled(timeout: AbortSignal): Promise<void> {
    if (this.waitingCount === 0 || timeout.aborted) return;
    await new Promise<void>((resolve) => {
      this.resolveSettled = resolve;
      timeout.onabort = () => resolve();
    });
  }

  /** @param lossCount - lines to count as lost if this line is not written: itself and those it tells of. */
  private send(line: string, lossCount: number): void {
    this.waitingCount++;
    try {
      this.stream.write(`${plainText(line.slice(0, -1))}\n`, (error) => this.finish(error, lossCount));
    } catch (error) {
      this.finish(error, lossCount);
    }
  }

  private finish(error: unknown, lossCount: number): void {
    this.waitingCount--;
    if (error) this.lose(lossCount, error instanceof Error ? error.message : "the stream failed");
    else if (this.lostCount > 0 && this.stream.writableLength < MAX_WAITING_BYTES / 2) this.tell();
    if (this.waitingCount === 0) this.resolveSettled?.();
  }

  private lose(count: number, error: string): void {
    this.lostCount += count;
    this.lastError = error;
  }

  private tell(): void {
    const { lostCount: count, lastError: error } = this;
    this.lostCount = 0;
    this.send(this.lossLine({ count, error }), count);
  }
}

/** Streams whose error events are handled; several logs of a process share its standard error. */
const handled = new WeakSet<object>();

/** Handles the stream's error events, which would end the process. Each failed write reports its error as well. */
async function ignoreErrors(stream: NodeJS.EventEmitter): Promise<void> {
  if (handled.has(stream)) return;
  handled.add(stream);
  for await (const _ of on(stream, "error"));
}

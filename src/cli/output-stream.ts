/**
 * The streams that a command writes to. A failure of a stream is a fact that the command can read, never an exception.
 * A reader that reads nothing delays a command, but not its end after a signal.
 */
import { on, once } from "node:events";
import { writeSync } from "node:fs";
import { Writable } from "node:stream";
import { plainText } from "../core/vocabulary/plain-text.js";

/** An output stream: a terminal, a pipe or a file. */
export interface Terminal extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly writableNeedDrain?: boolean;
}

/** Why a stream cannot be written, such as ENOSPC. */
export interface WriteFailure {
  readonly code: string;
  readonly message: string;
}

/** One output stream. */
export class OutputStream {
  readonly #stream: Terminal;
  readonly #hurry: AbortSignal;
  readonly #onFailure: (failure: WriteFailure) => void;
  #failure: WriteFailure | undefined;

  /**
   * @param hurry - when it fires, nothing waits for the reader any more, and what the reader does not take is dropped.
   * @param onFailure - called at the first failure. Further failures, of writes that were pending, are ignored.
   */
  constructor(stream: Terminal, hurry: AbortSignal, onFailure: (failure: WriteFailure) => void) {
    this.#stream = stream;
    this.#hurry = hurry;
    this.#onFailure = onFailure;
    void this.#watch();
  }

  /** The first failure; undefined while there is none. */
  get failure(): WriteFailure | undefined {
    return this.#failure;
  }

  /** Whether the stream is congested because its reader is slow. */
  get isBehind(): boolean {
    return this.#stream.writableNeedDrain === true;
  }

  /** The stream, to ask for its size and colours. */
  get terminal(): Terminal {
    return this.#stream;
  }

  /**
   * Writes a text, in which what a terminal would obey is escaped, except for the ends of lines and colours. Resolves when the stream takes more, or never will. Drops the text if the stream has failed.
   */
  async write(text: string): Promise<void> {
    if (this.#failure !== undefined || (this.#hurry.aborted && this.isBehind)) return;
    const takesMore = this.#stream.write(forTerminal(text), (error) => this.#record(error));
    // A failure of the stream rejects this too. It has been recorded.
    if (!takesMore) await once(this.#stream, "drain", { signal: this.#hurry }).catch(() => {});
  }

  /** Resolves when all texts are written, or never will be. @param hurry - ends the wait. Default: that of the stream. */
  async flush(hurry: AbortSignal = this.#hurry): Promise<void> {
    if (this.#failure !== undefined || hurry.aborted) return;
    await new Promise<void>((resolve) => {
      hurry.addEventListener("abort", () => resolve());
      this.#stream.write("", (error) => {
        this.#record(error);
        resolve();
      });
    });
  }

  /** An error event without a listener would end the process. Writes that bypass this class fail with an event alone. */
  async #watch(): Promise<void> {
    for await (const [error] of on(this.#stream, "error")) this.#record(error as Error);
  }

  #record(error: Error | null | undefined): void {
    if (!error || this.#failure !== undefined) return;
    this.#failure = { code: "code" in error ? String(error.code) : error.name, message: error.message };
    this.#onFailure(this.#failure);
  }
}

/** Escapes everything that a terminal would obey, except for the ends of lines and the colours of this program. */
export function forTerminal(text: string): string {
  const parts = text.split(ENDS_AND_COLOURS);
  return parts.map((part, index) => (index % 2 === 1 ? part : plainText(part))).join("");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes start with one.
const ENDS_AND_COLOURS = /(\n|\u001b\[\d+m)/;

/**
 * Writes to a file.
 *
 * process.stdout of Node.js 20 and 24 ignores how many bytes of a text a full disk has taken, so that the rest is lost
 * without an error. This class writes until all bytes are taken or the system reports the failure.
 */
export class FileStream extends Writable {
  readonly #fd: number;

  /** @param fd - an open file. It stays open. */
  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  }
}

/**
 * Reads what a command prints. A child process may inherit a pipe of the command and keep it open after the command has
 * exited, so the end of a pipe is not awaited for long.
 */
import { pause } from "./time.js";

/** What a command has printed to one pipe. */
export interface Printed {
  /** The kept bytes so far. */
  readonly bytes: Buffer;
  /** All bytes so far, also those that were not kept. */
  readonly byteCount: number;
  /** Resolves when the pipe has ended or was closed. */
  readonly ended: Promise<void>;
}

/** How long the pipes may stay open after the command has exited, in milliseconds. */
const MAX_OPEN_MS = 200;
/** Turns of the event loop in which the rest of a pipe is read after that time. A turn reads more than a pipe holds. */
const MAX_TURNS = 16;

/** Keeps the first bytes of a stream. @param onTooLong - called when it exceeds the limit. */
export function printedHead(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
  onTooLong: () => void,
): Printed {
  const chunks: Uint8Array[] = [];
  return read(
    stream,
    (chunk, byteCount) => {
      if (byteCount <= maxBytes) chunks.push(chunk);
      else if (byteCount - chunk.byteLength <= maxBytes) onTooLong();
    },
    () => Buffer.concat(chunks),
  );
}

/** Keeps the last bytes of a stream. */
export function printedTail(stream: AsyncIterable<Uint8Array>, maxBytes: number): Printed {
  let kept = Buffer.alloc(0);
  return read(
    stream,
    (chunk) => {
      kept = Buffer.concat([kept, chunk]);
      // A copy, because a view would keep all chunks in memory.
      if (kept.byteLength > maxBytes) kept = Buffer.from(kept.subarray(-maxBytes));
    },
    () => kept,
  );
}

/** Waits, after the command has exited, until all that it has printed is read. */
export async function allRead(...printed: readonly Printed[]): Promise<void> {
  await Promise.race([Promise.all(printed.map(({ ended }) => ended)), pause(MAX_OPEN_MS)]);
  // If this process was busy, the time may be over before the first byte is read.
  const byteCount = () => printed.reduce((sum, { byteCount }) => sum + byteCount, 0);
  for (let turn = 0, before = -1; turn < MAX_TURNS && before !== byteCount(); turn++) {
    before = byteCount();
    await pause(1);
  }
}

function read(
  stream: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array, byteCount: number) => void,
  kept: () => Buffer,
): Printed {
  let byteCount = 0;
  const readAll = async () => {
    for await (const chunk of stream) {
      byteCount += chunk.byteLength;
      take(chunk, byteCount);
    }
  };
  return {
    get bytes() {
      return kept();
    },
    get byteCount() {
      return byteCount;
    },
    // A pipe that is closed here fails.
    ended: readAll().catch(() => {}),
  };
}

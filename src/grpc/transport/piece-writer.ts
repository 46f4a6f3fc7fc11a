/**
 * Makes the progress of a stream visible while it sends a long write.
 *
 * The natural way is to wait for the callback of the write. But Node joins everything that waits into one write, so for
 * minutes a slow peer that reads could look the same as one that does not. This hands a long write to the stream piece by
 * piece. Pieces of one size would cost a fast stream a tenth more CPU at 4x4/4096, so they grow while the stream takes
 * them, and start again from small ones when somebody looks. It can go when a stream tells how much it has sent.
 */
import type { ServerHttp2Stream } from "node:http2";

/** The first piece, in bytes. A peer that reads this much in `closeTimeoutMs` is not taken for one that does not. */
const MIN_PIECE_BYTES = 64 * 1024;
/** The largest piece, in bytes: about as much as an outbox has in flight. */
const MAX_PIECE_BYTES = 1024 * 1024;

/** What Node passes to `_writev`. */
type Chunks = Parameters<NonNullable<ServerHttp2Stream["_writev"]>>[0];
type Done = (error?: Error | null) => void;

/** Splits the writes of one stream. */
export class PieceWriter {
  private pieceBytes = MIN_PIECE_BYTES;

  /** @param onTaken - called when the stream has taken a piece that is not the last one of its write. */
  constructor(
    stream: ServerHttp2Stream,
    private readonly onTaken: () => void,
  ) {
    const writev = stream._writev?.bind(stream);
    if (writev) stream._writev = (chunks, done) => this.write(chunks, done, writev);
  }

  /** Makes the next pieces small, so that progress shows early. */
  restart(): void {
    this.pieceBytes = MIN_PIECE_BYTES;
  }

  private write(chunks: Chunks, done: Done, writev: (piece: Chunks, done: Done) => void): void {
    let restBytes = 0;
    for (const { chunk } of chunks) restBytes += (chunk as Uint8Array).length;
    if (restBytes <= this.pieceBytes) {
      writev(chunks, done);
      return;
    }
    const rest = new Rest(chunks);
    const writeNext = (): void => {
      const piece = rest.take(this.pieceBytes);
      writev(piece, (error) => {
        if (error || rest.isEmpty) {
          done(error);
          return;
        }
        this.pieceBytes = Math.min(2 * this.pieceBytes, MAX_PIECE_BYTES);
        this.onTaken();
        writeNext();
      });
    };
    writeNext();
  }
}

/** The chunks of a write that are not taken yet. */
class Rest {
  private index = 0;
  /** Taken bytes of the first chunk. */
  private offset = 0;

  constructor(private readonly chunks: Chunks) {}

  get isEmpty(): boolean {
    return this.index === this.chunks.length;
  }

  /** Takes at most `maxBytes`, without a copy. */
  take(maxBytes: number): Chunks {
    // Node's own mark for a write without texts. Without it, Node looks at the encoding of each chunk.
    const piece: Chunks = Object.assign([], { allBuffers: true });
    let room = maxBytes;
    for (let first = this.chunks[this.index]; first && room > 0; first = this.chunks[this.index]) {
      const whole = first.chunk as Uint8Array;
      const chunk = whole.subarray(this.offset, this.offset + room);
      piece.push({ chunk, encoding: first.encoding });
      room -= chunk.length;
      this.offset += chunk.length;
      if (this.offset < whole.length) break;
      this.index++;
      this.offset = 0;
    }
    return piece;
  }
}

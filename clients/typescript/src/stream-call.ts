// The only file that subscribes to events of grpc-js. It hides what surprises there: an error event without listener
// ends the process, so does a throw in a listener; messages may still come after the error; end is not goodbye.
import { type ClientDuplexStream, type ClientReadableStream, status } from "@grpc/grpc-js";
import { DispatcherError } from "./errors.js";
import type { Link, LinkCall } from "./link.js";

/** What a stream tells its owner. */
export interface StreamEvents {
  /** A message came. May throw: the stream is then cancelled and ends with INTERNAL, reason MALFORMED_MESSAGE. */
  onMessage(message: Buffer): void;
  /** The stream takes messages again after {@link StreamCall.write} said no. */
  onDrain?(): void;
  /** The stream is over; the last event, exactly once. Without an error the server ended it with OK. */
  onEnd(error: DispatcherError | undefined): void;
}

/** One call with a response stream. */
export class StreamCall implements LinkCall {
  readonly #link: Link;
  readonly #stream: ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>;
  readonly #events: StreamEvents;
  #error: DispatcherError | undefined;
  #hasEnded = false;
  #isWritable: boolean;
  #heardAt = performance.now();

  /** Begins to read `stream`, a call on `link`, and tells `events`, not before the current turn is over. */
  constructor(
    link: Link,
    stream: ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>,
    events: StreamEvents,
  ) {
    this.#link = link;
    this.#stream = stream;
    this.#events = events;
    link.begun(this);
    this.#isWritable = "write" in stream;
    stream.on("data", (message: Buffer) => this.#receive(message));
    stream.on("drain", () => {
      if (!this.#hasEnded) events.onDrain?.();
    });
    stream.on("error", (error) => {
      this.#error ??= DispatcherError.from(error);
      // What arrived before the error is still delivered, and only then `end` comes.
      stream.resume();
    });
    stream.on("end", () => this.#finish(this.#error));
    // Without an end if the stream itself failed.
    stream.on("close", () => this.#finish(this.#error));
  }

  /**
   * Writes a message.
   *
   * @returns false if the stream is congested: write no more until onDrain. Ignored, with true, once it cannot write.
   */
  write(message: Buffer): boolean {
    if (!this.#isWritable || !("write" in this.#stream)) return true;
    return this.#stream.write(message);
  }

  /** Half-closes: no more messages from us. */
  end(): void {
    if (!this.#isWritable || !("write" in this.#stream)) return;
    this.#isWritable = false;
    this.#stream.end();
  }

  /** Stops reading, so that flow control holds the server back; up to 16 more messages may come. */
  pause(): void {
    if (this.#error === undefined && !this.#hasEnded) this.#stream.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#stream.resume();
  }

  /** Cancels the call; onEnd is called with `error` before this returns. Without effect on a call that is over. */
  abort(error: DispatcherError): void {
    if (this.#hasEnded) return;
    this.#stream.cancel();
    this.#stream.resume();
    this.#finish(error);
  }

  /** {@link abort}, because nothing was heard for too long: the next call connects anew. */
  abortDead(error: DispatcherError): void {
    if (this.#hasEnded) return;
    this.#link.retire(this.#heardAt, error);
    this.abort(error);
  }

  #receive(message: Buffer): void {
    if (this.#hasEnded) return;
    this.#heardAt = this.#link.heard();
    try {
      this.#events.onMessage(message);
    } catch (cause) {
      const details = `a message of the server cannot be read: ${DispatcherError.from(cause).details}`;
      this.abort(new DispatcherError({ code: status.INTERNAL, reason: "MALFORMED_MESSAGE", details, cause }));
    }
  }

  #finish(error: DispatcherError | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isWritable = false;
    this.#link.ended(this);
    this.#events.onEnd(error);
  }
}

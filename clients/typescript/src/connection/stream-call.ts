// The only file that subscribes to events of grpc-js. It hides their pitfalls: an error event without a listener ends
// the process, and so does an exception in a listener; messages may arrive after the error event; and an end event does
// not mean that the server ended the stream on purpose.
import { type ClientDuplexStream, type ClientReadableStream, status } from "@grpc/grpc-js";
import { DispatcherError } from "../errors.js";
import type { Link, LinkCall } from "./link.js";

/** The events of a stream. */
export interface StreamEvents {
  /** A message arrived. If this throws, the stream is cancelled and ends with INTERNAL, reason MALFORMED_MESSAGE. */
  onMessage(message: Buffer): void;
  /** The stream is no longer congested, after {@link StreamCall.write} returned false. */
  onDrain?(): void;
  /** The stream has ended. Called exactly once, as the last event. `error` is undefined if the status is OK. */
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
  #lastActivityAt = performance.now();

  /** Starts to read `stream`, a call on `link`. Calls `events` in a later turn, never during the constructor. */
  constructor(
    link: Link,
    stream: ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>,
    events: StreamEvents,
  ) {
    this.#link = link;
    this.#stream = stream;
    this.#events = events;
    link.addCall(this);
    this.#isWritable = "write" in stream;
    stream.on("data", (message: Buffer) => this.#receive(message));
    stream.on("drain", () => {
      if (!this.#hasEnded) events.onDrain?.();
    });
    stream.on("error", (error) => {
      this.#error ??= DispatcherError.from(error);
      // A paused stream would keep the messages from before the error, and would never emit `end`.
      stream.resume();
    });
    stream.on("end", () => this.#finish(this.#error));
    // If the stream itself fails, there is no `end`.
    stream.on("close", () => this.#finish(this.#error));
  }

  /**
   * Writes a message.
   *
   * @returns false if the stream is congested: do not write until onDrain. After the end, drops the message and returns
   * true.
   */
  write(message: Buffer): boolean {
    if (!this.#isWritable || !("write" in this.#stream)) return true;
    return this.#stream.write(message);
  }

  /** Half-closes the stream: this side sends no further messages. */
  end(): void {
    if (!this.#isWritable || !("write" in this.#stream)) return;
    this.#isWritable = false;
    this.#stream.end();
  }

  /** Stops reading, so that flow control stops the server. Up to 16 further messages may arrive. */
  pause(): void {
    if (this.#error === undefined && !this.#hasEnded) this.#stream.pause();
  }

  /** Resumes reading. */
  resume(): void {
    this.#stream.resume();
  }

  /** Cancels the call, and calls onEnd with `error` before it returns. Does nothing if the call has ended. */
  abort(error: DispatcherError): void {
    if (this.#hasEnded) return;
    this.#stream.cancel();
    this.#stream.resume();
    this.#finish(error);
  }

  /** Aborts the call and retires its link, because nothing arrived for too long. The next call opens a new channel. */
  abortDead(error: DispatcherError): void {
    if (this.#hasEnded) return;
    this.#link.retire(this.#lastActivityAt, error);
    this.abort(error);
  }

  #receive(message: Buffer): void {
    if (this.#hasEnded) return;
    this.#lastActivityAt = this.#link.recordActivity();
    try {
      this.#events.onMessage(message);
    } catch (cause) {
      const details = `a message from the server is malformed: ${DispatcherError.from(cause).details}`;
      this.abort(new DispatcherError({ code: status.INTERNAL, reason: "MALFORMED_MESSAGE", details, cause }));
    }
  }

  #finish(error: DispatcherError | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isWritable = false;
    this.#link.removeCall(this);
    this.#events.onEnd(error);
  }
}

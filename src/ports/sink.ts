import type { Refusal } from "../core/vocabulary/reason.js";

/** The sending side of a peer's stream. */
export interface Sink {
  /**
   * Begins to observe the transport.
   *
   * @returns a function that says whether the transport has taken anything since, also of a message that is on its way.
   */
  observe(): () => boolean;
  /**
   * Sends one message.
   *
   * @param parts - the message is their plain concatenation. Other streams may send the same parts, so they must not
   * change any more.
   * @param sent - called once, when the transport has accepted the message. A peer that does not read delays it. It is
   * not called if the stream ends first.
   */
  write(parts: readonly Uint8Array[], sent: () => void): void;
  /** Announces that the stream ends after its queue is written. If the peer stops reading, the stream is reset. */
  closing(): void;
  /** Ends the stream after all written messages: with OK, or with the status of the refusal. */
  end(refusal: Refusal | undefined): void;
  /** Ends the stream because of a bug, which is logged: the peer gets a status without details. */
  fail(bug: unknown): void;
}

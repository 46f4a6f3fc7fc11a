import type { Refusal } from "../core/vocabulary/reason.js";

/** The sending side of a peer's stream. */
export interface Sink {
  /**
   * Sends one message.
   *
   * @param parts - the message is their plain concatenation. They are other streams' parts as well, and change no more.
   * @param sent - called once when the transport has taken it, which a peer that does not read puts off; not called if
   * the stream ends first.
   */
  write(parts: readonly Uint8Array[], sent: () => void): void;
  /** The stream will end once what is queued has been written; its peer must read on, or it is reset. */
  closing(): void;
  /** Ends the stream after what was written: with OK, or with the refusal's status. */
  end(refusal: Refusal | undefined): void;
}

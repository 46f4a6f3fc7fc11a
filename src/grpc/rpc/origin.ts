import type { SessionKey } from "../../core/vocabulary/model.js";

/** Where the messages of a stream come from. */
export interface Origin {
  readonly session: SessionKey;
  /** Address of the connection. */
  readonly peer: string;
  /** The id of the principal; "" for an anonymous one. */
  readonly principal: string;
}

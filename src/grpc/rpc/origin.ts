import type { SessionKey } from "../../core/vocabulary/model.js";
import type { Caller } from "../../core/vocabulary/principal.js";

/** Where the messages of a stream come from. */
export interface Origin {
  readonly session: SessionKey;
  /** Address of the connection. */
  readonly peer: string;
  readonly caller: Caller;
}

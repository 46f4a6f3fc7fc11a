import type { DispatcherError } from "./errors.js";

/** What happens to the session of a producer or listener. */
export type SessionStatus =
  /** The session is live. */
  | {
      readonly type: "ready";
      /** The producer's or listener's id, as given or minted. */
      readonly id: string;
      /** Tells this session from other ones of the same peer. */
      readonly sessionId: string;
      /** The dispatcher process. */
      readonly serverId: string;
    }
  /** The session is lost; the next try follows by itself. */
  | {
      readonly type: "disconnected";
      readonly error: DispatcherError;
      /** When the next try follows, in milliseconds from now. */
      readonly retryInMs: number;
    }
  /** The server is about to end the session; it goes on until then. */
  | {
      readonly type: "goingAway";
      /** How long pending work may still take, in milliseconds. */
      readonly graceMs: number;
    }
  /** A harmless mistake, or a callback that threw (reason CALLBACK_FAILED); the session goes on. */
  | { readonly type: "fault"; readonly error: DispatcherError }
  /** The session is over for good: closed here, or refused in a way that no retry can mend. */
  | { readonly type: "closed"; readonly error?: DispatcherError };

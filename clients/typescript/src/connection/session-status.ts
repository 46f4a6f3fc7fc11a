import type { DispatcherError } from "../errors.js";

/** A change in the session of a producer or listener. */
export type SessionStatus =
  /** The session is live. */
  | {
      readonly type: "ready";
      /** The producer's or listener's id, given or generated. */
      readonly id: string;
      /** The id of the session; each reconnect gives a new one. */
      readonly sessionId: string;
      /** The id of the dispatcher process. */
      readonly serverId: string;
    }
  /**
   * An attempt to connect takes longer than a second. Repeated once a second until the session is live or the attempt has
   * failed.
   */
  | {
      readonly type: "connecting";
      /** What keeps the session from being live, such as NOT_CONNECTED with what is known of the connection. */
      readonly error: DispatcherError;
      /** How long the attempt has taken so far, in milliseconds. */
      readonly waitedMs: number;
    }
  /** The session is lost. The next attempt to connect follows automatically. */
  | {
      readonly type: "disconnected";
      readonly error: DispatcherError;
      /** The delay until the next attempt, in milliseconds. */
      readonly retryInMs: number;
    }
  /** The server is about to end the session, which works until then. */
  | {
      readonly type: "goingAway";
      /** How long pending work may take until the session ends, in milliseconds. */
      readonly graceMs: number;
      /** Why: SHUTDOWN, CONNECTION_AGE, or the name or number of a reason that is newer than this library. */
      readonly reason: string;
    }
  /** A message that the server rejected, or a callback that threw (reason CALLBACK_FAILED). The session continues. */
  | { readonly type: "fault"; readonly error: DispatcherError }
  /** The session has ended for good. `error` is absent if it was closed here; else it is one that no retry can fix. */
  | { readonly type: "closed"; readonly error?: DispatcherError };

import { dateFromTimestamp, msFromDuration } from "./duration.js";
import type { Acceptance as AcceptanceMessage } from "./gen/ate/dispatcher/v1/request.js";

/** One producer that a request was scattered to. */
export interface Target {
  /** Its id. */
  readonly producerId: string;
  /** The group it was chosen from; empty if it registered without one. */
  readonly group: string;
}

/** A request was taken: who is asked, and until when. */
export interface Acceptance {
  /** The request's id, as given or minted. */
  readonly requestId: string;
  /** Who is asked, in no particular order. Empty while a WAIT request is held. */
  readonly targets: readonly Target[];
  /** How many listeners the topic has at this moment. */
  readonly listenerCount: number;
  /** The TTL in force, in milliseconds. */
  readonly ttlMs: number;
  /** When the request expires, by the server's wall clock; for people and logs. */
  readonly expireTime: Date;
}

/** Reads an acceptance from the wire; an absent one reads as one of nothing. */
export function acceptanceOf(message: AcceptanceMessage | undefined): Acceptance {
  return {
    requestId: message?.requestId ?? "",
    targets: (message?.targets ?? []).map(({ producerId, group }) => ({ producerId, group })),
    listenerCount: message?.listenerCount ?? 0,
    ttlMs: msFromDuration(message?.ttl),
    expireTime: dateFromTimestamp(message?.expireTime),
  };
}

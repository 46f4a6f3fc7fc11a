import type { Acceptance as AcceptanceMessage } from "../gen/ate/dispatcher/v1/request.js";
import { dateFromTimestamp, msFromDuration } from "./duration.js";

/** One producer that the request is sent to. */
export interface Target {
  /** The producer's id. */
  readonly producerId: string;
  /** The principal of the producer: the same id of another principal is another producer. Empty if it is anonymous. */
  readonly principal: string;
  /** The group that the producer was chosen from; empty if the producer registered without a group. */
  readonly group: string;
}

/** The dispatcher accepted a request. Names the targets and the expiry. */
export interface Acceptance {
  /** The request's id: the caller's own, or the one that the dispatcher generated. */
  readonly requestId: string;
  /** The producers that are asked, in no particular order. Empty while a WAIT request waits for a producer. */
  readonly targets: readonly Target[];
  /** The number of listeners on the topic at acceptance. */
  readonly listenerCount: number;
  /** The TTL that the dispatcher applies, in milliseconds. */
  readonly ttlMs: number;
  /** When the request expires, by the server's wall clock. Use it for display and logs, not to compute what remains. */
  readonly expireTime: Date;
}

/** Converts the message. An absent message gives an acceptance with empty fields. */
export function acceptanceOf(message: AcceptanceMessage | undefined): Acceptance {
  return {
    requestId: message?.requestId ?? "",
    targets: (message?.targets ?? []).map(({ producerId, principal, group }) => ({
      producerId,
      principal,
      group,
    })),
    listenerCount: message?.listenerCount ?? 0,
    ttlMs: msFromDuration(message?.ttl),
    expireTime: dateFromTimestamp(message?.expireTime),
  };
}

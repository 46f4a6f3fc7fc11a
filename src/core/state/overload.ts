/**
 * What a server sheds that is asked for more than it can do: requests that waited too long to be looked at, and those
 * that would be taken only to say that most of the producers are saturated.
 *
 * A request may wait for a second, or for a fifth of its TTL, so that a burst is taken whole. Where every request has had to
 * wait for that long it is no burst, and the line is as long as it is allowed to be: whoever is taken would wait that long
 * for nothing. So it is kept short then, as in controlled delay (CoDel, RFC 8289, section 3).
 */
import type { RequestSubmitted } from "../vocabulary/input.js";
import type { Instant } from "../vocabulary/model.js";
import { type Refusal, refusal } from "../vocabulary/reason.js";
import type { Choice } from "./topic-state.js";

/** When a caller that was shed may try again, in milliseconds. */
export const RETRY_AFTER_MS = 1_000;
/** A request that waited longer than this share of its TTL to be looked at is too late to be asked. */
const MOST_WAIT = 1 / 5;
/** Or than this, in milliseconds, whichever is longer; that is also how long a burst lasts. */
const BURST_MS = 1_000;
/** A request that waited so long, in milliseconds, came to a server that is behind. */
const BEHIND_MS = 100;
/** And one that waited less than this, to a server that keeps up. */
const PROMPT_MS = 20;

/** Always the same, as is the next one, so that it need be encoded only once: it comes when there is no time. */
const WAITED_TOO_LONG = refusal(
  "OVERLOADED",
  "the server is asked for more than it can do, and the request waited too long to be looked at; try again later",
  {},
  RETRY_AFTER_MS,
);

const HARDLY_ANY_ROOM = refusal(
  "OVERLOADED",
  "the server is asked for more than it can do, and most producers have no room for the request; try again later",
  {},
  RETRY_AFTER_MS,
);

/** Whether requests have to wait before they are looked at, and for how long that has been so. */
export class Overload {
  private promptAt: Instant = Number.NEGATIVE_INFINITY;
  private lastAt: Instant = Number.NEGATIVE_INFINITY;

  /** @returns why a request that waited is too late, or undefined if it is not. */
  refuseLate(waitedMs: number, ttlMs: number, now: Instant): Refusal | undefined {
    // What came before a silence says nothing about now.
    if (waitedMs < PROMPT_MS || now - this.lastAt > BURST_MS) this.promptAt = now;
    this.lastAt = now;
    const burstMs = Math.max(BURST_MS, ttlMs * MOST_WAIT);
    const mostMs = now - this.promptAt <= burstMs ? burstMs : BEHIND_MS;
    return waitedMs > mostMs ? WAITED_TOO_LONG : undefined;
  }
}

/**
 * @returns why a server that is behind does not take a request: most producers would only be counted as saturated, which
 * costs it several times as much as to say so at once. One that is not behind says it in the summary. That of two
 * producers one never answers keeps nobody from asking the other.
 */
export function refuseSaturated(
  { waitedMs = 0, validateOnly }: RequestSubmitted,
  choices: readonly Choice[],
): Refusal | undefined {
  if (waitedMs <= BEHIND_MS || validateOnly) return undefined;
  let saturatedCount = 0;
  for (const { producer } of choices) if (!producer.hasCredit && !producer.hasRoom) saturatedCount++;
  return saturatedCount * 2 > choices.length ? HARDLY_ANY_ROOM : undefined;
}

/**
 * Audiences: the sets of listeners that receive the same deliveries, each with its lane.
 *
 * The natural way is one audience per topic. But only deliveries of one audience share a batch: with 10,000 topics, 64
 * pending requests made 64 batches instead of one, and a delivery cost the server 1.5 times as much as with one topic.
 * Topics with the same listeners therefore share one audience, which is found by a hash of its members. The sharing can
 * go when batches no longer depend on the topic.
 */
import { type Lane, NO_LANE, NO_SESSIONS, type SessionKey } from "../vocabulary/model.js";

/** Maximum size of the index of audiences, in 8-byte words: half a megabyte. */
const MAX_INDEX_WORDS = 65_536;
/** Size of an audience without its members, in 8-byte words; estimated. */
const WORDS_PER_AUDIENCE = 16;

/** Listeners that receive the same deliveries, and the lane of these deliveries. */
export class Audience {
  /** Lane of the next delivery or summary; only {@link Audiences} opens a lane. */
  lane: Lane = NO_LANE;
  /** Revision of the registrations when the lane was opened. */
  openedAt = 0;

  /** @param members - sessions of the listeners, none twice; immutable. */
  constructor(readonly members: readonly SessionKey[]) {}
}

/** An audience without members; its lane is never opened. */
export const NO_AUDIENCE = new Audience(NO_SESSIONS);

/** All audiences of a dispatcher. Lanes are numbered here, so that no two audiences ever use the same lane. */
export class Audiences {
  /** Audiences by a hash of their members; on a collision, the newer one replaces the older one. */
  private readonly index = new Map<number, Audience>();
  private indexWords = 0;
  private latestLane: Lane = NO_LANE;

  /**
   * The audience of these sessions, in this order, with a lane that was opened at or after `changedAt`. A topic whose
   * listeners changed must not join a batch that was opened earlier, even if another topic has had the same listeners
   * all the time.
   *
   * @param changedAt - revision at which the topic got its current listeners.
   * @param revision - current revision of the registrations.
   */
  of(members: readonly SessionKey[], changedAt: number, revision: number): Audience {
    if (members.length === 0) return NO_AUDIENCE;
    const hash = hashOf(members);
    const known = this.index.get(hash);
    const audience =
      known && isEqual(known.members, members) ? known : this.addToIndex(hash, new Audience(members));
    if (audience.lane === NO_LANE || audience.openedAt < changedAt) this.openLane(audience, revision);
    return audience;
  }

  /**
   * Opens a new lane. Required when an effect was just emitted that part of the audience must receive before the next
   * delivery.
   */
  openLane(audience: Audience, revision: number): void {
    if (audience === NO_AUDIENCE) return;
    audience.lane = ++this.latestLane;
    audience.openedAt = revision;
  }

  /** Adds an audience. An evicted audience still serves its topics, but other topics no longer find it. */
  private addToIndex(hash: number, audience: Audience): Audience {
    const words = WORDS_PER_AUDIENCE + audience.members.length;
    this.indexWords += words;
    if (this.indexWords > MAX_INDEX_WORDS) {
      this.index.clear();
      this.indexWords = words;
    }
    this.index.set(hash, audience);
    return audience;
  }
}

/** FNV-1a hash of the keys. */
function hashOf(members: readonly SessionKey[]): number {
  let hash = 0x811c9dc5;
  for (const key of members) hash = Math.imul(hash ^ key, 0x01000193);
  return hash;
}

function isEqual(a: readonly SessionKey[], b: readonly SessionKey[]): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i]);
}

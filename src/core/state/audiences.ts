/**
 * Who hears the deliveries of a topic, and on which lane.
 *
 * Topics with the same listeners share one audience, so that their deliveries travel in one batch: with an audience for
 * each of 10,000 topics a window of 64 requests made 64 batches instead of one, and a delivery cost the server half as
 * much again as on one topic.
 */
import { type Lane, NO_LANE, NOBODY, type SessionKey } from "../vocabulary/model.js";

/** What the audiences that are found again may cost together, in numbers of eight bytes: half a megabyte. */
const MAX_KEPT_NUMBERS = 65_536;
/** What one costs beside its members, in numbers; estimated. */
const NUMBERS_PER_AUDIENCE = 16;

/** Listeners that hear the same, and the lane on which they hear it. */
export class Audience {
  /** Lane of the next delivery or summary; opened by {@link Audiences} alone. */
  lane: Lane = NO_LANE;
  /** Revision of the registrations at which the lane was opened. */
  openedAt = 0;

  /** @param members - sessions of the listeners, none twice; never changes. */
  constructor(readonly members: readonly SessionKey[]) {}
}

/** An audience without members; its lane is never opened. */
export const NO_AUDIENCE = new Audience(NOBODY);

/** All audiences of a dispatcher. They are numbered here, so that no two of them ever use the same lane. */
export class Audiences {
  /** By a hash of the members; of two that collide the newer one is kept. */
  private readonly kept = new Map<number, Audience>();
  private keptNumbers = 0;
  private latestLane: Lane = NO_LANE;

  /**
   * The audience of these sessions, in this order. Its lane was opened at or after `changedAt`: a topic whose listeners
   * changed must not join a batch that was begun before, even if another topic has had the same listeners all along.
   *
   * @param changedAt - revision at which the topic got its present listeners.
   * @param revision - the present revision of the registrations.
   */
  of(members: readonly SessionKey[], changedAt: number, revision: number): Audience {
    if (members.length === 0) return NO_AUDIENCE;
    const hash = hashOf(members);
    const known = this.kept.get(hash);
    const audience =
      known && isEqual(known.members, members) ? known : this.keep(hash, new Audience(members));
    if (audience.lane === NO_LANE || audience.openedAt < changedAt) this.openLane(audience, revision);
    return audience;
  }

  /**
   * Opens a new lane, because some of the audience must hear an effect that was just ordered before they hear what comes
   * next.
   */
  openLane(audience: Audience, revision: number): void {
    if (audience === NO_AUDIENCE) return;
    audience.lane = ++this.latestLane;
    audience.openedAt = revision;
  }

  /** An audience that is evicted stays with its topics; only other topics no longer find it. */
  private keep(hash: number, audience: Audience): Audience {
    const cost = NUMBERS_PER_AUDIENCE + audience.members.length;
    this.keptNumbers += cost;
    if (this.keptNumbers > MAX_KEPT_NUMBERS) {
      this.kept.clear();
      this.keptNumbers = cost;
    }
    this.kept.set(hash, audience);
    return audience;
  }
}

/** FNV-1a over the keys. */
function hashOf(members: readonly SessionKey[]): number {
  let hash = 0x811c9dc5;
  for (const key of members) hash = Math.imul(hash ^ key, 0x01000193);
  return hash;
}

function isEqual(a: readonly SessionKey[], b: readonly SessionKey[]): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i]);
}

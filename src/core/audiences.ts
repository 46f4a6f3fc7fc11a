import { Audience, NO_AUDIENCE, type SessionKey } from "./model.js";

/** What the audiences that are kept may cost together, in numbers of eight bytes: half a megabyte. */
const MOST_PLACES = 65_536;
/** What one costs beside its members; estimated. */
const PLACES = 16;

/** The one audience of all topics that have the same listeners. */
export class SharedAudience {
  /** Replaced by an equal one when what is delivered next must not join what is on its way; never changed itself. */
  current: Audience;

  /** @param madeAt - how many changes of registrations there had been. */
  constructor(
    members: readonly SessionKey[],
    private madeAt: number,
  ) {
    this.current = new Audience(members);
  }

  /** Lets it be one that was made after so many changes. */
  renewSince(changedAt: number, now: number): void {
    if (this.madeAt < changedAt) this.renew(now);
  }

  /** Lets what is delivered from now on come behind all that was said before, to whomever. */
  renew(now: number): void {
    this.madeAt = now;
    this.current = new Audience(this.current.members);
  }
}

/** Nobody. */
export const NOBODY = new SharedAudience(NO_AUDIENCE.members, Number.POSITIVE_INFINITY);

/**
 * Lets topics with the same listeners share one audience, so that their deliveries travel together: with one for each
 * of 10,000 topics a window of 64 requests made 64 chunks instead of one, and a delivery cost the server half as much
 * again as on one topic.
 */
export class Audiences {
  /** By a hash of the members; of two that collide the newer one is kept. */
  private readonly kept = new Map<number, SharedAudience>();
  private places = 0;

  /**
   * The shared audience of these sessions, in this order.
   *
   * @param changedAt - after how many changes of registrations the topic got the listeners that it has. What is
   * delivered to them comes behind what was delivered before: the audience is one that was made since.
   * @param now - how many changes there have been.
   */
  of(members: readonly SessionKey[], changedAt: number, now: number): SharedAudience {
    if (members.length === 0) return NOBODY;
    const hash = hashOf(members);
    const known = this.kept.get(hash);
    if (!known || !isEqual(known.current.members, members)) return this.keep(hash, members, now);
    known.renewSince(changedAt, now);
    return known;
  }

  /** Those that are dropped stay with their topics; only others do not find them any more. */
  private keep(hash: number, members: readonly SessionKey[], now: number): SharedAudience {
    const cost = PLACES + members.length;
    this.places += cost;
    if (this.places > MOST_PLACES) {
      this.kept.clear();
      this.places = cost;
    }
    const audience = new SharedAudience(members, now);
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

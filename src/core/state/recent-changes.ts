/**
 * The patterns that changed last, so that the routes of a topic are computed again only if one of them covers it.
 *
 * The natural way is to compute all routes again after the change of any pattern. But then a peer that registers and
 * removes a pattern between its requests has each request search all patterns, although its own covers nothing.
 */
import { covers } from "../vocabulary/topic.js";

/** Maximum number of patterns that are remembered. To compare a topic with all of them takes a few microseconds. */
const MAX_PATTERNS = 64;

/** Patterns with a registration that was added or removed, or has another group. */
export class RecentChanges {
  /** Revision of the latest change by pattern, in the order of the revisions. */
  private readonly byPattern = new Map<string, number>();
  /** Revision of the latest change that is not remembered. */
  private forgottenAt = 0;
  /** Number of patterns that were compared with a topic, in all calls. */
  comparedCount = 0;

  /** Notes a change of a pattern. Forgets the pattern that has not changed for longest if there are too many. */
  note(pattern: string, revision: number): void {
    this.byPattern.delete(pattern);
    this.byPattern.set(pattern, revision);
    if (this.byPattern.size <= MAX_PATTERNS) return;
    for (const [oldest, changedAt] of this.byPattern) {
      this.byPattern.delete(oldest);
      this.forgottenAt = changedAt;
      return;
    }
  }

  /** Notes a change that affects every topic. */
  noteAny(revision: number): void {
    this.byPattern.clear();
    this.forgottenAt = revision;
  }

  /** Whether a change after a revision affects a topic, or may have done so. */
  affects(topic: string, since: number): boolean {
    if (since < this.forgottenAt) return true;
    for (const [pattern, changedAt] of this.byPattern) {
      if (changedAt <= since) continue;
      this.comparedCount++;
      if (covers(pattern, topic)) return true;
    }
    return false;
  }
}

import { covers, hasWildcard, overlap } from "./topic.js";

/**
 * The topic or pattern to which a list or a watch is restricted. It is compared with thousands of names, most of which
 * do not match, so the text before its first wildcard is compared first.
 */
export class TopicFilter {
  /** The tokens before the first wildcard, with their dots. Every topic that the filter covers begins with it. */
  readonly prefix: string;
  /** Whether it covers all topics. */
  readonly isAll: boolean;
  /** Whether it has no wildcard and covers one topic. */
  readonly isTopic: boolean;

  /** @param pattern - a valid topic or pattern; "" for all topics. */
  constructor(readonly pattern: string) {
    this.isAll = pattern === "";
    this.isTopic = !this.isAll && !hasWildcard(pattern);
    this.prefix = this.isTopic ? pattern : pattern.slice(0, Math.max(0, pattern.search(/[*>]/)));
  }

  /** Whether it covers a valid topic. */
  covers(topic: string): boolean {
    return this.isAll || (topic.startsWith(this.prefix) && covers(this.pattern, topic));
  }

  /** Whether it covers a topic that a valid topic or pattern covers as well. */
  overlaps(name: string): boolean {
    if (this.isAll) return true;
    return hasWildcard(name) ? overlap(name, this.pattern) : this.covers(name);
  }
}
